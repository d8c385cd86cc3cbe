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
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from kagura_git.errors import InvalidRecord, KaguraError
from kagura_git.git import notes
from kagura_git.git.diff import CommitChanges, FileChange, commit_changes
from kagura_git.git.run import Git, decode
from kagura_git.model.ids import id_in_name, is_id, kind_of
from kagura_git.store.working import Working

STOP: Final = 10  # no code that a crash or a signal gives: only then the shim stops a commit
MAX_UNEXPLAINED: Final = 1000

_RECORDS: Final = (".kagura/decisions/", ".kagura/errors/", ".kagura/sessions/")
_REPLAYS: Final = ("rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "REVERT_HEAD", "sequencer")
# What a person or an assistant may know better than a comparison of two trees.
_TOLD: Final = ("refactor", "test")
_PATIENCE: Final = 8.0  # seconds that a user may wait for 40 others who commit at once
_COMMITS: Final = ("commit", "commit (initial)", "commit (amend)", "commit (merge)")

Fact = dict[str, Any]


class Move(NamedTuple):
    """The last move of HEAD: from where to where, by whom, how (``commit (amend)`` ...)."""

    old: str | None
    new: str
    identity: str
    how: str


def main(argv: Sequence[str]) -> int:
    """Run one hook; returns 0, or ``STOP`` if the commit must not be made."""
    name = argv[0] if argv else ""
    try:
        git, git_dir = _here()
        match name:
            case "pre-commit":
                return STOP if _check(git, git_dir) else 0
            case "post-commit":
                _remember(git, git_dir)
            case _:
                pass  # the other hooks are sh alone
    except KaguraError as error:
        _say(f"{name}: {' '.join(str(error).split())}")
    except Exception as error:  # noqa: BLE001 - an edge: a commit never fails because of us
        _say(f"{name}: {type(error).__name__}: {error}; please report this")
    return 0


def _say(line: str) -> None:
    print(f"kagura: {line}", file=sys.stderr)


def _here() -> tuple[Git, str]:
    """Return git as the hook must call it, and this worktree's git directory.

    git runs a hook at the top of the work tree; its GIT_DIR and GIT_INDEX_FILE
    are exactly right here, where nothing leaves this repository.
    """
    git = Git(os.getcwd(), {**os.environ, "LC_ALL": "C"})
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
    if not session and not facts and not by_hand:
        return
    if any(os.path.exists(os.path.join(git_dir, name)) for name in _REPLAYS):
        return
    move = last_move(git, git_dir)
    if move is None or move.how not in _COMMITS:
        return
    changes = commit_changes(git, move.new)
    before = move.old
    if before is None and changes.parents:
        before = changes.parents[0]
    ours = {key: fact for key, fact in facts.items() if _belongs(git, fact, before)}
    known = notes.read(git, [before]).get(before, []) if move.how == _COMMITS[2] and before else []
    entries, taken = describe(changes, ours, session if session and is_id(session) else None, known)
    if entries:
        notes.add(git, {move.new: entries}, move.identity, patience=_PATIENCE)
    for key in taken:
        working.drop_pending(key)


def _take_mark(working: Working) -> bool:
    """Return whether the pre-commit shim saw staged records, and remove its mark."""
    try:
        os.unlink(os.path.join(working.folder, "staged"))
    except OSError:
        return False
    return True


def last_move(git: Git, git_dir: str) -> Move | None:
    """Return HEAD's newest move; from its reflog file, which costs no process, or from git."""
    try:
        with open(os.path.join(git_dir, "logs", "HEAD"), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 65536))
            line = decode(file.read()).rstrip("\n").rsplit("\n", 1)[-1]
    except OSError:
        line = ""
    head, _, message = line.partition("\t")
    fields = head.split(" ", 2)
    if len(fields) == 3 and len(fields[1]) in (40, 64):
        old = fields[0] if fields[0].strip("0") else None
        identity = fields[2][: fields[2].rfind(">") + 1]
        return Move(old, fields[1], identity, message.split(":", 1)[0])
    return _asked_move(git)


