"""A hub with a pull request, a runner's clone of it, and the step run as a workflow runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kagura_git.git.repo import anywhere
from kagura_git.git.run import Git
from kagura_git.services import sync
from tests.action.github_api import TOKEN, GitHub
from tests.git_repo import ROOT, Sandbox, box, env, new
from tests.review.conftest import Desk, desk

__all__ = ["box", "desk", "env"]

# As action.yml does, but for where the package is found.
STEP = f"""
import runpy, sys
sys.path.insert(0, {str(ROOT)!r})
runpy.run_module("kagura_git.action", run_name="__main__", alter_sys=True)
"""
NUMBER = 7


class Run:
    """How a step ended, and what it left."""

    def __init__(self, done: subprocess.CompletedProcess[str], folder: Path) -> None:
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        self.summary = (folder / "summary.md").read_text()
        lines = (folder / "output").read_text().splitlines()
        self.outputs = dict(line.split("=", 1) for line in lines)

    @property
    def commands(self) -> list[str]:
        """The names of the workflow commands on stdout, which has nothing else."""
        return [line.removeprefix("::").split(" ", 1)[0] for line in self.out.splitlines()]

    def report(self) -> Any:
        return json.loads(Path(self.outputs["report"]).read_text())


class Site:
    """A hub, the work of a person on it, and GitHub's API beside it."""

    def __init__(self, folder: Path, desk: Desk, api: GitHub) -> None:
        self.folder, self.desk, self.box, self.api = folder, desk, desk.box, api
        self.hub = new(folder / "hub.git", self.box.env, "--bare")
        self.url = f"file://{self.hub.top}"
        self.box.run("remote", "add", "origin", self.url)

    @property
    def hub_git(self) -> Git:
        """Git in the hub."""
        return anywhere(str(self.hub.top), self.hub.env)

    def push(self, *refs: str) -> None:
        """Push these refs, and the notes."""
        self.box.run("push", "-q", "-f", "origin", *refs)
        sync.sync(self.desk.memory.ws, "origin")

    def grow(self, ref: str, commits: int) -> str:
        """Put plain commits on a ref; returns the last."""
        start = self.box.out("rev-parse", ref)
        stream = [
            f"commit {ref}\ncommitter Ada <ada@example.org> {1_800_000_000 + n} +0000\n"
            f"data 2\nx\n{f'from {start}' if not n else ''}\nM 644 inline other/{n}\ndata 2\nx\n"
            for n in range(commits)
        ]
        self.box.run("fast-import", "--quiet", stdin="".join(f"{part}\n" for part in stream))
        return self.box.out("rev-parse", ref)

    def pull(self, *, fork: bool = False) -> dict[str, Any]:
        """Open a pull request of ``topic``, with its merge; returns the event."""
        base, head = self.box.out("rev-parse", "main"), self.box.out("rev-parse", "topic")
        tree = self.box.out("merge-tree", "--write-tree", base, head)
        merge = self.box.out("commit-tree", tree, "-p", base, "-p", head, "-m", "merge")
        branch = [] if fork else [f"{head}:refs/heads/topic"]
        refs = [f"{head}:refs/pull/{NUMBER}/head", f"{merge}:refs/pull/{NUMBER}/merge"]
        self.push("main", *branch, *refs)
        theirs = {"full_name": "someone/n" if fork else "o/n", "fork": fork}
        return {
            "action": "synchronize",
            "number": NUMBER,
            "pull_request": {
                "number": NUMBER,
                "base": {"ref": "main", "sha": base, "repo": {"full_name": "o/n", "fork": False}},
                "head": {"ref": "topic", "sha": head, "repo": theirs},
            },
            "repository": {"full_name": "o/n", "default_branch": "main"},
        }

    def checkout(self, ref: str, depth: int | None = 1, name: str = "checkout") -> Sandbox:
        """Clone as actions/checkout does: one ref, no branch, by default one commit deep."""
        made = new(self.folder / name, self.box.env)
        made.run("remote", "add", "origin", self.url)
        cut = [] if depth is None else [f"--depth={depth}"]
        every = ["+refs/heads/*:refs/remotes/origin/*"] if depth is None else []
        local = ref.replace("refs/heads/", "refs/remotes/origin/").replace(
            "refs/pull/", "refs/remotes/pull/"
        )
        made.run("fetch", "-q", "--no-tags", *cut, "origin", *every, f"+{ref}:{local}")
        made.run("checkout", "-q", "--detach", local)
        # What stands in the work tree is the pull request's; nothing of it may be imported.
        for module in ("json", "kagura_git", "venv", "runpy"):
            made.write(f"{module}.py", "raise SystemExit('run from the work tree')\n")
        return made

    def step(self, clone: Sandbox, event: dict[str, Any], **env: str) -> Run:
        """Run the step in a clone."""
        folder = self.folder / "runner"
        folder.mkdir(exist_ok=True)
        for name in ("summary.md", "output"):
            (folder / name).write_text("")
        (folder / "event.json").write_text(json.dumps(event))
        kind = "pull_request" if "pull_request" in event else "push"
        given = {
            **clone.env,
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.api.url,
            "GITHUB_SERVER_URL": "https://host.example",
            "GITHUB_REPOSITORY": "o/n",
            "GITHUB_EVENT_NAME": kind,
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_SHA": clone.head,
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            "GITHUB_WORKSPACE": str(clone.top),
            "RUNNER_TEMP": str(folder),
            "INPUT_TOKEN": TOKEN,
            "KAGURA_ACTION_WAIT": "0.01",
        }
        for role in ("AUTHOR", "COMMITTER"):  # a runner has no identity of its own
            del given[f"GIT_{role}_NAME"], given[f"GIT_{role}_EMAIL"]
        done = subprocess.run(
            [sys.executable, "-I", "-c", STEP],
            cwd=clone.top, env={**given, **env}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert TOKEN not in done.stdout + done.stderr
        return Run(done, folder)

    def reviewed(self, event: dict[str, Any] | None = None, **env: str) -> Run:
        """Open a pull request if there is none, check it out anew and run the step."""
        found = event or self.pull()
        name = f"checkout-{len(list(self.folder.iterdir()))}"
        return self.step(self.checkout(f"refs/pull/{NUMBER}/merge", name=name), found, **env)


@pytest.fixture
def api() -> Iterator[GitHub]:
    made = GitHub()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def site(tmp_path: Path, desk: Desk, api: GitHub) -> Site:
    """A hub with a branch ``topic`` that decides something, says why, and edits a file."""
    made = Site(tmp_path, desk, api)
    desk.accept(desk.decide("Number from zero", "as before", related_files=["src"]))
    desk.branch()
    desk.decide("Log as JSON", "searchable", alternatives=["plain text"])
    desk.memory.track_file_change("src/app.py", "edit", "", "faster this way")
    desk.box.commit("work", **{"src/app.py": "1\n"})
    return made
