"""One comment on a pull request, found again and edited in place."""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

from kagura_git.action.api import Api, ApiError
from kagura_git.cli.review_markdown import MARK

# What GitHub takes; it counts as JavaScript does, by halves of what lies outside the BMP.
MOST: Final = 65_536
_INSTEAD: Final = (
    f"{MARK}\n### Recorded decisions and reasons\n"
    "The review is longer than a comment may be: it stands in the job summary.\n"
)


class Posted(NamedTuple):
    """What became of the comment, and where it stands."""

    what: Literal["created", "updated", "unchanged", "not needed"]
    url: str = ""


def post(api: Api, repository: str, number: int, body: str, author: str, *, empty: bool) -> Posted:
    """Write the comment, or edit the one that is there.

    Args:
        author: who writes here; a comment of anybody else is left alone.
        empty: the review says nothing, which is worth no new comment.

    Raises:
        ApiError: the API refuses, or is down.
    """
    fitting = body if length(body) <= MOST else _INSTEAD

    def once() -> Posted:
        # From the start at every attempt: one that seemed to fail may have been carried out.
        return _post(api, repository, number, fitting, author, empty=empty)

    try:
        return api.patiently(once)
    except ApiError as error:
        if error.status != 422 or fitting == _INSTEAD:
            raise
        fitting = _INSTEAD  # it counts otherwise than we do
        return api.patiently(once)


def length(text: str) -> int:
    """Return how long GitHub takes a text for."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _post(api: Api, repository: str, number: int, body: str, author: str, *, empty: bool) -> Posted:
    issue = f"/repos/{repository}/issues"
    for found in api.pages(f"{issue}/{number}/comments?per_page=100"):
        if not _ours(found, author):
            continue
        if _plain(found["body"]) == _plain(body):
            return Posted("unchanged", _url(found))
        reply = api.call("PATCH", f"{issue}/comments/{int(found['id'])}", {"body": body})
        return Posted("updated", _url(reply.data))
    if empty:
        return Posted("not needed")
    reply = api.call("POST", f"{issue}/{number}/comments", {"body": body})
    return Posted("created", _url(reply.data))


def _ours(found: Any, author: str) -> bool:
    if not isinstance(found, dict) or not isinstance(found.get("id"), int):
        return False
    user, body = found.get("user"), found.get("body")
    login = user.get("login") if isinstance(user, dict) else None
    return login == author and isinstance(body, str) and body.lstrip().startswith(MARK)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _url(found: Any) -> str:
    url = found.get("html_url") if isinstance(found, dict) else None
    return url if isinstance(url, str) else ""
