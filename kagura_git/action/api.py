"""GitHub's REST API, as much of it as the Action needs, with the standard library alone."""

from __future__ import annotations

import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

from kagura_git.errors import KaguraError
from kagura_git.model.printable import one_line
from kagura_git.version import __version__

_SECONDS: Final = 30
_MOST_BYTES: Final = 64 * 1024 * 1024
_MOST_PAGES: Final = 300
_ATTEMPTS: Final = 4
_LONGEST_WAIT: Final = 60.0
_NEXT: Final = re.compile(r'<([^<>]*)>\s*;[^,<]*\brel="?next"?')

T = TypeVar("T")


class ApiError(KaguraError):
    """The API refused or did not answer.

    Attributes:
        status: the HTTP status; 0 where there was none.
        passing: whether it may go well a little later.
        wait: how many seconds the site asks to wait.
    """

    def __init__(
        self, message: str, *, status: int = 0, passing: bool = False, wait: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.passing = passing
        self.wait = wait


class Reply(NamedTuple):
    """What the API answered, and where the next page is."""

    data: Any
    next: str | None


class _Nowhere(urllib.request.HTTPRedirectHandler):
    """Follows nothing: the token is for this host alone."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


@dataclass(frozen=True)
class Api:
    """The API of one site, for one token."""

    base: str
    token: str
    first_wait: float = 1.0
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time

    def call(self, method: str, place: str, data: Any = None) -> Reply:
        """Make one request.

        Args:
            place: a path below the base, or an address that the API itself has given.

        Raises:
            ApiError: it did not go well.
        """
        request = urllib.request.Request(self._address(place), method=method)
        request.add_header("Accept", "application/vnd.github+json")
        request.add_header("X-GitHub-Api-Version", "2022-11-28")
        request.add_header("User-Agent", f"kagura-git/{__version__}")
        if self.token:
            request.add_unredirected_header("Authorization", f"Bearer {self.token}")
        if data is not None:
            request.data = json.dumps(data).encode()
            request.add_header("Content-Type", "application/json")
        opener = urllib.request.build_opener(_Nowhere)
        try:
            with opener.open(request, timeout=_SECONDS) as answer:
                return _reply(answer.read(_MOST_BYTES), answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(error) from None
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(f"not reached: {error}", passing=True) from None

    def pages(self, path: str) -> Iterator[Any]:
        """Yield what lists of several pages hold, item by item."""
        place: str | None = path
        for _ in range(_MOST_PAGES):
            reply = self.call("GET", place or "")
            yield from reply.data if isinstance(reply.data, list) else ()
            place = reply.next
            if place is None:
                return

    def patiently(self, work: Callable[[], T]) -> T:
        """Do something that may be done again, a few times while the API is busy or broken.

        Raises:
            ApiError: it never went well, or will not by waiting.
        """
        for attempt in range(_ATTEMPTS - 1):
            try:
                return work()
            except ApiError as error:
                wait = self.first_wait * 2**attempt if error.wait is None else error.wait
                if not error.passing or wait > _LONGEST_WAIT:
                    raise
                self.sleep(wait)
        return work()

    def _address(self, place: str) -> str:
        if place.startswith("/"):
            return self.base + place
        if urlsplit(place)[:2] != urlsplit(self.base)[:2]:
            raise ApiError(f"it names another host: {one_line(place, 200)}")
        return place

    def _refused(self, error: urllib.error.HTTPError) -> ApiError:
        try:
            said = json.loads(error.read(65536)).get("message", "")
        except (ValueError, AttributeError, OSError, http.client.HTTPException):
            said = error.reason
        status, wait = error.code, self._wait(error.headers)
        limited = status == 429 or (status == 403 and wait is not None)
        return ApiError(
            one_line(f"{status} {said}", 300),
            status=status,
            passing=limited or status in (408, 500, 502, 503, 504),
            wait=wait,
        )

    def _wait(self, headers: Message) -> float | None:
        after = headers.get("Retry-After") or ""
        if after.isdecimal():
            return float(after)
        reset = headers.get("X-RateLimit-Reset") or ""
        if headers.get("X-RateLimit-Remaining") == "0" and reset.isdecimal():
            return max(0.0, float(reset) - self.now())
        return None


def _reply(body: bytes, headers: Message) -> Reply:
    try:
        data = json.loads(body) if body.strip() else None
    except ValueError:
        raise ApiError("its answer is no JSON", passing=True) from None
    found = _NEXT.search(headers.get("Link") or "")
    return Reply(data, found[1] if found else None)
