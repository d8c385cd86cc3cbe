"""A copy of every version of every record, in the common git directory.

``reset --hard``, ``clean -fd`` or a deleted branch take record files away;
what was acknowledged must not go with them. One file a version:
``journal/<YYYY-MM>/<id>.<blob>.yaml``, written before the work tree's file,
named by the SHA-1 blob id whatever the repository's own objects go by. Beside
them ``journal/<YYYY-MM>/chain`` tells which version took which one's place.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from kagura_git import atomic, permissions
from kagura_git.model.ids import ID_PATTERN, is_id
from kagura_git.store.files import blob_id
from kagura_git.store.strict_yaml import MAX_BYTES

CHAIN: Final = "chain"
NOTHING: Final = "-"
"""A version took no other's place: there was no file of that record."""
UNKNOWN: Final = "?"

_EVENT: Final = re.compile(
    rb"(%b) ([0-9a-f]{40}) ([0-9a-f]{40}|[-?]) (\S+) (\d{1,11}\.\d{3}) \.\Z" % ID_PATTERN.encode()
)
_ASIDE: Final = ".pruned"


@dataclass(frozen=True, slots=True)
class Version:
    """One kept version of a record, and when it was written (seconds since 1970)."""

    id: str
    blob: str
    path: str
    written: float


class Event(NamedTuple):
    """One time a version was written.

    Attributes:
        replaced: the blob whose place it took; or ``NOTHING``, or ``UNKNOWN``.
        branch: the branch it was written on; empty if none was checked out.
        at: seconds since 1970.
    """

    id: str
    blob: str
    replaced: str
    branch: str
    at: float