def _asked_move(git: Git) -> Move | None:
    """The same where the reflog is kept in another form (reftable) or turned off."""
    wanted = ("log", "--no-show-signature", "--format=%H%x00%cn <%ce>%x00%gs")
    done = git.run(*wanted, "-g", "-2", "HEAD", ok=(0, 128))
    lines = decode(done.stdout).splitlines()
    if not lines:
        done = git.run(*wanted, "-1", "HEAD", ok=(0, 128))
        lines = [f"{line}commit:" for line in decode(done.stdout).splitlines()]
    if not lines:
        return None
    new, identity, message = lines[0].split("\0", 2)
    old = lines[1].split("\0", 1)[0] if len(lines) > 1 else None
    return Move(old, new, identity, message.split(":", 1)[0])


def _belongs(git: Git, fact: Fact, before: str | None) -> bool:
    """Tell whether a change was made on this line of history; records say so by their path."""
    head = fact.get("head")
    if fact.get("kind") != "change" or head is None or head == before:
        return True
    if before is None or not isinstance(head, str) or not head.isalnum():
        return False
    return git.run("merge-base", "--is-ancestor", head, before, ok=(0, 1, 128)).returncode == 0


def describe(
    changes: CommitChanges, facts: Mapping[str, Fact], session: str | None, known: Iterable[Fact]
) -> tuple[list[Fact], list[str]]:
    """Return a commit's entries, and the keys of the facts that they use up.

    Args:
        changes: what the commit changed.
        facts: what waits, by key; only what may belong to this commit.
        session: the active session.
        known: for an amended commit, the entries of the one it replaces; git
            itself carries those over.
    """
    held = list(known)
    explained = {entry.get("path") for entry in held if entry["kind"] == "change"}
    recorded = {entry.get("id") for entry in held if entry["kind"] != "change"}
    merge = len(changes.parents) > 1
    entries: list[Fact] = []
    taken: list[str] = []
    unexplained = 0
    for file in changes.files:
        matching = {key: fact for key, fact in facts.items() if _concerns(fact, file)}
        taken += matching
        if file.path.startswith(".kagura/"):
            found = _record_entries(file, matching.values(), session, quiet=merge)
            entries += [entry for entry in found if matching or entry["id"] not in recorded]
            continue
        entries += [_change_entry(file, session, fact) for fact in matching.values()]
        # A merge repeats what the other side's commits explain.
        if not matching and session and not merge and file.path not in explained:
            unexplained += 1
            if unexplained <= MAX_UNEXPLAINED:
                entries.append(_change_entry(file, session, {}))
    if unexplained > MAX_UNEXPLAINED:
        entries.append({"kind": "truncated", "count": unexplained - MAX_UNEXPLAINED})
    named = {entry.get("id") for entry in entries if entry.get("relation") == "recorded"}
    if session and session not in named:
        entries.append({"kind": "session", "id": session})
    return entries, taken


def _concerns(fact: Fact, file: FileChange) -> bool:
    if fact.get("kind") == "change" and file.path.startswith(".kagura/"):
        return False
    return fact.get("path") in (file.path, file.old_path)


def _change_entry(file: FileChange, session: str | None, fact: Fact) -> Fact:
    told = fact.get("action")
    entry: Fact = {
        "kind": "change",
        "id": fact.get("id"),
        "path": file.path,
        "old_path": file.old_path,
        "action": told if told in _TOLD else file.action,
        "lines": None if file.added is None else [file.added, file.deleted],
        "reason": fact.get("reason"),
        "session": fact.get("session") or session,
        "author": fact.get("author"),
        "at": fact.get("at"),
        "related_files": fact.get("related_files") or None,
        "line_range": fact.get("line_range"),
    }
    return {name: value for name, value in entry.items() if value is not None}


