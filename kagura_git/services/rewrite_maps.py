"""Commits that a history filter has rewritten, as the map it left behind tells.

``git filter-repo`` prunes the old commits at once, so that nothing can be
compared any more; ``filter-repo/commit-map`` in the git directory says which
commit became which (https://github.com/newren/git-filter-repo, "Internals").
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from kagura_git import atomic
from kagura_git.git import ancestry, notes
from kagura_git.git.notes import Entry
from kagura_git.git.versions import record_at
from kagura_git.model import carried as entries_
from kagura_git.services.finding import Finding
from kagura_git.services.origin_search import Relinked
from kagura_git.services.traces import Traces
from kagura_git.store.files import FOLDER
from kagura_git.store.reason_journal import is_commit
from kagura_git.workspace import Workspace

_MAP: Final = ("filter-repo", "commit-map")
_MOST_LINES: Final = 2_000_000
_LONGEST: Final = 200
_MARK: Final = "commit-map-read"
HOW: Final = "filter-repo commit-map"


def read(common_dir: str) -> dict[str, str]:
    """Return the new commit of each old one that the last filter run has rewritten."""
    found: dict[str, str] = {}
    with (
        contextlib.suppress(OSError),
        open(os.path.join(common_dir, *_MAP), encoding="ascii", errors="replace") as file,
    ):
        for _ in range(_MOST_LINES):
            line = file.readline(_LONGEST)
            if not line:
                break
            words = line.split()
            # The first line is a heading; what was removed became zeros.
            if len(words) != 2 or words[0] == words[1] or not all(map(is_commit, words)):
                continue
            if words[1].strip("0"):
                found[words[0]] = words[1]
    return found


def unread(ws: Workspace) -> Iterator[Finding]:
    """Report notes that are still on commits which git filter-repo has rewritten."""
    olds = read(ws.repo.common_dir) if _marked(ws) != _age(ws) else {}
    noted = notes.all_notes(ws.repo.git) if olds else {}
    left = [new for old, new in olds.items() if old in noted and new not in noted]
    count = len(ancestry.present(ws.repo.git, left))
    if count:
        what = "a commit was" if count == 1 else f"{count} commits were"
        yield Finding(
            "notes", "warning", f"{what} rewritten by git filter-repo and lost what was noted",
            "Run `git kagura relink`.",
        )  # fmt: skip


def mark_read(ws: Workspace) -> None:
    """Remember that all commits of the present map were looked at; a new run writes another."""
    age = _age(ws)
    if age is not None:
        with contextlib.suppress(OSError):
            atomic.make_folder(ws.repo.shared)
            atomic.write(os.path.join(ws.repo.shared, _MARK), age.encode(), durable=False)


def _age(ws: Workspace) -> str | None:
    try:
        return str(os.stat(os.path.join(ws.repo.common_dir, *_MAP)).st_mtime_ns)
    except OSError:
        return None


def _marked(ws: Workspace) -> str | None:
    try:
        with open(os.path.join(ws.repo.shared, _MARK), encoding="ascii") as file:
            return file.read(40)
    except (OSError, UnicodeDecodeError):
        return None


def carried_over(
    t: Traces, olds: Mapping[str, str], kept: Mapping[str, list[Entry]], targets: Iterable[str]
) -> dict[str, Relinked]:
    """Return what commits take over from those they were rewritten from.

    Reasons come along only for files that the new commit changes. Where the filter moved
    every file into a folder or out of one, they are found there.

    Args:
        olds: the new commit of each old one.
        kept: what the journal has of commits.
        targets: the commits that may get something.
    """
    wanted = {*targets}
    pairs = [
        (old, new)
        for old, new in olds.items()
        if new in wanted and new in t.kin.commits and (old in t.entries or old in kept)
    ]
    t.read([new for _, new in pairs])
    sources = {old: _joined(t.entries.get(old, ()), kept.get(old, ())) for old, _ in pairs}
    seen = ((path, t.steps(new).keys()) for old, new in pairs for path in _paths(sources[old]))
    shift = _shift(seen)
    if shift is not None and not _is_moved(t, shift, [new for _, new in pairs]):
        shift = None
    found: dict[str, Relinked] = {}
    for old, new in pairs:
        entries = _carried(t, old, new, sources[old], shift)
        if entries:
            known = found[new].entries if new in found else ()
            t.entries[new] = [*t.entries.get(new, ()), *entries]
            origins = (*found[new].origins, old) if new in found else (old,)
            subject = t.kin.commits[new].subject
            found[new] = Relinked(new, subject, origins, HOW, (*known, *entries))
    return found


def _joined(noted: Iterable[Entry], kept: Iterable[Entry]) -> list[Entry]:
    found = list(noted)
    known = {entries_.identity(entry) for entry in found}
    return found + [entry for entry in kept if entries_.identity(entry) not in known]


def _paths(entries: Iterable[Entry]) -> Iterable[str]:
    return (e["path"] for e in entries if e["kind"] == "change" and isinstance(e.get("path"), str))


Shift = tuple[str, str]


def _shift(seen: Iterable[tuple[str, Iterable[str]]]) -> Shift | None:
    """Return the folder that every path lost, and the one that every path got, if any did.

    Where one path has stayed, none was moved as a whole: what is missing was filtered out.
    """
    shifts: set[Shift] = set()
    for path, changed in seen:
        for new in changed:
            if new == path:
                return None
            if new.endswith(f"/{path}"):
                shifts.add(("", new[: -len(path)]))
            elif path.endswith(f"/{new}"):
                shifts.add((path[: -len(new)], ""))
    return shifts.pop() if len(shifts) == 1 else None


def _is_moved(t: Traces, shift: Shift, news: Sequence[str]) -> bool:
    """Tell whether all files were moved, by the records, which were at the top."""
    newest = max(news, key=lambda sha: t.kin.commits[sha].committed)
    done = t.git.run("ls-tree", "--name-only", "-z", newest, "--", FOLDER, ok=(0, 128))
    if done.returncode or done.stdout:
        return False
    _, got = shift
    if not got:
        return True
    done = t.git.run("ls-tree", "-z", newest, "--", f"{got}{FOLDER}", ok=(0, 128))
    return bool(done.stdout)


def _carried(
    t: Traces, old: str, new: str, entries: Iterable[Entry], shift: Shift | None
) -> list[Entry]:
    found = list(entries)
    steps = t.steps(new)
    paths = None
    if shift is not None:
        lost, got = shift
        moved = [path for path in _all_paths(found) if path.startswith(lost)]
        paths = {path: got + path.removeprefix(lost) for path in moved}
    taker = entries_.Taker(
        sha=new,
        changed=steps.keys(),
        records={record for path in steps if (record := record_at(path)) is not None},
        held=t.entries.get(new, ()),
        named=t.ids(new),
        whole=True,
        paths=paths,
    )
    return entries_.carried(taker, [(old, found)])


def _all_paths(entries: Iterable[Entry]) -> Iterable[str]:
    for entry in entries:
        for name in ("path", "old_path"):
            if isinstance(entry.get(name), str):
                yield entry[name]
        yield from entry.get("related_files") or ()
