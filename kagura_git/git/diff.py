"""What a commit changed: one ``git diff-tree``, against the first parent.

Light on purpose: the hooks use it.
"""

from __future__ import annotations

from typing import NamedTuple

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
