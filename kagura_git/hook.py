"""What the installed git hooks run: ``main(["post-commit"])``, as fast as Python starts.

The shims in ``hooks/`` decide in sh whether there is anything to do; then this
is started with ``python -I -S``, so only the standard library and our light
modules are at hand. Records that kagura did not write itself are the one case
that needs the YAML and validation packages; :func:`_check` opens the way to
them. Whatever goes wrong here is one line on stderr: a commit stops only for a
staged record that is broken or holds a secret.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Final

from kagura_git.disk import CannotWrite
from kagura_git.errors import GitError, KaguraError
from kagura_git.git import belonging, edit_content, made_of, missed, notes, unwritten
from kagura_git.git.commit_entries import Fact, describe
from kagura_git.git.commit_moves import made_here
from kagura_git.git.diff import commit_changes
from kagura_git.git.guarded import guarded
from kagura_git.git.head_move import Move, last_move
from kagura_git.git.missed import AMENDED, COMMITS
from kagura_git.git.run import Git
from kagura_git.git.unwritten import Note
from kagura_git.git.versions import RECORDS, Version
from kagura_git.model.ids import id_in_name, is_id
from kagura_git.model.printable import one_line
from kagura_git.stderr import write_line
from kagura_git.store.working import Working

STOP: Final = 10  # no code that a crash or a signal gives: only then the shim stops a commit
_REPLAYS: Final = ("rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "REVERT_HEAD", "sequencer")
WAITS: Final = 11  # a note is not written yet: the shim starts another try in the background
_PATIENCE: Final = 1.4  # seconds; with the last try of git itself a user waits 2 at most
_LOCK_PATIENCE: Final = 2.0
_MOST_LINES: Final = 20


def main(argv: Sequence[str]) -> int:
    """Run one hook; returns 0, or ``STOP`` if the commit must not be made."""
    name = argv[0] if argv else ""
    try:
        git, git_dir = _here()
        match name:
            case "pre-commit":
                try:
                    _stage(git, git_dir)
                except KaguraError as error:  # they wait for the next commit
                    _say(f"{name}: {' '.join(str(error).split())}")
                return STOP if _check(git, git_dir) else 0
            case "stage":  # pre-commit, before it looks at what is staged
                _stage(git, git_dir)
            case "post-commit":
                _remember(git, git_dir)
            case "post-rewrite":
                _correct(git, git_dir)
            case "post-merge":
                _mend(git, git_dir)
            # No hooks of git, but what post-commit starts behind its back.
            case "unwritten" | "settle" if _alone(git_dir, name):
                _write_late(git, git_dir) if name == "unwritten" else _settle(git, git_dir)
            case _:
                pass  # the other hooks are sh alone
    except _Waits as error:
        _say(f"{name}: {error.message}")
        return WAITS
    except KaguraError as error:
        _say(f"{name}: {' '.join(str(error).split())}")
    except Exception as error:  # noqa: BLE001 - an edge: a commit never fails because of us
        _say(f"{name}: {type(error).__name__}: {error}; please report this")
    return 0


def _say(line: str) -> None:
    # What others wrote stands in it: file names, fields, git's own words.
    write_line(f"kagura: {one_line(line, 2000)}")


def _here() -> tuple[Git, str]:
    """Return git as the hook must call it, and this worktree's git directory.

    git runs a hook at the top of the work tree; its GIT_DIR and GIT_INDEX_FILE
    are exactly right here, where nothing leaves this repository.
    """
    # Guarded, also against a partial clone that would wait for the network.
    env = guarded({**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"})
    git = Git(os.getcwd(), env)
    git_dir = os.environ.get("GIT_DIR", ".git")
    if not os.path.isdir(git_dir):
        git_dir = git.text("rev-parse", "--absolute-git-dir")
    return git, os.path.abspath(git_dir)


# post-commit


def _remember(git: Git, git_dir: str) -> None:
    """Write the note of the commit just made, then forget the facts that it took."""
    working = Working(os.path.join(git_dir, "kagura"))
    session, facts = working.active_session(), working.pending()
    by_hand = _take_mark(working)
    late = unwritten.waiting(working.folder)
    marked = made_of.is_marked(working.folder)
    if not session and not facts and not by_hand and not late and not marked:
        return
    if any(os.path.exists(os.path.join(git_dir, name)) for name in _REPLAYS):
        if marked:
            _take_over(git, git_dir, working)
        return
    facts = missed.without(facts, late)
    move = last_move(git, git_dir)
    if move is not None:
        move = made_here(git, git_dir, move)
    if move and move.how in COMMITS:
        late = missed.find(git, git_dir, working.folder, facts, late, move.old)
        made = _note(git, git_dir, move, missed.without(facts, late), session, late)
        made = made_of.joined(git, git_dir, working.folder, move, made)
        late += [made] if made is not None else []
        try:
            for note in late:
                unwritten.keep(working.folder, note)
        except CannotWrite as error:  # git's own disk may be another one, or have room for it
            _say(str(error))
        missed.remember(working.folder, move)
    elif marked:
        _take_over(git, git_dir, working)
    _write_notes(git, working, late, _PATIENCE)


def _take_over(git: Git, git_dir: str, working: Working) -> None:
    """Write what a cherry-picked commit has from the one it was picked from."""
    move = last_move(git, git_dir)
    note = made_of.joined(git, git_dir, working.folder, move, None) if move is not None else None
    if note is not None:
        unwritten.keep(working.folder, note)
        _write_notes(git, working, [note], _PATIENCE)


def _note(
    git: Git, git_dir: str, move: Move, facts: dict[str, Fact], session: str | None,
    late: list[Note],
) -> Note | None:  # fmt: skip
    """Return what is to be noted about the commit just made, None for nothing."""
    changes = commit_changes(git, move.new)
    before = move.old or next(iter(changes.parents), None)
    ours = belonging.on_line(git, git_dir, facts, before)
    if move.how == AMENDED and before:
        ours = belonging.amended(git, ours, before, move.new, now=True)
    ours = edit_content.fitting(git, ours, before, move.new)
    # git itself copies the note of an amended commit, if it was written.
    copied = [note for note in late if move.how == AMENDED and note.commit == before]
    known = notes.read(git, [before]).get(before, []) if move.how == AMENDED and before else []
    known += [entry for note in copied for entry in note.entries]
    entries, taken = describe(changes, ours, session if session and is_id(session) else None, known)
    entries = [entry for note in copied for entry in note.entries] + entries
    return Note(move.new, entries, move.identity, taken) if entries or taken else None


def _write_notes(git: Git, working: Working, wanted: list[Note], patience: float) -> None:
    """Write notes, and forget the facts they come from; only then nothing else refers to them."""
    if not wanted:
        return
    try:
        unwritten.write(git, working.folder, wanted, patience=patience)
    except GitError as error:
        raise _Waits(
            f"{error.message.splitlines()[0]}; it is kept, and the next commit writes it"
        ) from None
    _journal(working, wanted)
    for key in (key for note in wanted for key in note.facts):
        working.drop_pending(key)


def _journal(working: Working, written: list[Note]) -> None:
    """Keep what was written into notes: a history filter may prune them with their commits."""
    from datetime import UTC, datetime

    from kagura_git.store.reason_journal import ReasonJournal

    common = _common(os.path.dirname(working.folder))
    kept: dict[str, list[Fact]] = {}
    for note in written:
        kept.setdefault(note.commit, []).extend(note.entries)
    ReasonJournal(os.path.join(common, "kagura", "journal")).keep(kept, datetime.now(UTC))


class _Waits(KaguraError):
    """A note waits to be written."""


def _alone(git_dir: str, name: str) -> bool:
    """Tell whether no other process of this name works here; then none will start."""
    import atexit

    from kagura_git import atomic, lock_file

    folder = os.path.join(git_dir, "kagura")
    atomic.make_folder(folder)
    try:
        release = lock_file.acquire(os.path.join(folder, f"{name}.lock"), 0)
    except lock_file.Held:
        return False
    atexit.register(release)  # held until this process ends
    return True


def _settle(git: Git, git_dir: str) -> None:
    from kagura_git.git import untouched

    untouched.keep(git, git_dir)


def _write_late(git: Git, git_dir: str) -> None:
    """Write the notes that a post-commit hook left, with more patience: nobody waits for it."""
    working = Working(os.path.join(git_dir, "kagura"))
    while late := unwritten.waiting(working.folder):
        _write_notes(git, working, late, 30.0)


def _take_mark(working: Working) -> bool:
    """Return whether the pre-commit shim saw staged records, and remove its mark."""
    try:
        os.unlink(os.path.join(working.folder, "staged"))
    except OSError:
        return False
    return True


# post-rewrite


def _correct(git: Git, git_dir: str) -> None:
    """Correct the notes of a rebase: git copied some wrongly, and some were not there yet."""
    from kagura_git.git import rewrites

    rewritten = rewrites.read(git_dir)
    move = last_move(git, git_dir)
    if rewritten is None or move is None:
        return
    wrong = rewrites.misplaced(git, rewritten)
    notes.take_away(git, wrong, move.identity, patience=_PATIENCE)
    working = Working(os.path.join(git_dir, "kagura"))
    facts = working.pending("C-")
    if facts:
        found = missed.settle(git, git_dir, working.folder, facts, [], move.new)
        found = rewrites.followed(found, rewritten)
        for note in found:
            unwritten.keep(working.folder, note)
        _write_notes(git, working, found, _PATIENCE)


# post-merge


def _mend(git: Git, git_dir: str) -> None:
    """Merge again what the merge or pull just made has lost or broken."""
    from kagura_git.git import strays
    from kagura_git.git.suspects import Suspects, suspects

    move = last_move(git, git_dir)
    if move is None:
        return
    common = _common(git_dir)
    own = os.path.join(common, "kagura", "journal")
    found = suspects(git, common, move.old, move.new, lambda version: _is_own(own, version))
    if found is None and strays.waiting(os.path.join(git_dir, "kagura")):
        found = Suspects([], [])
    if found is None:
        return
    import site

    site.main()
    from kagura_git.services.repair import repair
    from kagura_git.workspace import open_workspace

    ws = open_workspace(git.cwd, os.environ)
    done = repair(ws, merges=found.merges, paths=found.paths, patience=_LOCK_PATIENCE)
    for repaired in done[:_MOST_LINES]:
        _say(repaired.line)
    if len(done) > _MOST_LINES:
        _say(f"and {len(done) - _MOST_LINES} more; `git status` and `git kagura doctor` show them")


# pre-commit


def _stage(git: Git, git_dir: str) -> None:
    """Stage the records that wait for it, if the settings say that a commit stages them."""
    working = Working(os.path.join(git_dir, "kagura"))
    waiting = working.at_commit()
    if not waiting or any(os.path.exists(os.path.join(git_dir, name)) for name in _REPLAYS):
        return
    from kagura_git import settings
    from kagura_git.git import commit_staging, other_branches
    from kagura_git.git.repo import Repository

    if commit_staging.is_partial(git.env.get("GIT_INDEX_FILE", "")):
        return
    repo = Repository(git, git.cwd, git_dir, _common(git_dir))
    folder = other_branches.settings_folder(repo)
    if settings.load_or_careful(folder, git.env).stage == "commit":
        working.drop_at_commit(commit_staging.stage(git, git.cwd, waiting))


def _check(git: Git, git_dir: str) -> bool:
    """Say what is wrong with staged records; True if anything is."""
    own = os.path.join(_common(git_dir), "kagura", "journal")
    unknown = [version for version in _staged(git) if not _is_own(own, version)]
    if not unknown:
        return False
    import site

    site.main()  # -S left it out: now the packages of this Python are needed
    from kagura_git.services.staged import problems

    found = problems(git, unknown)
    for problem in found[:_MOST_LINES]:
        _say(f"{problem.where}: {problem.message}. {problem.hint}".rstrip())
    if len(found) > _MOST_LINES:
        _say(f"and {len(found) - _MOST_LINES} more; `git kagura doctor` names the files")
    if found:
        _say("the commit was stopped; correct the record and stage it again with `git add`")
    return bool(found)


def _staged(git: Git) -> Iterator[Version]:
    """Yield the record files that the commit would add or change, in git's own staging area."""
    fields = git.fields(
        "diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff",
        "--no-textconv", "--diff-filter=AMT", "--", ".kagura",
    )  # fmt: skip
    for meta, path in zip(fields[::2], fields[1::2], strict=False):
        _, mode, _, blob, _ = meta.split(" ")
        version = Version(path, mode, blob)
        is_record = path.startswith(RECORDS) and path.endswith(".yaml")
        # A link or a submodule in the place of a folder: nothing would be read through it.
        hides = path == ".kagura" or f"{path}/".startswith(RECORDS)
        if is_record or (hides and not version.is_file):
            yield version


def _common(git_dir: str) -> str:
    try:
        with open(os.path.join(git_dir, "commondir"), encoding="utf-8") as file:
            return os.path.normpath(os.path.join(git_dir, file.read().removesuffix("\n")))
    except OSError:
        return git_dir


def _is_own(journal: str, version: Version) -> bool:
    """Tell whether kagura wrote these very bytes: then it has validated and redacted them."""
    try:
        months = os.listdir(journal)
    except OSError:
        return False
    name = f"{id_in_name(version.path.rsplit('/', 1)[-1])}.{version.blob}.yaml"
    return any(os.path.exists(os.path.join(journal, month, name)) for month in months)