def _record_entries(
    file: FileChange, facts: Iterable[Fact], session: str | None, *, quiet: bool
) -> Iterator[Fact]:
    """Yield what a record file's change says; ``quiet``: only if a fact waited for it."""
    identifier = id_in_name(file.path.rsplit("/", 1)[-1])
    if identifier is None or not file.path.startswith(_RECORDS):
        return
    seen = {"A": "recorded", "D": "removed"}.get(file.status, "changed")
    relations = [] if seen == "removed" else [fact.get("relation") for fact in facts]
    for relation in dict.fromkeys(relations) or ([] if quiet else [seen]):
        entry = {"kind": kind_of(identifier), "id": identifier, "relation": relation or seen}
        yield {**entry, "session": session} if session not in (None, identifier) else entry


# pre-commit


class _Staged(NamedTuple):
    mode: str
    blob: str
    path: str


def _check(git: Git, git_dir: str) -> bool:
    """Say what is wrong with staged records; True if anything is."""
    unknown = [
        staged for staged in _staged(git) if not _is_own(_common(git_dir), staged.path, staged.blob)
    ]
    if not unknown:
        return False
    import site

    site.main()  # -S left it out: now the packages of this Python are needed
    from kagura_git.store.strict_yaml import MAX_BYTES

    contents = _blobs(git, [s.blob for s in unknown if s.mode.startswith("100")], MAX_BYTES + 1)
    problems = [problem for staged in unknown for problem in _problems(staged, contents)]
    for problem in problems:
        _say(f"{problem.where}: {problem.message}. {problem.hint}".rstrip())
    if problems:
        _say("the commit was stopped; correct the record and stage it again with `git add`")
    return bool(problems)


def _staged(git: Git) -> Iterator[_Staged]:
    """Yield the record files that the commit would add or change, in git's own staging area."""
    fields = git.fields(
        "diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--diff-filter=AMT",
        "--", ".kagura",
    )  # fmt: skip
    for meta, path in zip(fields[::2], fields[1::2], strict=False):
        _, mode, _, blob, _ = meta.split(" ")
        if path.startswith(_RECORDS) and path.endswith(".yaml"):
            yield _Staged(mode, blob, path)


def _common(git_dir: str) -> str:
    try:
        with open(os.path.join(git_dir, "commondir"), encoding="utf-8") as file:
            return os.path.normpath(os.path.join(git_dir, file.readline().rstrip("\n")))
    except OSError:
        return git_dir


def _is_own(common: str, path: str, blob: str) -> bool:
    """Tell whether kagura wrote these very bytes: then it has validated and redacted them."""
    identifier = id_in_name(path.rsplit("/", 1)[-1])
    journal = os.path.join(common, "kagura", "journal")
    try:
        months = os.listdir(journal)
    except OSError:
        return False
    name = f"{identifier}.{blob}.yaml"
    return any(os.path.exists(os.path.join(journal, month, name)) for month in months)


def _blobs(git: Git, blobs: Sequence[str], limit: int) -> dict[str, bytes]:
    """Return the bytes of each blob, cut at ``limit``."""
    out = git.run("cat-file", "--batch", stdin="".join(f"{b}\n" for b in blobs).encode()).stdout
    contents: dict[str, bytes] = {}
    at = 0
    for blob in blobs:
        end = out.index(b"\n", at)
        size = int(out[at:end].rsplit(b" ", 1)[-1])
        contents[blob] = out[end + 1 : end + 1 + min(size, limit)]
        at = end + 1 + size + 1
    return contents


def _problems(staged: _Staged, contents: Mapping[str, bytes]) -> Iterator[InvalidRecord]:
    from kagura_git.model.redact import redact, redact_record
    from kagura_git.store import codec

    data = contents.get(staged.blob)
    if data is None:
        hint = "Replace it with the record's text."
        yield InvalidRecord("a record must be a regular file", hint=hint, where=staged.path)
        return
    try:
        record = codec.loads(data, staged.path)
    except InvalidRecord as problem:
        yield problem
        return
    _, kinds = redact_record(record)  # type: ignore[type-var]
    if kinds:
        lines = enumerate(data.decode("utf-8").splitlines(), 1)
        line = next((number for number, text in lines if redact(text)[1]), 1)
        yield InvalidRecord(
            f"holds a secret ({', '.join(kinds)})",
            hint=f"Write [redacted:{kinds[0]}] in its place.",
            where=f"{staged.path}:{line}",
        )
