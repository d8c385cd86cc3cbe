"""What commits change, in bulk: which blobs, and as which text.

Two commits are compared by their trees, so that a range, a root commit and an
ordinary commit are all the same. No renames are looked for: a moved file is
one that went and one that came, with all of their text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from kagura_git.git.run import Git, decode
from kagura_git.git.versions import RECORDS, record_at

# Plumbing, and options for what a configuration could still change. A blob that a
# partial clone lacks is not fetched: nothing here uses the network.
_OFFLINE: Final = ("-c", "protocol.allow=never")
_DIFF: Final = (
    *_OFFLINE, "-c", "core.quotePath=false",
    "diff-tree", "--stdin", "-r", "--full-index", "--no-renames", "--no-ext-diff",
    "--no-textconv", "--no-color", "--diff-algorithm=myers", "--src-prefix=a/", "--dst-prefix=b/",
)  # fmt: skip
_EMPTY: Final = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
_MOST_FILES: Final = 2000
_MOST_BYTES: Final = 4 * 1024 * 1024
_BATCH_BYTES: Final = 32 * 1024 * 1024
_BATCH_PAIRS: Final = 5000

Pair = tuple[str, str]


class Step(NamedTuple):
    """What happened to one path: modes and blobs before and after; zeros where there was none."""

    old_mode: str
    mode: str
    old: str
    new: str

    @property
    def adds(self) -> bool:
        """Tell whether the path is new."""
        return not self.old.strip("0")


Steps = dict[str, Step]


@dataclass(frozen=True, slots=True)
class Patch:
    """A change as text.

    Attributes:
        id: the same for two patches with the same text, wherever in the files.
        weight: how many different lines, blank ones not counted, came or went.
        added: per path, the lines that came, as hashes.
        removed: per path, the lines that went.
    """

    id: bytes
    weight: int
    added: Mapping[str, frozenset[int]]
    removed: Mapping[str, frozenset[int]]


def empty_tree(like: str) -> str:
    """Return the id of the tree that holds nothing, in the hash of another id."""
    return _EMPTY[len(like)]


def steps(git: Git, pairs: Sequence[Pair]) -> list[Steps]:
    """Return, for each pair of trees (before, after), what happened to each path."""
    found: list[Steps] = []
    names: dict[str, str] = {}  # the same few paths in thousands of commits
    for at in range(0, len(pairs), _BATCH_PAIRS):
        batch = pairs[at : at + _BATCH_PAIRS]
        done = git.run(*_DIFF, "-z", "--raw", stdin=_asked(batch), ok=(0, 128))
        read = list(_raw(done.stdout, names))
        # git stops at a tree that is not here: what follows is not known either.
        found += [*read, *({} for _ in range(len(batch) - len(read)))]
    return found


def _asked(pairs: Iterable[Pair]) -> bytes:
    return "".join(f"{old} {new}\n" for old, new in pairs).encode()


def _raw(out: bytes, names: dict[str, str]) -> Iterator[Steps]:
    """Read `TREE TREE` lines, each with the changes between them, which are NUL-separated."""
    at = 0
    while at < len(out):
        at = out.index(b"\n", at) + 1
        found: Steps = {}
        while out.startswith(b":", at):
            middle = out.index(b"\0", at)
            end = out.index(b"\0", middle + 1)
            old_mode, mode, old, new, _ = out[at + 1 : middle].decode().split(" ")
            path = decode(out[middle + 1 : end])
            found[names.setdefault(path, path)] = Step(old_mode, mode, old, new)
            at = end + 1
        yield found


def patches(git: Git, pairs: Sequence[Pair], known: Sequence[Steps]) -> list[Patch | None]:
    """Return, for each pair of trees, the change as text; None where that would be too much.

    Args:
        known: what :func:`steps` returned for these pairs.
    """
    sizes = _sizes(git, {blob for step in known for s in step.values() for blob in (s.old, s.new)})
    found: list[Patch | None] = [None] * len(pairs)
    batch: list[int] = []
    total = 0
    for number, step in enumerate(known):
        size = sum(sizes.get(s.old, 0) + sizes.get(s.new, 0) for s in step.values())
        if not step or len(step) > _MOST_FILES or size > _MOST_BYTES:
            continue
        if batch and total + size > _BATCH_BYTES:
            _fill(git, pairs, batch, found)
            batch, total = [], 0
        batch.append(number)
        total += size
    _fill(git, pairs, batch, found)
    return found


def _sizes(git: Git, blobs: Iterable[str]) -> dict[str, int]:
    wanted = [blob for blob in blobs if blob.strip("0")]
    if not wanted:
        return {}
    stdin = "".join(f"{blob}\n" for blob in wanted).encode()
    check = ("cat-file", "--batch-check=%(objectsize)")
    lines = git.text(*_OFFLINE, *check, stdin=stdin, ok=(0, 128)).split("\n")
    # A submodule's commit is "missing": it has no size here, and one line of text.
    return {blob: int(line) for blob, line in zip(wanted, lines, strict=False) if line.isdigit()}


def _fill(git: Git, pairs: Sequence[Pair], batch: Sequence[int], found: list[Patch | None]) -> None:
    if not batch:
        return
    wanted = [pairs[number] for number in batch]
    out = git.run(*_DIFF, "-p", "-U3", stdin=_asked(wanted), ok=(0, 128))
    headers = [f"{old} {new}".encode() for old, new in wanted]
    for number, patch in zip(batch, _texts(out.stdout, headers), strict=False):
        found[number] = patch
    if out.returncode:  # it broke off inside the last one
        found[batch[sum(found[number] is not None for number in batch) - 1]] = None


def _texts(out: bytes, headers: Sequence[bytes]) -> Iterator[Patch]:
    lines = iter(out.removesuffix(b"\n").split(b"\n"))
    expected = iter([*headers[1:], None])
    if next(lines) != headers[0]:
        return
    following = next(expected)
    current: list[bytes] = []
    for line in lines:
        if line == following:  # a line of a patch never starts with a hexadecimal digit
            yield _patch(current)
            current, following = [], next(expected)
        else:
            current.append(line)
    yield _patch(current)


def _patch(lines: Sequence[bytes]) -> Patch:
    digest = hashlib.sha256()
    changed: set[bytes] = set()
    sides: dict[bytes, dict[str, set[int]]] = {b"+": {}, b"-": {}}
    path: str | None = None
    index = b""
    in_hunk = False
    for line in lines:
        if line.startswith(b"diff --git "):
            in_hunk, path = False, None
        elif line.startswith(b"@@ "):
            in_hunk = True
            digest.update(b"@@\n")
            continue
        elif not in_hunk and line.startswith(b"index "):
            index = line
            continue
        elif not in_hunk and line.startswith((b"--- a/", b"+++ b/")):
            path = decode(line[6:].rstrip(b"\t"))  # a quoted name: without its lines
        elif not in_hunk and line.startswith(b"Binary files "):
            digest.update(index)
        elif in_hunk and line[:1] in sides and line[1:].strip():
            changed.add(line)
            if path is not None:
                sides[line[:1]].setdefault(path, set()).add(hash(line[1:]))
        digest.update(line + b"\n")
    added, removed = (
        {name: frozenset(found) for name, found in sides[sign].items()} for sign in (b"+", b"-")
    )
    return Patch(digest.digest(), len(changed), added, removed)


def adders(git: Git, among: Container[str]) -> dict[str, list[str]]:
    """Return, for each record, the commits that added its file; merges only bring others' files.

    Args:
        among: the commits that count.
    """
    done = git.run(
        "log", "-z", "--no-show-signature", "--full-history", "--diff-filter=A", "--no-renames",
        "--name-only", "--format=tformat:%x01%H", "HEAD", "--branches", "--tags", "--remotes",
        "--", *(folder.rstrip("/") for folder in RECORDS), ok=(0, 128),
    )  # fmt: skip
    found: dict[str, list[str]] = {}
    for block in decode(done.stdout).split("\x01")[1:]:
        sha, *paths = block.split("\0")
        for path in paths:
            record = record_at(path.lstrip("\n"))
            if record is not None and sha in among:
                found.setdefault(record, []).append(sha)
    return found
