"""Commits with the memory that hangs on them: trailers in the message, entries in the note."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final

from kagura_git.git import fields, notes, trailers
from kagura_git.git.run import Git, decode
from kagura_git.model.entries import LARGEST, format_entries, parse_entries
from kagura_git.model.ids import is_id

_FIELDS: Final = ("%H", "%P", "%an <%ae>", "%aI", "%s", "%b")
_LONGEST_SUBJECT: Final = 20_000


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
    """Return commits, newest first, in one spawn; where notes are large, in a few.

    Args:
        revisions: what to walk from, such as ``["main..HEAD"]``; with
            ``walk=False`` exactly the commits to return.
        paths: only commits that touch one of these; a single path is followed over renames.
    """
    if not revisions:
        return []
    args = ["-z", "--encoding=UTF-8", "--no-show-signature", "--no-ext-diff", "--no-textconv"]
    if limit is not None:
        args.append(f"--max-count={limit}")
    if not walk:
        args.append("--no-walk=unsorted")
    if len(paths) == 1 and walk:
        args += ["--follow", "--no-patch"]
    wanted = b""
    if paths:
        # A path is a path: without the prefix `[a].py` is a pattern and `:x` is magic.
        literal = (f":(literal){path}" for path in paths)
        args += ["--end-of-options", *revisions, "--", *literal]
    else:  # thousands of commits do not fit a command line
        args.append("--stdin")
        wanted = "".join(f"{name}\n" for name in revisions).encode("utf-8", "surrogateescape")
    found = _with_notes(git, args, wanted)
    return _and_notes(git, args, wanted) if found is None else found


def _with_notes(git: Git, args: list[str], wanted: bytes) -> list[Commit] | None:
    """Return what one `git log` tells; None where the notes are too large to take them so."""
    names = (*_FIELDS, "%N")
    with closing(_told(git, [f"--notes={notes.REF}", *args], wanted, names)) as told:
        found: list[Commit] = []
        left = notes.ALTOGETHER
        for *plain, note in told:
            left += notes.EACH - len(note)
            if left < 0 or len(note) >= LARGEST:
                return None
            entries = tuple(_distinct(parse_entries(decode(note))))
            found.append(_commit(plain, entries))
        return found


def _and_notes(git: Git, args: list[str], wanted: bytes) -> list[Commit]:
    told = list(_told(git, ["--no-notes", *args], wanted, _FIELDS))
    entries = notes.read(git, [decode(sha).strip("\n") for sha, *_ in told])
    return [
        _commit(plain, tuple(_distinct(entries.get(decode(plain[0]).strip("\n"), []))))
        for plain in told
    ]


def _told(
    git: Git, args: list[str], wanted: bytes, names: Sequence[str]
) -> Generator[tuple[bytes, ...]]:
    form = "--format=tformat:" + "%x00".join(names)
    with closing(fields.read(git, ["log", form, *args], LARGEST, stdin=wanted)) as told:
        yield from zip(*[told] * len(names), strict=False)


def _commit(told: Sequence[bytes], entries: tuple[dict[str, Any], ...]) -> Commit:
    sha, parents, author, date, subject, body = map(decode, told)
    linked = trailers.parse(body)
    return Commit(
        sha=sha.strip("\n"),
        parents=tuple(parents.split()),
        author=author,
        date=date,
        subject=subject if len(subject) <= _LONGEST_SUBJECT else f"{subject[:_LONGEST_SUBJECT]}…",
        trailers=(*linked.sessions, *linked.decisions),
        entries=entries,
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
