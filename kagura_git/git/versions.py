"""Versions of record files in trees and in the staging area, read in bulk.

Light on purpose: the hooks use it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from kagura_git.git import objects
from kagura_git.git.run import Git, decode
from kagura_git.model.ids import id_in_name

RECORDS: Final = (
    ".kagura/decisions/",
    ".kagura/errors/",
    ".kagura/sessions/",
    ".kagura/patterns/",
)
_FOLDERS: Final = tuple(folder.rstrip("/") for folder in RECORDS)


class Version(NamedTuple):
    """A record's file in one tree: where it lives, its mode (``100644``) and its blob."""

    path: str
    mode: str
    blob: str

    @property
    def is_file(self) -> bool:
        """Tell whether it is a regular file, no link or submodule."""
        return self.mode.startswith("100")


class Difference(NamedTuple):
    """A record that two trees hold differently; None where one has no such record."""

    there: Version | None
    here: Version | None


def differences(git: Git, pairs: Sequence[tuple[str, str]]) -> list[dict[str, Difference]]:
    """Return, for each pair of commits (there, here), the records that differ, by id."""
    if not pairs:
        return []
    # Two commits on a line: the first, as if the second were its parent.
    done = git.run(
        "diff-tree", "--stdin", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--always",
        "--", *_FOLDERS, stdin="".join(f"{there} {here}\n" for there, here in pairs).encode(),
    )  # fmt: skip
    found: list[dict[str, Difference]] = []
    fields = iter(decode(done.stdout).split("\0"))
    for field in fields:
        if field.startswith(":"):
            old_mode, mode, old, blob, _ = field[1:].split(" ")
            path = next(fields)
            if (record := record_at(path)) is not None:
                here = Version(path, old_mode, old) if old.strip("0") else None
                there = Version(path, mode, blob) if blob.strip("0") else None
                # A renamed file is one path that went and one that came.
                known = found[-1].get(record, Difference(None, None))
                found[-1][record] = Difference(known.there or there, known.here or here)
        elif field:
            found.append({})
    return found


def tree(git: Git, commit: str) -> dict[str, Version]:
    """Return the records of a commit, by id."""
    done = git.run("ls-tree", "-r", "-z", "--full-tree", commit, "--", *_FOLDERS)
    found: dict[str, Version] = {}
    for line in done.stdout.split(b"\0")[:-1]:
        if (entry := _listed(line)) is not None:
            found.setdefault(*entry)
    return found


# Two trees of one review hold nearly the same lines.
@functools.lru_cache(maxsize=32768)
def _listed(line: bytes) -> tuple[str, Version] | None:
    meta, _, path = decode(line).partition("\t")
    record = record_at(path)
    mode, _, blob = meta.split(" ")
    return None if record is None else (record, Version(path, mode, blob))


class Staged(NamedTuple):
    """The staging area's records.

    Attributes:
        settled: by path; several paths may hold one id.
        unmerged: by id, and by stage: 1 is the base, 2 ours, 3 theirs.
        sparse: the paths that a sparse checkout leaves out of the work tree.
    """

    settled: dict[str, Version]
    unmerged: dict[str, dict[int, list[Version]]]
    sparse: set[str]


def staged(git: Git) -> Staged:
    """Return what the staging area holds of records."""
    found = Staged({}, {}, set())
    done = git.run("ls-files", "-t", "-s", "-z", "--", *_FOLDERS)
    for meta, path in _entries(done.stdout):
        if (record := record_at(path)) is None:
            continue
        tag, mode, blob, stage = meta.split(" ")
        if stage == "0":
            found.settled[path] = Version(path, mode, blob)
        else:
            stages = found.unmerged.setdefault(record, {})
            stages.setdefault(int(stage), []).append(Version(path, mode, blob))
        if tag == "S":
            found.sparse.add(path)
    return found


def _entries(out: bytes) -> Iterator[tuple[str, str]]:
    for line in decode(out).split("\0")[:-1]:
        meta, _, path = line.partition("\t")
        yield meta, path


def record_at(path: str) -> str | None:
    """Return the id of the record that a path names, or None if it names none."""
    if not path.startswith(RECORDS) or not path.endswith(".yaml"):
        return None
    return id_in_name(path.rsplit("/", 1)[-1])


def last_path(git: Git, record_id: str) -> str | None:
    """Return where a record's file was last, on whatever branch; None if no commit had it."""
    done = git.run(
        "log", "--all", "HEAD", "--max-count=1", "--no-show-signature", "--format=", "--name-only",
        "--no-renames", "--diff-filter=AM", "-z", "--", f":(glob).kagura/*/*/{record_id}*.yaml",
        ok=(0, 128),
    )  # fmt: skip
    paths = decode(done.stdout).split("\0")
    return next((path for path in paths if record_at(path) == record_id), None)


def blobs(git: Git, wanted: Iterable[str], limit: int) -> dict[str, bytes]:
    """Return the bytes of each blob; one that is not on this machine is left out.

    Of a blob with more bytes than ``limit`` none is read: as many blanks stand
    for it, too long for a record.
    """
    names = list(dict.fromkeys(wanted))
    too_long = b" " * limit
    return {
        name: too_long if found.data is None else found.data
        for name, found in zip(names, objects.read(git, names, largest=limit), strict=True)
        if found.kind == "blob"
    }


def known_paths(git: Git, paths: Sequence[str]) -> set[str]:
    """Return those of these paths that the staging area or HEAD holds."""
    literal = ("--literal-pathspecs",)
    found = set(git.fields(*literal, "ls-files", "-z", "--", *paths))
    done = git.run(*literal, "ls-tree", "--name-only", "-z", "HEAD", "--", *paths, ok=(0, 128))
    return found | set(decode(done.stdout).split("\0"))
