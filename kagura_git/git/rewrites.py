"""What a rebase said it rewrote, and which notes git copied to a commit they do not belong to.

git copies a note to whatever commit was HEAD when a pick ended. A pick that was
skipped, or whose change was there already, so leaves its note on the commit
before it. Light on purpose: the post-rewrite hook uses it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kagura_git.git import notes
from kagura_git.git.notes import Entry
from kagura_git.git.run import Git, decode
from kagura_git.git.unwritten import Note
from kagura_git.model.entries import format_entries

_JOINED: Final = ("squash", "fixup", "s", "f")
_IDENTITY: Final = "--format=%H%x00%an%x00%ae%x00%at%x00%s"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """One rebase, as its state files tell it while the post-rewrite hook runs.

    Attributes:
        olds: per new commit, the commits git says it came from.
        onto: the commit that was rebased onto.
        joined: the commits that the list of steps squashed into the one before them.
    """

    olds: Mapping[str, tuple[str, ...]]
    onto: str
    joined: frozenset[str]


def read(git_dir: str) -> Rewritten | None:
    """Return the rebase that is just ending in this worktree, or None if there is none."""
    for folder, name in (("rebase-merge", "rewritten-list"), ("rebase-apply", "rewritten")):
        state = os.path.join(git_dir, folder)
        pairs = [line.split() for line in _lines(os.path.join(state, name))]
        if not pairs:
            continue
        olds: dict[str, tuple[str, ...]] = {}
        for old, new, *_ in (pair for pair in pairs if len(pair) >= 2):
            olds[new] = (*olds.get(new, ()), old)
        steps = [line.split() for line in _lines(os.path.join(state, "done"))]
        joined = {
            next((word for word in step[1:] if not word.startswith("-")), "")
            for step in steps
            if step and step[0] in _JOINED
        }
        onto = "".join(_lines(os.path.join(state, "onto")))
        return Rewritten(olds, onto, frozenset(joined))
    return None


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []


def misplaced(git: Git, rewritten: Rewritten) -> dict[str, list[Entry]]:
    """Return, by commit, the entries of its note that came from commits it is not made of.

    A pick keeps author, author's date and subject (without the last if it was
    reworded); what neither keeps these nor was squashed was dropped on the way.
    Where nothing tells, nothing is named.
    """
    doubtful = {
        new: olds for new, olds in rewritten.olds.items() if len(olds) > 1 or new == rewritten.onto
    }
    if not doubtful:
        return {}
    identities = _identities(git, [*doubtful, *(old for olds in doubtful.values() for old in olds)])
    strangers = {
        new: found
        for new, olds in doubtful.items()
        if (found := _strangers(new, olds, rewritten, identities))
    }
    texts = notes.read(git, [*strangers, *(old for olds in doubtful.values() for old in olds)])
    wrong: dict[str, list[Entry]] = {}
    for new, found in strangers.items():
        own = [old for old in doubtful[new] if old not in found]
        kept = {_line(entry) for old in own for entry in texts.get(old, [])}
        if new == rewritten.onto:
            kept |= {_line(entry) for entry in _before(git, new)}
        came = {_line(entry) for old in found for entry in texts.get(old, [])} - kept
        entries = [entry for entry in texts.get(new, []) if _line(entry) in came]
        if entries:
            wrong[new] = entries
    return wrong


def followed(found: Sequence[Note], rewritten: Rewritten) -> list[Note]:
    """Return notes with their copies for what the rebase has made of their commits."""
    heirs = {old: new for new, olds in rewritten.olds.items() for old in olds}
    notes_: dict[str, Note] = {}
    for note in found:
        for sha in dict.fromkeys((note.commit, heirs.get(note.commit, note.commit))):
            known = notes_.get(sha)
            entries = [*known.entries, *note.entries] if known else note.entries
            facts = [*known.facts, *note.facts] if known else note.facts
            notes_[sha] = Note(sha, entries, note.identity, facts)
    return list(notes_.values())


def _strangers(
    new: str, olds: tuple[str, ...], rewritten: Rewritten, identities: Mapping[str, str]
) -> set[str]:
    def joined(old: str) -> bool:
        return any(old.startswith(short) for short in rewritten.joined if short)

    if new == rewritten.onto:
        return {old for old in olds if not joined(old)}
    same = {old for old in olds if identities.get(old) == identities.get(new)} or {
        old for old in olds if _reworded(identities.get(old)) == _reworded(identities.get(new))
    }
    if not same:  # an author or a date was changed on the way: no telling which one it is
        return set()
    return {old for old in olds if old not in same and not joined(old)}


def _reworded(identity: str | None) -> str | None:
    return identity and identity.rpartition("\0")[0]


def _identities(git: Git, commits: list[str]) -> dict[str, str]:
    wanted = "".join(f"{sha}\n" for sha in dict.fromkeys(commits)).encode()
    done = git.run("log", "--no-walk=unsorted", _IDENTITY, "--stdin", stdin=wanted, ok=(0, 128))
    lines = decode(done.stdout).splitlines()
    return {sha: identity for sha, _, identity in (line.partition("\0") for line in lines)}


def _before(git: Git, commit: str) -> list[Entry]:
    """Return a commit's entries as they were before git copied the rebase's notes."""
    return notes.read(git, [commit], at=f"{notes.REF}^").get(commit, [])


def _line(entry: Entry) -> str:
    return format_entries([entry])