class Journal:
    """The journal below ``folder``.

    Args:
        aside: where temporary files are made; default: beside what they become.
    """

    def __init__(self, folder: str, aside: str | None = None) -> None:
        self.folder = folder
        self._aside = aside

    def keep(
        self,
        record_id: str,
        data: bytes,
        at: datetime,
        *,
        durable: bool = True,
        replaced: str = UNKNOWN,
        branch: str = "",
    ) -> str | None:
        """Keep one version, durably; the same bytes are kept once.

        Args:
            replaced: the blob id of the file's bytes until now, or ``NOTHING``. That
                version stays the older one of the two, whatever becomes of the clock.
            branch: the branch that is checked out.

        Returns:
            The path of a version that is new.

        Raises:
            CannotWrite: the disk is full, read-only ...
        """
        blob = blob_id(data)
        month = os.path.join(self.folder, f"{at:%Y-%m}")
        path = os.path.join(month, f"{record_id}.{blob}.yaml")
        new = self.read(path, blob) is None  # a damaged one is written again
        if not new:
            with contextlib.suppress(OSError):  # it is there, in a folder that cannot be written to
                os.utime(path)  # as young as its last writing: `take_away` passes it over
        if new or not os.path.exists(path):
            atomic.make_folder(month)
            atomic.write(path, data, durable=durable, aside=self._aside)
        self._put_after(path, f"{record_id}.{replaced}.yaml")
        self._chain(record_id, blob, replaced, branch, at)
        return path if new else None

    def _put_after(self, path: str, older: str) -> None:
        """Make a file younger than another version, whose month is not known."""
        with contextlib.suppress(OSError):
            now = os.stat(path).st_mtime_ns
            for month in _names(self.folder):
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                    then = os.stat(os.path.join(self.folder, month, older)).st_mtime_ns
                    if now <= then:
                        now = then + 1_000_000
                        os.utime(path, ns=(now, now))

    def link(self, record_id: str, blob: str, replaced: str, at: datetime) -> None:
        """Note that a kept version holds what another one said, and takes its place."""
        with contextlib.suppress(OSError):
            permissions.make_folder(os.path.join(self.folder, f"{at:%Y-%m}"))
        self._chain(record_id, blob, replaced, "", at)

    def _chain(self, record_id: str, blob: str, replaced: str, branch: str, at: datetime) -> None:
        # A line starts with its newline: a torn one before it spoils nothing but itself. Not
        # flushed to disk: where a line is missing, the order in time tells nearly the same.
        line = f"\n{record_id} {blob} {replaced} {branch or NOTHING} {at.timestamp():.3f} ."
        path = os.path.join(self.folder, f"{at:%Y-%m}", CHAIN)
        flags = os.O_WRONLY | os.O_APPEND
        with contextlib.suppress(OSError):  # the version itself is kept: that is the promise
            descriptor = permissions.open_file(path, flags)
            try:
                os.write(descriptor, line.encode("utf-8", "surrogateescape"))
            finally:
                os.close(descriptor)

    def versions(self) -> Iterator[Version]:
        """Yield every kept version, oldest month first."""
        for record_id, blob, path in self._files():
            with contextlib.suppress(FileNotFoundError):  # pruned since it was listed
                yield Version(record_id, blob, path, os.stat(path).st_mtime)

    def kept(self) -> dict[str, dict[str, str]]:
        """Return the paths of all kept versions, by record id and blob id."""
        found: dict[str, dict[str, str]] = {}
        for record_id, blob, path in self._files():
            found.setdefault(record_id, {})[blob] = path
        return found

    def _files(self) -> Iterator[tuple[str, str, str]]:
        for month in self.months():
            folder = os.path.join(self.folder, month)
            for name in _names(folder):
                record_id, _, rest = name.partition(".")
                if rest.endswith(".yaml") and is_id(record_id):
                    yield record_id, rest[:-5], os.path.join(folder, name)

    def months(self) -> list[str]:
        """Return the names of the journal's folders, oldest month first."""
        names = _names(self.folder)
        return [name for name in names if os.path.isdir(os.path.join(self.folder, name))]

    def events(self, wanted: frozenset[str] | None = None) -> Iterator[Event]:
        """Yield every writing of these records' versions (None: of all), in order by month."""
        for month in self.months():
            yield from self.events_of(month, wanted)

    def events_of(self, month: str, wanted: frozenset[str] | None = None) -> Iterator[Event]:
        """Yield what one month's chain tells; lines that a crash has torn are passed over."""
        try:
            with open(os.path.join(self.folder, month, CHAIN), "rb") as file:
                lines = file.read().split(b"\n")
        except OSError:
            return
        names = None if wanted is None else {name.encode() for name in wanted}
        for line in lines:
            if names is not None and line[:10] not in names:
                continue
            if (match := _EVENT.match(line)) is not None:
                record_id, blob, replaced, branch, at = match.groups()
                name = branch.decode("utf-8", "surrogateescape")
                yield Event(
                    record_id.decode(), blob.decode(), replaced.decode(),
                    "" if name == NOTHING else name, float(at),
                )  # fmt: skip

    @staticmethod
    def read(path: str, blob: str) -> bytes | None:
        """Return a kept version's bytes; None if it is gone, torn or somebody else's."""
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            descriptor = os.open(path, flags)
            with os.fdopen(descriptor, "rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError:
            return None
        return data if blob_id(data) == blob else None

    def newest(self, record_id: str) -> bytes | None:
        """Return the last written version of a record that can be read, or None."""
        kept = [version for version in self.versions() if version.id == record_id]
        for version in sorted(kept, key=lambda version: version.written, reverse=True):
            if (data := self.read(version.path, version.blob)) is not None:
                return data
        return None

    def take_away(self, path: str, before: float) -> bool:
        """Delete a version's file unless it has been written since ``before``.

        A writer that keeps the same bytes at this very moment either finds the file
        (then it is young, and put back) or does not (then it writes it anew).
        """
        aside = path + _ASIDE
        try:
            os.rename(path, aside)
        except OSError:
            return False
        return self._settle(aside, before)

    def settle(self, before: float) -> None:
        """Finish what a process that was killed while it pruned has left."""
        for month in self.months():
            folder = os.path.join(self.folder, month)
            for name in _names(folder):
                if name.endswith(_ASIDE):
                    self._settle(os.path.join(folder, name), before)

    @staticmethod
    def _settle(aside: str, before: float) -> bool:
        with contextlib.suppress(OSError):
            old = os.stat(aside).st_mtime < before
            if not old:
                with contextlib.suppress(FileExistsError):
                    os.link(aside, aside.removesuffix(_ASIDE))
            os.unlink(aside)
            return old
        return False


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []  # pruned away since it was listed, or no journal yet
