"""Where notes lie in their tree: every layout is read, each folder is written uniformly.

``git notes`` and ``git fast-import`` fan notes out by different rules, so a tree
that both write comes to hold notes in folders and beside them, and even two
notes of one commit; ``git notes merge`` crashes on such a tree. Here a folder
holds either notes or folders, whoever wrote it before. Light on purpose: the
hooks use it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from kagura_git.errors import GitError
from kagura_git.git.run import Git, decode

# As many as fast-import puts into one folder.
FULL: Final = 256
# ab/cd/...: enough for 16 million notes, and as far as a single note is looked for.
_DEEPEST: Final = 2
PLACES: Final = _DEEPEST + 1
# One line of ls-tree; a name may hold anything but NUL.
_NOTE: Final = re.compile(
    r"(?<![^\0])100\d+ blob ([0-9a-f]+)\t((?:[0-9a-f]{2}/)*[0-9a-f]+)(?=\0)", re.ASCII
)
_HEX: Final = frozenset("0123456789abcdef")


class Spot(NamedTuple):
    """Where a note lies, and its blob."""

    path: str
    blob: str


class Change(NamedTuple):
    """A note that two trees hold differently; no blob where a tree has none at this path."""

    commit: str
    path: str
    old: str | None
    new: str | None


def is_commit_id(text: str) -> bool:
    """Tell whether a text is a full commit id."""
    return len(text) in (40, 64) and _HEX.issuperset(text)


def commit_at(path: str, mode: str) -> str | None:
    """Return the commit whose note a path holds, or None if it is no note."""
    folders = path.count("/")
    sha = path.replace("/", "")
    if not mode.startswith("100") or not is_commit_id(sha):
        return None
    return sha if all(path[3 * n + 2] == "/" for n in range(folders)) else None


def candidates(sha: str) -> list[str]:
    """Return the paths at which a single commit's note is looked for."""
    return [_path(sha, depth) for depth in range(PLACES)]


def _path(sha: str, depth: int) -> str:
    return "/".join([*(sha[2 * n : 2 * n + 2] for n in range(depth)), sha[2 * depth :]])


def listed(git: Git, tip: str) -> dict[str, list[Spot]]:
    """Return where each commit's notes lie, one place each in a tree that is in order.

    Raises:
        GitError: the tree cannot be read.
    """
    found: dict[str, list[Spot]] = {}
    for blob, path in _NOTE.findall(_told(git, "ls-tree", "-r", "-z", tip)):
        sha = path.replace("/", "")
        if len(sha) == len(blob):
            found.setdefault(sha, []).append(Spot(path, blob))
    return found


def _told(git: Git, *args: str) -> str:
    # What a partial clone lacks is not fetched by the way.
    done = git.run("-c", "protocol.allow=never", *args, ok=(0, 128))
    if done.returncode != 0:
        said = decode(done.stderr).strip().split("\n")[0].removeprefix("fatal: ")
        raise GitError(
            f"the notes cannot be read: {said}", hint="`git kagura sync` fetches what is missing."
        )
    return decode(done.stdout)


def changes(git: Git, old: str, new: str) -> Iterator[Change]:
    """Yield the notes that differ between two revisions of notes.

    Raises:
        GitError: the trees cannot be read.
    """
    out = _told(git, "diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", old, new)
    fields = iter(out.split("\0"))
    for field in fields:
        if not field.startswith(":"):
            continue
        path = next(fields)
        old_mode, new_mode, old_blob, new_blob, _ = field[1:].split(" ")
        was, is_ = commit_at(path, old_mode), commit_at(path, new_mode)
        if (sha := was or is_) is not None:
            yield Change(sha, path, old_blob if was else None, new_blob if is_ else None)


def places(paths: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return where each commit's note belongs, leaving as much as possible where it lies.

    Args:
        paths: per commit, where its notes lie now; nothing for a new one.
    """
    found: dict[str, str] = {}
    _place(paths, list(paths), 0, found)
    return found


def _place(
    paths: Mapping[str, Sequence[str]], shas: list[str], depth: int, found: dict[str, str]
) -> None:
    deeper = depth < _DEEPEST
    if deeper and len(shas) <= FULL:
        depths = {path.count("/") for sha in shas for path in paths[sha]}
        deeper = depth not in depths and any(lower > depth for lower in depths)
    if not deeper:
        found.update((sha, _path(sha, depth)) for sha in shas)
        return
    folders: dict[str, list[str]] = {}
    for sha in shas:
        folders.setdefault(sha[2 * depth : 2 * depth + 2], []).append(sha)
    for inside in folders.values():
        _place(paths, inside, depth + 1, found)


class Folder(NamedTuple):
    """What one folder of a tree of notes holds."""

    notes: int
    folders: bool

    @property
    def mixed(self) -> bool:
        """Tell whether it holds both, which git itself never writes."""
        return self.folders and self.notes > 0


def folder(tree: bytes, depth: int, length: int) -> Folder:
    """Return what a tree object holds.

    Args:
        depth: how many folders deep it lies.
        length: of a commit id, in hexadecimal digits.

    Raises:
        GitError: it is no tree.
    """
    notes, folders, at = 0, False, 0
    while at < len(tree):
        blank = tree.find(b" ", at)
        end = tree.find(b"\0", blank)
        if blank < 0 or end < 0:
            raise GitError("a tree of the notes is damaged", hint="`git fsck` says more.")
        mode, name = tree[at:blank], tree[blank + 1 : end].decode("latin-1")
        at = end + 1 + length // 2
        if _HEX.issuperset(name):
            folders |= len(name) == 2 and mode == b"40000"
            notes += len(name) == length - 2 * depth and mode.startswith(b"100")
    return Folder(notes, folders)
