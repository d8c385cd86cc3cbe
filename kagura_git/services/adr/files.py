"""The files that may hold decisions: found, and read with care, for they are others' work."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kagura_git.errors import KaguraError, NotFound, UsageError
from kagura_git.git.repo import Repository, discover

ENDINGS: Final = ("md", "markdown", "mdx", "rst", "adoc", "asciidoc")
MAX_BYTES: Final = 256 * 1024
_MOST: Final = 20_000
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_SKIPPED_FOLDERS: Final = frozenset(("node_modules", "__pycache__", "vendor"))
# One with a number of its own decides something about templates.
_TEMPLATE: Final = re.compile(
    r"(?i)^(?!(?:adr[-_ ]?)?0*[1-9]\d*[-_. ].*[-_. ]\w)(?:.*[-_. ])?templates?(?:[-_. ].*)?$"
    r"|^(?:adr[-_]?)?(?:x{2,5}|n{3,5})[-_. ]|^yyyy"
)
_INDEX: Final = re.compile(
    r"(?i)^(?:_?index|summary|_?sidebar|_?toc|contents|table-of-contents|contributing|changelog"
    r"|adr-?index|adr-?log|decision-?log|overview|glossary)\.[a-z]+$"
)
_README: Final = re.compile(r"(?i)^readme\.[a-z]+$")


@dataclass(frozen=True, slots=True)
class Found:
    """A file that may hold a decision.

    Attributes:
        source: its name in records: the path below the top of this repository; of a file
            outside, ``../``, its repository's name (or its folder's) and the path in there.
        path: where it is.
        reason: why it is not read; empty if it is to be.
        readme: it is one of a folder's own, and a decision only if it reads like one.
    """

    source: str
    path: str
    reason: str = ""
    readme: bool = False


def find(repo: Repository, path: str, cwd: str) -> list[Found]:
    """Return the files at a path, by name.

    Raises:
        NotFound: nothing is there.
        UsageError: it is no path, or neither a file nor a folder.
    """
    if not path or "\0" in path:
        raise UsageError("PATH is empty" if not path else "not a path", where="PATH")
    top = os.path.realpath(os.path.join(cwd, path))
    if not os.path.lexists(top):
        raise NotFound("no such file or folder", hint="Name a folder of decisions.", where=path)
    folder = top if os.path.isdir(top) else os.path.dirname(top)
    home = _home(repo, folder)
    if os.path.isdir(top):
        return [_found(home, top, full) for full in _walk(top)]
    if not os.path.isfile(top):
        raise UsageError("neither a file nor a folder", where=path)
    return [_found(home, "", top)]


def _home(repo: Repository, folder: str) -> tuple[str, str]:
    """Return the folder that sources are counted from, and what stands before them."""
    if folder == repo.top or folder.startswith(repo.top + os.sep):
        return repo.top, ""
    # Never where it lies on this machine.
    try:
        other = discover(folder, repo.git.env)
    except KaguraError:
        return folder, f"../{os.path.basename(folder) or 'decisions'}/"
    return other.top, f"../{other.name()}/"


def _walk(top: str) -> Iterator[str]:
    seen = 0
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(
            name for name in folders if name[0] != "." and name not in _SKIPPED_FOLDERS
        )
        for name in sorted(names):
            if name[0] != "." and name.rpartition(".")[2].lower() in ENDINGS:
                seen += 1
                if seen > _MOST:
                    raise UsageError(
                        f"more than {_MOST:,} documents", hint="Name the decisions' own folder.",
                        where=top,
                    )  # fmt: skip
                yield os.path.join(folder, name)


def _found(home: tuple[str, str], top: str, full: str) -> Found:
    source = home[1] + os.path.relpath(full, home[0]).replace(os.sep, "/")
    name = os.path.basename(full)
    readme = bool(_README.match(name))
    reason = ""
    if not _sayable(source):
        reason = "its name is not plain text"
        source = source.encode("utf-8", "replace").decode("utf-8")
    elif os.path.islink(full):
        reason = "a symbolic link"
    elif _TEMPLATE.search(name.rpartition(".")[0]):
        reason = "a template"
    elif _INDEX.match(name):
        reason = "an index"
    elif readme and os.path.dirname(full) == top:
        reason = "a README"
    return Found(source, full, reason, readme)


def _sayable(source: str) -> bool:
    try:
        source.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return source.isprintable() and len(source) < 2000


def text_of(found: Found) -> tuple[str, bytes, str]:
    """Return a file's text and bytes, and why it cannot be read; links are not followed."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(found.path, flags)
    except OSError as error:
        return "", b"", f"cannot be read: {error.strerror}"
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return "", b"", "no regular file"
        try:
            data = file.read(MAX_BYTES + 1)
        except OSError as error:
            return "", b"", f"cannot be read: {error.strerror}"
    if len(data) > MAX_BYTES:
        return "", b"", f"larger than {MAX_BYTES // 1024} KiB"
    return _decoded(data)


def _decoded(data: bytes) -> tuple[str, bytes, str]:
    try:
        if data[:2] in _UTF16:
            return data.decode("utf-16"), data, ""
        if b"\0" in data:
            return "", data, "binary data, not text"
        return data.decode("utf-8-sig"), data, ""
    except UnicodeDecodeError:
        return "", data, "not UTF-8 text"
