"""What killed processes and files long gone have left behind.

``doctor`` reports it; ``doctor --fix`` cleans what certainly nobody needs.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Final

from kagura_git.git import versions
from kagura_git.git.run import decode
from kagura_git.store.files import FOLDER
from kagura_git.workspace import Workspace

# As atomic.write names them: the process that wrote it, and six random digits.
_TEMPORARY: Final = re.compile(r"\.([0-9]+)\.[0-9a-f]{6}\.tmp\Z")
_MERGE_FILE: Final = re.compile(r"\.merge_file_\w{6}\Z")
_MERGE_RESULT: Final = re.compile(r"\.\.merge_file_\w{6}\.[0-9]+\.[0-9a-f]{6}\.tmp\Z")
_WRITING: Final = 600.0  # seconds; a container beside us may write here under numbers of its own
_REUSED: Final = 86_400.0  # a process of that number that runs now is another one
_LOCKED: Final = 600.0
_WAITING: Final = 7 * 86_400.0
# Where git locks beside HEAD and the refs: maintenance, packs, the commit-graph.
_LOCKING: Final = ("", "objects", "objects/info", "objects/info/commit-graphs", "objects/pack")
_MOST_FACTS: Final = 500  # their paths go on a command line; the others come next time


@dataclass(frozen=True, slots=True)
class Leftover:
    """One thing left behind.

    Attributes:
        path: the file.
        what: what it is, a few words.
        ours: whether it can be cleaned; a lock of git's own is the user's to judge.
    """

    path: str
    what: str
    ours: bool


def find(ws: Workspace) -> list[Leftover]:
    """Return what was left behind in ``.kagura`` and in the git folders."""
    return [*_temporary(ws), *_locks(ws), *_merge_files(ws), *_dead_facts(ws)]


def clean(ws: Workspace, left: list[Leftover]) -> list[Leftover]:
    """Take away what can be; returns what was taken."""
    taken = []
    for item in left:
        if item.ours:
            with contextlib.suppress(OSError):
                os.unlink(item.path)
                taken.append(item)
    return taken


def _temporary(ws: Workspace) -> Iterator[Leftover]:
    roots = dict.fromkeys([os.path.join(ws.repo.top, FOLDER), ws.repo.private, ws.repo.shared])
    # The merge driver writes its result beside git's own file, at the top of the work tree.
    results = [name for name in os.listdir(ws.repo.top) if _MERGE_RESULT.match(name)]
    folders = ((folder, names) for root in roots for folder, _, names in os.walk(root))
    for folder, names in chain([(ws.repo.top, sorted(results))], folders):
        for name in names:
            match = _TEMPORARY.search(name)
            path = os.path.join(folder, name)
            if match and _is_abandoned(int(match[1]), _age(ws, path)):
                yield Leftover(path, "a temporary file of a process that was killed", True)


def _is_abandoned(process: int, age: float) -> bool:
    if age < _WRITING:
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        pass  # it runs, and belongs to somebody else
    return age > min(_REUSED, _running_for(process) + 1.0)


def _running_for(process: int) -> float:
    """Return for how many seconds a process has run, as far as the system tells: it may be
    another one than the one that wrote under this number.
    """
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
            started = int(file.read().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        with open("/proc/uptime", encoding="ascii") as file:
            return float(file.read().split()[0]) - started
    except (OSError, ValueError, IndexError):
        return _REUSED


def _age(ws: Workspace, path: str) -> float:
    try:
        return ws.clock().timestamp() - os.lstat(path).st_mtime
    except OSError:
        return 0.0


def _locks(ws: Workspace) -> Iterator[Leftover]:
    """Yield git's own lock files that are too old for any command that still runs."""
    for path in _lock_files(ws):
        if _age(ws, path) > _LOCKED:
            yield Leftover(path, "a lock that a git command left when it was killed", False)


def _merge_files(ws: Workspace) -> Iterator[Leftover]:
    """Yield the files that git made for a merge driver and could not take away."""
    with os.scandir(ws.repo.top) as entries:
        paths = [entry.path for entry in entries if _MERGE_FILE.match(entry.name)]
    for path in sorted(paths):
        if _age(ws, path) > _LOCKED:
            yield Leftover(path, "one side of a merge that was killed", False)


def _lock_files(ws: Workspace) -> Iterator[str]:
    """Yield every lock of the staging area, the settings, HEAD, refs, their logs and objects."""
    for folder in dict.fromkeys((ws.repo.git_dir, ws.repo.common_dir)):
        for path in (os.path.join(folder, *inner.split("/")) for inner in _LOCKING):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                names = sorted(os.listdir(path))
                yield from (os.path.join(path, name) for name in names if name.endswith(".lock"))
        for inner in ("refs", "logs"):
            for path, _, names in os.walk(os.path.join(folder, inner)):
                yield from (os.path.join(path, name) for name in names if name.endswith(".lock"))


def _dead_facts(ws: Workspace) -> Iterator[Leftover]:
    """Yield what waits for the commit of a file that no commit can bring any more.

    That is: for a week, with the file neither in the work tree nor staged nor
    committed, and no stash that might hold it.
    """
    old = {
        key: fact
        for key, fact in ws.working.pending().items()
        if isinstance(fact.get("path"), str) and _waited(ws, fact) > _WAITING
    }
    gone = [key for key, fact in old.items() if not _exists(ws, fact["path"])][:_MOST_FACTS]
    if not gone or _has_stash(ws):
        return
    paths = sorted({old[key]["path"] for key in gone})
    known = versions.known_paths(ws.repo.git, paths)
    for key in sorted(gone):
        if old[key]["path"] not in known:
            path = os.path.join(ws.working.folder, "pending", f"{key}.json")
            yield Leftover(path, f"a fact about {old[key]['path']}, which is gone", True)


def _waited(ws: Workspace, fact: dict[str, Any]) -> float:
    try:
        at = datetime.fromisoformat(str(fact.get("at")))
    except ValueError:
        return 0.0
    return (ws.clock() - (at if at.tzinfo else at.replace(tzinfo=UTC))).total_seconds()


def _exists(ws: Workspace, path: str) -> bool:
    return os.path.lexists(os.path.join(ws.repo.top, *path.split("/")))


def _has_stash(ws: Workspace) -> bool:
    done = ws.repo.git.run("rev-parse", "--verify", "--quiet", "refs/stash", ok=(0, 1, 128))
    return bool(decode(done.stdout).strip())
