"""Paths as editors, assistants and other systems write them, found among a repository's files.

A name that exists, or that git tracks, is taken to the letter: a POSIX name may hold a backslash,
a colon or a blank at its end. Only other names are read in another way.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import unquote

from kagura_git.errors import GitError

# file:///src/a.py, vscode://file/src/a.py:12, cursor://file/src/a.py; never a web address.
_URI: Final = re.compile(r"(?!https?:|ssh:|git:|ftp:)[A-Za-z][\w+.-]{1,30}://[^/]*(/.*)", re.DOTALL)
_DRIVE: Final = re.compile(r"/?[A-Za-z]:[\\/](.*)", re.DOTALL)
# The drives of Windows as WSL, Git Bash and Cygwin show them.
_MOUNTED: Final = re.compile(r"/(?:mnt/|cygdrive/)?[A-Za-z]/(.*)", re.DOTALL)
_PLACE: Final = re.compile(r"(.+?):\d{1,9}(?:[:,-]\d{1,9})?:?", re.DOTALL)

Inside = Callable[[str], str]  # a path to one below the top; raises GitError
Tracked = Callable[[], frozenset[str]]


def is_plain(path: str) -> bool:
    """Return whether a path can be read in one way only."""
    return path.isascii() and not re.search(r"[\\:%]|\s\Z|\A\s|\A/", path)


def find(path: str, top: str, inside: Inside, tracked: Tracked) -> str | None:
    """Return the file below the top that a path means; None where no reading of it is one.

    Args:
        inside: the path below the top that a path means to the letter.
        tracked: the paths that git tracks, asked for only when needed.
    """
    exact = _inside(inside, path)
    if exact is not None and (_exists(top, exact) or exact in tracked()):
        return exact
    readings = list(dict.fromkeys(_readings(path)))
    below = [found for reading in readings if (found := _inside(inside, reading)) is not None]
    for found in below:
        if _exists(top, found):
            return found
    if (same := _spelled_alike([*below, *([exact] if exact else [])], tracked())) is not None:
        return same
    for reading in (path, *readings):
        if (found := _by_its_end(reading, top, tracked())) is not None:
            return found
    if "\\" in path or "://" in path:  # a file that is yet to be made, or that is gone
        folders = (found for found in below if found != exact and "\\" not in found)
        return next((f for f in folders if _exists(top, os.path.dirname(f))), None)
    return None


def _readings(path: str) -> Iterator[str]:
    """Yield what a path may mean, without the line that may stand behind it first."""
    uri = _URI.fullmatch(path.strip())
    if uri is not None:
        path = unquote(uri[1], errors="surrogateescape")
        yield path
    for plain in dict.fromkeys((path, path.strip())):
        for name in dict.fromkeys((plain, plain.replace("\\", "/"))):
            yield name
            place = _PLACE.fullmatch(name)
            if place is not None:
                yield place[1]


def _spelled_alike(below: list[str], tracked: frozenset[str]) -> str | None:
    """Return the tracked path that is one of these, composed (NFC) or decomposed (NFD)."""
    for found in below:
        if found in tracked:
            return found
    wanted = {_composed(found) for found in below if not found.isascii()}
    matches = {name for name in tracked if wanted and _composed(name) in wanted}
    return matches.pop() if len(matches) == 1 else None


def _by_its_end(path: str, top: str, tracked: frozenset[str]) -> str | None:
    """Return the tracked file that an absolute path of another system ends with.

    Of a path of this system only what follows the repository's own name: a container has the
    same folder in another place, but another project has a file of the same name.
    """
    rest = path.replace("\\", "/")
    drive = _DRIVE.fullmatch(rest) or _MOUNTED.fullmatch(rest)
    if drive is None and (not rest.startswith("/") or os.path.lexists(rest)):
        return None
    parts = [part for part in (drive[1] if drive else rest).split("/") if part]
    own = os.path.basename(top)
    for at in range(len(parts)):
        if (drive or own in parts[:at]) and (end := "/".join(parts[at:])) in tracked:
            return end
    return None


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _inside(inside: Inside, path: str) -> str | None:
    try:
        return inside(path)
    except GitError:
        return None


def _exists(top: str, path: str) -> bool:
    return os.path.lexists(os.path.join(top, path))
