"""Commits whose post-commit hook never came to its end: killed, or made where no hook runs.

What was recorded for such a commit still waits when the next one is made, and
would be told of the wrong commit. HEAD's reflog says which commits came
between; history says it of those that the reflog does not list.
Light on purpose: the hooks use it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from kagura_git import permissions
from kagura_git.git import belonging, edit_content, notes
from kagura_git.git.commit_entries import Fact, describe
from kagura_git.git.commit_moves import AMENDED, COMMITS, named
from kagura_git.git.diff import commit_changes
from kagura_git.git.head_move import Move, recent_moves
from kagura_git.git.run import Git
from kagura_git.git.unlogged_commits import unlogged
from kagura_git.git.unwritten import Note

__all__ = ["AMENDED", "COMMITS", "find", "remember", "remembered", "settle", "without"]

_MARK: Final = "noted"
# Each costs some milliseconds of a commit. An amended commit is looked at without a reason, too.
_MOST: Final = 20


def remember(folder: str, move: Move) -> None:
    """Keep in mind that a commit's note is on its way: nothing before it was missed.

    But for an amended commit: its former note is still to be copied, by git.
    """
    if move.how == AMENDED:
        return
    with contextlib.suppress(OSError):
        mark = permissions.open_file(os.path.join(folder, _MARK), os.O_WRONLY | os.O_TRUNC)
        with open(mark, "w", encoding="ascii") as file:
            file.write(move.new)


def without(facts: Mapping[str, Fact], used: Sequence[Note]) -> dict[str, Fact]:
    """Return the facts that none of these notes has taken."""
    taken = {key for note in used for key in note.facts}
    return {key: fact for key, fact in facts.items() if key not in taken}


def find(
    git: Git,
    git_dir: str,
    folder: str,
    facts: Mapping[str, Fact],
    late: Sequence[Note],
    before: str | None,
) -> list[Note]:
    """Return notes that wait with those that commits before HEAD's last move never got.

    Args:
        folder: the worktree's working memory.
        facts: what waits for a note.
        late: the notes that wait.
        before: the commit that HEAD was at before its last move.
    """
    mark = remembered(folder)
    if mark is not None and mark == before:
        return list(late)  # as always, but for kills and programs that run no hooks
    moves = named(git, recent_moves(git_dir))
    found = _logged(git, git_dir, facts, late, moves[:-1], moves, mark)
    return _unlogged(git, git_dir, without(facts, found), found, before, moves)


def settle(
    git: Git, git_dir: str, folder: str, facts: Mapping[str, Fact], late: Sequence[Note], tip: str
) -> list[Note]:
    """Return notes that wait with those that commits up to HEAD never got.

    Args:
        folder: the worktree's working memory.
        tip: the commit of HEAD.
    """
    mark = remembered(folder)
    moves = named(git, recent_moves(git_dir))
    found = _logged(git, git_dir, facts, late, moves, moves, mark)
    return _unlogged(git, git_dir, without(facts, found), found, tip, moves)


def _logged(
    git: Git,
    git_dir: str,
    facts: Mapping[str, Fact],
    late: Sequence[Note],
    wanted: Sequence[Move],
    moves: Sequence[Move],
    mark: str | None,
) -> list[Note]:
    """Return notes that wait with those of commits that the reflog lists."""
    heads = {move.new: number for number, move in enumerate(moves)}
    first = heads.get(mark or "", -1) + 1
    found = list(late)
    for number, move in [*enumerate(wanted)][first:]:
        following = moves[number + 1] if number + 1 < len(moves) else None
        if move.how not in COMMITS or (following is not None and following.old == move.old):
            continue  # git writes the reflog first: killed before the branch, it made no commit
        left = without(facts, found)
        fitting = {k: fact for k, fact in left.items() if _fits(fact, move, number, heads)}
        fitting = belonging.on_line(git, git_dir, fitting, move.old)
        recent = number >= len(wanted) - _MOST
        if fitting or (move.how == AMENDED and recent):
            note = _note(git, move, fitting, found)
            found = _joined(found, note) if note is not None else found
    return found


def _unlogged(
    git: Git,
    git_dir: str,
    facts: Mapping[str, Fact],
    found: Sequence[Note],
    tip: str | None,
    moves: Sequence[Move],
) -> list[Note]:
    """Return notes with those of commits between a fact's HEAD and a tip that no log lists.

    Each fact goes to the oldest commit that may have taken it: its user's own, made
    after the fact, with the content that the fact knows.
    """
    found = list(found)
    changes = {key: fact for key, fact in facts.items() if fact.get("kind") == "change"}
    changes = belonging.on_line(git, git_dir, changes, tip) if tip and changes else {}
    if not changes or tip is None:
        return found
    identity = moves[-1].identity if moves else git.text("var", "GIT_COMMITTER_IDENT")
    email = identity[identity.find("<") + 1 : identity.rfind(">")]
    for commit in unlogged(git, changes.values(), tip, moves):
        left = without(changes, found)
        possible = {
            key: fact
            for key, fact in left.items()
            if fact.get("path") in commit.paths and commit.may_have_taken(fact, email)
        }
        possible = {k: f for k, f in possible.items() if _is_after(git, f, commit.sha)}
        if possible:
            old = next(iter(commit.parents), None)
            move = Move(old, commit.sha, _signed_by(identity), "commit", commit.committed)
            note = _note(git, move, possible, found)
            found = _joined(found, note) if note is not None else found
    return found


def _is_after(git: Git, fact: Fact, sha: str) -> bool:
    """Tell whether a commit is built upon the one that HEAD was at when a fact was recorded."""
    done = git.run("merge-base", "--is-ancestor", str(fact.get("head")), sha, ok=(0, 1, 128))
    return done.returncode == 0


def _signed_by(identity: str) -> str:
    return identity[: identity.rfind(">") + 1] or "unknown"


def _joined(notes_: Sequence[Note], more: Note) -> list[Note]:
    """Return the notes with one more; a commit has one of them."""
    same = [note for note in notes_ if note.commit == more.commit]
    for note in same:
        entries = [*note.entries, *(entry for entry in more.entries if entry not in note.entries)]
        more = more._replace(entries=entries, facts=[*note.facts, *more.facts])
    return [*(note for note in notes_ if note.commit != more.commit), more]


def remembered(folder: str) -> str | None:
    """Return the last commit whose note a hook has seen to."""
    try:
        with open(os.path.join(folder, _MARK), encoding="ascii") as file:
            return file.read(64) or None
    except (OSError, UnicodeDecodeError):
        return None


def _fits(fact: Fact, move: Move, number: int, heads: Mapping[str, int]) -> bool:
    """Tell whether a fact was recorded before HEAD made this move."""
    head = fact.get("head")
    if isinstance(head, str) and head in heads:
        return number > heads[head]
    if head is None and fact.get("kind") == "change" and move.old is None:
        return True  # recorded before the first commit
    try:
        at = datetime.fromisoformat(str(fact.get("at"))).timestamp()
    except ValueError:
        return False
    # The reflog counts whole seconds; a new record's file is in no commit before its record.
    return move.at >= int(at) if fact.get("relation") == "recorded" else move.at > at


def _note(git: Git, move: Move, facts: Mapping[str, Fact], earlier: Sequence[Note]) -> Note | None:
    """Return what the hook would have noted about a commit, None where it misses nothing."""
    changes = commit_changes(git, move.new)
    amended = move.old if move.how == AMENDED else None
    held = notes.read(git, [move.new, amended] if amended else [move.new])
    held.update((n.commit, [*held.get(n.commit, []), *n.entries]) for n in earlier)
    there = held.get(move.new, [])
    # git copies an amended commit's note when the hook has ended: it may be killed before that.
    lacking = [entry for entry in held.get(amended or "", []) if entry not in there]
    known = [*there, *lacking]
    before = amended or move.old or next(iter(changes.parents), None)
    if amended:
        facts = belonging.amended(git, facts, amended, move.new, now=False)
    facts = edit_content.fitting(git, facts, before, move.new, missed=True)
    _, taken = describe(changes, facts, None, known)
    if not taken and not lacking:
        return None
    session = next((s for key in taken if (s := facts[key].get("session"))), None)
    entries, taken = describe(changes, {key: facts[key] for key in taken}, session, known)
    return Note(move.new, [*lacking, *entries], move.identity, taken)
