"""What the hooks add to `git commit`: python benchmarks/hooks.py [--runs N] [--sizes 100 ...].

For each size a generated repository with so many files, and as many records and
notes (10,000 of each at most). Every run commits once without hooks, once with
ours with nothing to do, once with a session and one new record, and once with
`pre-commit`, the Python tool, running one trivial hook, in turn, so that a busy
machine slows all alike. Then each of our hooks alone, beside an empty one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from kagura_git.git import shims
from kagura_git.git.repo import discover
from kagura_git.model.ids import new_id
from kagura_git.model.records import Decision
from kagura_git.services import setup
from kagura_git.store import codec
from kagura_git.workspace import Workspace, open_workspace

RANDOM = random.Random(7)
MOST = 10_000
BARE, IDLE, RECORD, BY_HAND, OTHER = "bare", "idle", "record", "by hand", "pre-commit"
EMPTY = "empty"
CONFIG = (
    "repos:\n- repo: local\n  hooks:\n  - {id: one, name: one, entry: 'true', language: system, "
    "always_run: true, pass_filenames: false}\n"
)
ARGUMENTS = {
    "prepare-commit-msg": [".git/HEAD"],
    "commit-msg": [".git/HEAD"],
    "post-checkout": ["a", "a", "1"],
    "post-merge": ["1"],
    "post-rewrite": ["amend"],
}


@dataclass
class Place:
    """A generated repository, and how to commit in it."""

    top: Path
    files: int
    ws: Workspace
    init_seconds: float


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 10_000, 100_000])
    options = parser.parse_args()
    environ = {n: v for n, v in os.environ.items() if not n.startswith("GIT_")}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else every hook would compile Python anew
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        other = pre_commit(Path(folder), environ)
        os.environ.clear()
        os.environ.update(
            environ, HOME=folder, GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=os.devnull
        )
        places = [generate(Path(folder, f"repo{size}"), size) for size in options.sizes]
        results = [commits(place, options.runs, other) for place in places]
        print_commits(places, results, options.runs)
        print_shims(places, options.runs)


def pre_commit(folder: Path, environ: dict[str, str]) -> Path | None:
    """Install pre-commit from the package index; returns a folder with its hook, or None."""
    python = folder / "tool/bin/python"
    hooks = folder / "other"
    git(folder, "init", "-q", str(hooks))
    (hooks / ".pre-commit-config.yaml").write_text(CONFIG)
    commands: list[tuple[list[str], Path]] = [
        ([sys.executable, "-m", "venv", str(folder / "tool")], folder),
        ([str(python), "-m", "pip", "install", "-q", "pre-commit"], folder),
        ([str(python), "-m", "pre_commit", "install"], hooks),
    ]
    for command, where in commands:
        done = subprocess.run(command, cwd=where, env=environ, capture_output=True, check=False)
        if done.returncode != 0:
            print(f"without pre-commit: {done.stderr.decode(errors='replace')[-200:]}")
            return None
    return hooks / ".git/hooks"


def generate(top: Path, files: int) -> Place:
    """Make the repository, everything committed, and set it up."""
    for number in range(files):
        file = top / f"src/d{number % max(1, files // 50):04}/f{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"value = {number}\n" * 5)
    for number in range(min(files, MOST)):
        kind = ("decision", "error", "session")[number % 3]
        identifier = new_id(kind, RANDOM.randbytes)
        file = top / f".kagura/{kind}s/20{16 + number % 10}-{1 + number % 12:02}/{identifier}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"schema: kagura/{kind}/1\nid: {identifier}\n")
    (top / ".pre-commit-config.yaml").write_text(CONFIG)
    git(top, "init", "-q")
    for name, value in (("user.name", "A"), ("user.email", "a@b.c"), ("gc.auto", "0")):
        git(top, "config", name, value)
    git(top, "config", "maintenance.auto", "false")
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "start")
    write_notes(top, min(files, MOST))
    os.sync()  # what was generated is not init's to write to the disk
    command = [sys.executable, "-m", "kagura_git", "-C", str(top), "init"]
    seconds = timed(command, Path(__file__).resolve().parent.parent) / 1000
    setup.init(discover(str(top), os.environ))
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "set up")
    return Place(top, files, open_workspace(str(top), os.environ), seconds)


def write_notes(top: Path, count: int) -> None:
    """Give a history of its own so many notes."""
    lines = []
    for number in range(count):
        signed = f"committer A <a@b.c> {1_700_000_000 + number} +0000"
        lines.append(f"commit refs/heads/history\nmark :{number + 1}\n{signed}\ndata 2\nx\n")
    lines.append("commit refs/notes/kagura\ncommitter A <a@b.c> 1700000000 +0000\ndata 2\nn\n")
    for number in range(count):
        note = "- " + json.dumps({"kind": "session", "id": f"S-{number:08}"})
        lines.append(f"N inline :{number + 1}\ndata <<E\n{note}\nE\n")
    git(top, "fast-import", "--quiet", stdin="\n".join(lines))


def commits(place: Place, runs: int, other: Path | None) -> dict[str, list[float]]:
    """Return the wall times of a commit by kind, in milliseconds."""
    kinds: dict[str, tuple[Callable[[], None], str | None]] = {
        BARE: (lambda: clear(place.ws), os.devnull),
        EMPTY: (lambda: clear(place.ws), empty_hooks(place)),
        IDLE: (lambda: clear(place.ws), None),
        RECORD: (lambda: record(place.ws), None),
        BY_HAND: (lambda: by_hand(place.ws), None),
    }
    if other is not None:
        kinds[OTHER] = (lambda: clear(place.ws), str(other))
    spent: dict[str, list[float]] = {kind: [] for kind in kinds}
    for run in range(runs + 2):
        for kind, (prepare, hooks) in kinds.items():
            if hooks is None:  # what our hooks know of the commit before, they know by its hooks
                one_commit(place, kinds[IDLE][0], None)
            took = one_commit(place, prepare, hooks)
            if run >= 2:  # the first ones warm the caches
                spent[kind].append(took)
    return spent


def empty_hooks(place: Place) -> str:
    """Make hooks that do nothing, in the place of ours: what git's own part of a hook costs."""
    folder = place.top / ".git/empty-hooks"
    folder.mkdir()
    for name in ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit"):
        (folder / name).write_text("#!/bin/sh\nexit 0\n")
        (folder / name).chmod(0o755)
    return str(folder)


