"""What a commit changed: one ``git diff-tree``, against the first parent.

Light on purpose: the hooks use it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from kagura_git.errors import GitError
from kagura_git.git.run import Git, decode, revision

# Above this many added or deleted files git pairs only exact renames: the search is quadratic.
_RENAME_LIMIT = 400
# The lines of a larger file are not counted, as if it were binary: 200 MB need not be read.
_BIG_FILE = "16m"
_DIFF = (
    "-c", "protocol.allow=never", "-c", f"core.bigFileThreshold={_BIG_FILE}",
    "diff-tree", "--root", "-r", "-z", "--raw", "--diff-merges=first-parent", "--always",
    "--no-ext-diff", "--no-textconv", "--format=%P",
)  # fmt: skip


# A path each on git's command line.
_MOST_PATHS: Final = 500
_LONGEST_ENTRY: Final = 16 * 1024  # of git's list of changed files
_HUNK: Final = re.compile(rb"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")


class FileChange(NamedTuple):
    """One file of a commit.

    Attributes:
        status: git's letter: A, M, D, R (renamed), T (a file became a link, or the like).
        old_path: where the file was, for R.
        added: lines added; None for a binary file or one of over 16 MiB.
        deleted: lines deleted; None likewise.
    """

    status: str
    path: str
    old_path: str | None
    added: int | None
    deleted: int | None

    @property
    def action(self) -> str:
        """What happened to the file, in the words of a recorded change."""
        return {"A": "create", "D": "delete", "R": "rename"}.get(self.status, "edit")


class CommitChanges(NamedTuple):
    """A commit's parents and the files in which it differs from the first of them."""

    parents: tuple[str, ...]
    files: list[FileChange]


def commit_changes(git: Git, sha: str) -> CommitChanges:
    """Return what a commit changed.

    File names that are not UTF-8 hold surrogate escapes. Where a partial clone lacks a file's
    old content, no lines are counted and no renames seen, rather than the network waited for.
    """
    done = git.run(
        *_DIFF, "-M", f"-l{_RENAME_LIMIT}", "--numstat", revision(sha), "--", ok=(0, 128)
    )
    if done.returncode != 0:
        done = git.run(*_DIFF, "--no-renames", revision(sha), "--")
    head, _, body = decode(done.stdout).partition("\0")
    return CommitChanges(tuple(head.split()), _files(body.removeprefix("\n").split("\0")))


def between(git: Git, old: str, new: str) -> list[FileChange]:
    """Return what one tree changed in another, as :func:`commit_changes` does for a commit."""
    pair = (revision(old), revision(new))
    found = ("-M", f"-l{_RENAME_LIMIT}", "--numstat")
    done = git.run(*_DIFF, *found, *pair, "--", ok=(0, 128))
    if done.returncode != 0:
        done = git.run(*_DIFF, "--no-renames", *pair, "--")
    return _files(decode(done.stdout).removeprefix("\0").removeprefix("\n").split("\0"))


def touched_lines(
    git: Git, old: str, new: str, paths: Sequence[str]
) -> dict[str, list[tuple[int, int]]]:
    """Return first and last line of each stretch that is new or changed, by path.

    What was only taken away stands at the line before it. Empty for a file that is gone, or
    binary.
    """
    few = paths if len(paths) <= _MOST_PATHS else ()
    done = git.run(
        "--literal-pathspecs", "-c", "protocol.allow=never",
        "-c", f"core.bigFileThreshold={_BIG_FILE}", "diff-tree", "-r", "-z", "--raw", "-p", "-U0",
        "--no-ext-diff", "--no-textconv", "--no-renames", "--no-color",
        revision(old), revision(new), "--", *few, ok=(0, 128),
    )  # fmt: skip
    out, at = done.stdout, 0
    listed: list[str] = []
    while out.startswith(b":", at):  # a patch may hold NULs as well: only the list is cut at them
        meta, path = out[at : at + _LONGEST_ENTRY].split(b"\0", 2)[:2]
        listed += [decode(path)] * (2 if meta.endswith(b" T") else 1)
        at += len(meta) + len(path) + 2
    # No line of a patch begins like a header: each begins with a sign of its own.
    headers = iter(listed)
    found: dict[str, list[tuple[int, int]]] = {path: [] for path in paths}
    spans: list[tuple[int, int]] = []
    for line in out[at:].lstrip(b"\0").split(b"\n"):
        if line.startswith(b"diff --git "):
            spans = found.setdefault(next(headers), [])
        elif (hunk := _HUNK.match(line)) and (start := int(hunk[1])):
            spans.append((start, start + max(1, int(hunk[2] or 1)) - 1))
    return {path: found[path] for path in paths}


def _files(fields: list[str]) -> list[FileChange]:
    """Join the raw fields (status and paths) with the numstat fields (lines), both in one order."""
    raw: list[tuple[str, str, str | None]] = []
    at = 0
    while at < len(fields) and fields[at].startswith(":"):
        status = fields[at].rsplit(" ", 1)[-1][:1]
        if status in "RC":
            raw.append((status, fields[at + 2], fields[at + 1]))
            at += 3
        else:
            raw.append((status, fields[at + 1], None))
            at += 2
    files = []
    if at == len(fields) or not fields[at]:
        return [FileChange(status, path, old_path, None, None) for status, path, old_path in raw]
    for status, path, old_path in raw:
        # `added TAB deleted TAB path`; for a rename the path is empty and two fields follow.
        added, deleted, name = fields[at].split("\t", 2)
        counted = name if name else fields[at + 2]
        if counted != path:
            raise GitError(f"git diff-tree counted {counted!r} where it listed {path!r}")
        at += 1 if name else 3
        lines = None if added == "-" else (int(added), int(deleted))
        files.append(FileChange(status, path, old_path, *(lines or (None, None))))
    return files
