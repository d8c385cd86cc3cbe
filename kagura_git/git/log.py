"""Commits with the memory that hangs on them: trailers in the message, entries in the note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from kagura_git.git import trailers
from kagura_git.git.notes import REF
from kagura_git.git.run import Git, decode
from kagura_git.model.entries import format_entries, parse_entries
from kagura_git.model.ids import is_id

_FIELDS: Final = ("%H", "%P", "%an <%ae>", "%aI", "%s", "%b", "%N")
_LARGEST: Final = 8 * 1024 * 1024
_LONGEST_SUBJECT: Final = 20_000
_FORMAT: Final = "--format=tformat:" + "%x00".join(_FIELDS)


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: what git says, and the ids and entries linked to it.

    ``date`` is the author date, ISO 8601 with its own offset.
    """

    sha: str
    parents: tuple[str, ...]
    author: str
    date: str
    subject: str
    trailers: tuple[str, ...] = ()
    entries: tuple[dict[str, Any], ...] = field(default=())

    def ids(self, kind: str) -> list[str]:
        """Return the ids of one kind linked to this commit, by trailer or note, each once.

        A commit that only carries the end of an earlier session is not part of it.
        """
        letter = {"session": "S", "decision": "D", "error": "E"}[kind]
        noted = [
            value
            for entry in self.entries
            for value in (entry.get("id"), entry.get("session"))
            if isinstance(value, str) and is_id(value) and not _only_carried(entry, value)
        ]
        found = (value for value in (*self.trailers, *noted) if value[:2] == f"{letter}-")
        return list(dict.fromkeys(found))

    def changes(self) -> list[dict[str, Any]]:
        """Return the note's entries about changed files."""
        return [
            entry
            for entry in self.entries
            if entry["kind"] == "change" and isinstance(entry.get("path"), str)
        ]


def _only_carried(entry: dict[str, Any], record_id: str) -> bool:
    relation = entry.get("relation")
    if entry["kind"] == "session" and entry.get("id") == record_id:
        return relation not in (None, "recorded")
    return relation == "removed"


def commits(
    git: Git,
    revisions: Sequence[str],
    *,
    paths: Sequence[str] = (),
    limit: int | None = None,
    walk: bool = True,
) -> list[Commit]:
    """Return commits, newest first, in one spawn.

    Args:
        revisions: what to walk from, such as ``["main..HEAD"]``; with
            ``walk=False`` exactly the commits to return.
        paths: only commits that touch one of these; a single path is followed over renames.
    """
    if not revisions:
        return []
    args = ["log", "-z", "--encoding=UTF-8", "--no-show-signature", f"--notes={REF}", _FORMAT]
    args += ["--no-ext-diff", "--no-textconv"]
    if limit is not None:
        args.append(f"--max-count={limit}")
    if not walk:
        args.append("--no-walk=unsorted")
    if len(paths) == 1 and walk:
        args += ["--follow", "--no-patch"]
    if paths:
        # A path is a path: without the prefix `[a].py` is a pattern and `:x` is magic.
        literal = (f":(literal){path}" for path in paths)
        done = git.run(*args, "--end-of-options", *revisions, "--", *literal)
    else:  # thousands of commits do not fit a command line
        wanted = "".join(f"{revision}\n" for revision in revisions)
        done = git.run(*args, "--stdin", stdin=wanted.encode("utf-8", "surrogateescape"))
    # Cut before they become text: anyone may write messages and notes of any size.
    fields = [decode(field[:_LARGEST]) for field in done.stdout.split(b"\0")]
    size = len(_FIELDS)
    return [_commit(fields[i : i + size]) for i in range(0, len(fields) - size + 1, size)]


def _commit(fields: list[str]) -> Commit:
    sha, parents, author, date, subject, body, note = fields
    linked = trailers.parse(body)
    return Commit(
        sha=sha.strip("\n"),
        parents=tuple(parents.split()),
        author=author,
        date=date,
        subject=subject if len(subject) <= _LONGEST_SUBJECT else f"{subject[:_LONGEST_SUBJECT]}…",
        trailers=(*linked.sessions, *linked.decisions),
        entries=tuple(_distinct(parse_entries(note))),
    )


def _distinct(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entries, one told twice only once: by this commit, and by one it was made of.

    Two clones may write the same note at the same time, one from the hook, one by relinking.
    """
    if not any("from" in entry for entry in entries):
        return entries
    told: set[str] = set()
    found = []
    for entry in sorted(entries, key=lambda entry: "from" in entry):
        line = format_entries([{name: value for name, value in entry.items() if name != "from"}])
        if "from" not in entry or line not in told:
            found.append(entry)
        told.add(line)
    return found