def one_commit(place: Place, prepare: Callable[[], None], hooks: str | None) -> float:
    """Change a file, commit it, wait for what that has started; returns the commit's time."""
    number = RANDOM.randrange(place.files)
    file = place.top / f"src/d{number % max(1, place.files // 50):04}/f{number}.py"
    file.write_text(f"value = {RANDOM.random()}\n")
    git(place.top, "add", "--", str(file))
    prepare()
    options = ["-c", f"core.hooksPath={hooks}"] if hooks else []
    took = timed(["git", *options, "commit", "-q", "-m", "a change"], place.top)
    quiet(place)
    return took


def quiet(place: Place) -> None:
    """Wait until nothing runs in the background that the hooks have started."""
    end = time.monotonic() + 10
    pattern = str(place.top)
    while time.monotonic() < end:
        found = [
            path
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if b"kagura_git.cli.background" in (text := read(path)) and pattern.encode() in text
        ]
        if not found:
            return
        time.sleep(0.01)


def read(path: Path) -> bytes:
    """Return a file of /proc, empty when its process has gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def print_commits(
    places: Sequence[Place], results: Sequence[dict[str, list[float]]], runs: int
) -> None:
    """Print what a commit takes, what the hooks add, and the ratio to a bare commit."""
    head = "".join(f"{f'{place.files:,} files':>26}" for place in places)
    print(f"\n{f'git commit, ms, p50 of {runs}':<30}{head}    target")
    print(f"{'':<30}" + f"{'p50':>9}{'added':>9}{'ratio':>8}" * len(places))
    rows = {
        BARE: ("without hooks", ""),
        EMPTY: ("four empty hooks", ""),
        IDLE: ("ours, nothing to do", "added <= 20"),
        RECORD: ("ours, session and a record", "added <= 120"),
        BY_HAND: ("ours, a record by hand", ""),
        OTHER: ("pre-commit, a trivial hook", ""),
    }
    for kind, (name, target) in rows.items():
        if any(kind not in result for result in results):
            continue
        cells = ""
        for result in results:
            took, bare = statistics.median(result[kind]), statistics.median(result[BARE])
            cells += f"{took:>9.1f}{took - bare:>9.1f}{took / bare:>8.2f}"
        print(f"{name:<30}{cells}    {target}")
    cells = "".join(f"{place.init_seconds:>26.2f}" for place in places)
    print(f"{'git kagura init, s':<30}{cells}    <= 1")


def print_shims(places: Sequence[Place], runs: int) -> None:
    """Print what each hook alone takes, least and median, beside an empty one."""
    states: dict[str, tuple[Callable[[Place], None], dict[str, str]]] = {
        "nothing to do": (lambda place: clear(place.ws), {}),
        "[hooks] enabled = false, a session active": (turned_off, {}),
        "KAGURA_DISABLE=1, a session active": (turned_on, {"KAGURA_DISABLE": "1"}),
    }
    for title, (prepare, more) in states.items():
        head = "".join(f"{f'{place.files:,} files':>20}" for place in places)
        print(f"\n{title + ', ms':<44}{head}")
        print(f"{'':<44}" + f"{'min':>11}{'p50':>9}" * len(places))
        table: dict[str, str] = {}
        for place in places:
            prepare(place)
            hooks = place.top / ".git/hooks"
            empty = place.top / ".git/empty"
            empty.write_text("#!/bin/sh\nexit 0\n")
            empty.chmod(0o755)
            named = {"an empty hook": [str(empty)]}
            named |= {h: [str(hooks / h), *ARGUMENTS.get(h, [])] for h in shims.HOOKS}
            spent: dict[str, list[float]] = {name: [] for name in named}
            for _ in range(3 * runs):
                for name, command in named.items():
                    spent[name].append(timed(command, place.top, more))
                    quiet(place)
                    if name == "post-commit":
                        settle(place)
            for name, times in spent.items():
                cell = f"{min(times):>11.2f}{statistics.median(times):>9.2f}"
                table[name] = table.get(name, "") + cell
            turned_on(place)
        for name, cells in table.items():
            print(f"  {name:<42}{cells}")


def settle(place: Place) -> None:
    """Run without git around them, the hooks do not know of one commit: make the state anew."""
    from kagura_git.git import untouched

    untouched.keep(place.ws.repo.git, place.ws.repo.git_dir)


def turned_off(place: Place) -> None:
    """Turn the hooks off, with a session that would give them something to do."""
    clear(place.ws)
    place.ws.working.begin_session("S-00000000")
    (place.top / "kagura.toml").write_text("[hooks]\nenabled = false\n")


def turned_on(place: Place) -> None:
    """The settings as init writes them, a session active."""
    clear(place.ws)
    place.ws.working.begin_session("S-00000000")
    (place.top / "kagura.toml").write_text(shims.source("template.toml"))


def record(ws: Workspace) -> None:
    """Have a session active and one decision recorded, as the services do it."""
    clear(ws)
    decision = decide(ws)
    path = ws.save(decision)
    ws.working.begin_session("S-00000000")
    fact = {"kind": "decision", "id": decision.id, "relation": "recorded", "path": path}
    ws.working.add_pending(decision.id, {**fact, "session": "S-00000000", "at": ""})


def by_hand(ws: Workspace) -> None:
    """The same with a record that kagura did not write, and has to check."""
    clear(ws)
    decision = decide(ws)
    path = ws.files.place(decision)
    ws.files.write(path, codec.dumps(decision))
    git(Path(ws.repo.top), "add", "--", path)
    ws.working.begin_session("S-00000000")


def clear(ws: Workspace) -> None:
    """Leave no session active and nothing waiting."""
    ws.working.finish_session()
    for key in ws.working.pending():
        ws.working.drop_pending(key)


def decide(ws: Workspace) -> Decision:
    """Return a decision of ordinary size."""
    return Decision(
        id=ws.new_id("decision"),
        decision=f"Keep the cache of kind {RANDOM.randrange(10**6)} in memory",
        rationale="Reading it from disk on each request costs more than it saves.\n" * 5,
        author="A <a@b.c>",
        created_at=datetime.now(UTC),
    )


def git(top: Path, *args: str, stdin: str | None = None) -> None:
    """Run git in the repository."""
    subprocess.run(["git", *args], cwd=top, input=stdin, text=True, check=True)


def timed(command: list[str], top: Path, more: dict[str, str] | None = None) -> float:
    """Return the milliseconds a command takes."""
    env = {**os.environ, **(more or {})}
    start = time.perf_counter()
    subprocess.run(
        command, cwd=top, env=env, check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
