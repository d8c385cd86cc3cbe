"""One repository with memory in it, in which an operation is tried.

Everything a trial varies (how many records, which files, which words, whether
a session is still active) comes from its seed. Recording uses the services in
this process; git and its hooks are the real ones.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from kagura_git.git.links import Links
from kagura_git.services import capture, decisions, problems, sessions, setup
from kagura_git.store import codec
from kagura_git.store.files import blob_id
from kagura_git.workspace import Workspace, open_workspace
from tests.git_repo import Sandbox, new

_WORDS = (
    "cache queue token parser index retry batch shard lease cursor schema tenant quota ledger "
    "planner buffer socket digest window replica"
).split()
_ODD_NAMES = ("with space", "ümlaut", "it's", "-dash", "two  spaces", "日本")
SECTIONS = 12
SHARED = "src/common.py"
Item = tuple[str, ...]


@dataclass
class Work:
    """One commit's worth of work, and what was recorded about it.

    Attributes:
        reasons: per path, why it was changed.
        subject: the commit's subject; no two works of a trial share one.
    """

    subject: str
    session: str | None
    decisions: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    sha: str = ""

    def links(self, changed: set[str], moved: Mapping[str, str] | None = None) -> set[Item]:
        """Return what a commit that now stands for this work must be linked to.

        Args:
            changed: the paths that the commit really changes.
            moved: where the files are in it, if elsewhere.
        """
        names = {path: (moved or {}).get(path, path) for path in self.reasons}
        return {
            *((("session", self.session),) if self.session else ()),
            *(("decision", name) for name in self.decisions),
            *(("error", name) for name in self.errors),
            *(
                ("reason", names[p], text)
                for p, text in self.reasons.items()
                if names[p] in changed
            ),
        }


@dataclass
class Outcome:
    """What an operation must leave behind.

    Attributes:
        links: per commit, the works it stands for.
        also: per commit, further links that are true of it.
        moved: where files are now, if a filter moved them.
    """

    links: dict[str, list[Work]] = field(default_factory=dict)
    also: dict[str, set[Item]] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)


class World:
    """A repository that ``init`` has set up, and the works done in it."""

    def __init__(self, folder: Path, env: Mapping[str, str], seed: int) -> None:
        self.folder = folder
        self.random = random.Random(seed)
        self.box = Sandbox(folder / "repo", env)
        self.works: list[Work] = []
        self.kept: dict[str, str] = {}
        self.before: Work
        self._count = 0
        self._minutes = 0

    # what people and assistants do

    def git(self, *args: str, ok: bool = True, stdin: str | None = None, **env: str) -> str:
        """Run git a minute later than the last time; returns what it printed."""
        done = self.box.run(*args, ok=ok, stdin=stdin, **{**self._dates(), **env})
        return done.stdout.rstrip("\n")

    def _dates(self) -> dict[str, str]:
        """Return the moment for the next commands: the author's date is git's own business."""
        self._minutes += 1
        return {"GIT_COMMITTER_DATE": f"{1_760_000_000 + 60 * self._minutes} +0000"}

    def commit(self, message: str, *args: str, **env: str) -> str:
        """Commit what is staged or named; returns the commit."""
        date = f"{1_760_000_000 + 60 * (self._minutes + 1)} +0000"
        self.git("commit", "-q", "-m", message, *args, **{"GIT_AUTHOR_DATE": date, **env})
        return self.box.head

    def open(self) -> Workspace:
        """Open the repository as a command would."""
        return open_workspace(str(self.box.top), self.box.env, clock=lambda: datetime.now(UTC))

    def work(self, *, section: int | None = None, fresh: bool | None = None) -> Work:
        """Change files, say why, record what was decided and what broke, and commit it all.

        Args:
            section: the part of the shared file to change; None for one of its own.
            fresh: whether to add a file too.
        """
        work, ws = self.start(), self.open()
        self._count += 1
        number = self._count
        shared = section if section is not None else number % SECTIONS
        self.edit_section(shared, f"{self.words(3)} {number}")
        self._explain(ws, work, SHARED, "edit", always=self.random.random() < 0.6)
        if fresh is not False:
            path = self.path(number)
            self.box.write(path, self.text(number))
            self._explain(ws, work, path, "create", always=True)
        self._record(ws, work)
        return self.finish(work)

    def start(self) -> Work:
        """Begin a work: in the active session, in a new one, or in none."""
        subject = f"{self.words(2).capitalize()} {self._count + 1}"
        ws = self.open()
        active = ws.working.active_session()
        if active is None and self.random.random() < 0.7:
            _, session = sessions.start(ws, Links(), f"{self.words(3)} session")
            self._keep(session.id, codec.dumps(session))
            active = session.id
        return Work(subject, active)

    def finish(self, work: Work) -> Work:
        """Commit a work."""
        self.git("add", "-A")
        work.sha = self.commit(work.subject)
        self.works.append(work)
        return work

    def pause(self) -> None:
        """Leave the session, as when the assistant's window is closed; in most of the trials."""
        if self.random.random() < 0.7:
            self.open().working.finish_session()

    def _record(self, ws: Workspace, work: Work) -> None:
        for _ in range(self.random.choice((0, 1, 1, 2))):
            made = decisions.record(ws, self.words(4), self.words(8), session=work.session)
            self._keep(made.decision.id, codec.dumps(made.decision))
            work.decisions.append(made.decision.id)
        for _ in range(self.random.choice((0, 0, 1, 2))):
            error = problems.record(
                ws, "ValueError", f"{self.words(5)} {self._count}", session=work.session
            ).error
            if self.random.random() < 0.5:
                _, error = problems.solve(ws, error.id, self.words(4))
            self._keep(error.id, codec.dumps(error))
            work.errors.append(error.id)

    def _explain(self, ws: Workspace, work: Work, path: str, action: str, *, always: bool) -> None:
        work.paths.append(path)
        if always:
            work.reasons[path] = f"{self.words(5)} in {work.subject}"
            capture.track(ws, path, action, work.reasons[path], session=work.session)

    def _keep(self, record: str, data: bytes) -> None:
        self.kept[record] = blob_id(data)

    # files

    def words(self, count: int) -> str:
        """Return some words."""
        return " ".join(self.random.choice(_WORDS) for _ in range(count))

    def text(self, number: int) -> str:
        """Return a file's text that no other file has."""
        lines = [f"{self.words(4)} {number}.{line}" for line in range(self.random.randint(4, 12))]
        return "".join(f"{line}\n" for line in lines)

    def path(self, number: int) -> str:
        """Return a new path; now and then an odd one."""
        odd = self.random.random() < 0.2
        name = self.random.choice(_ODD_NAMES) if odd else self.random.choice(_WORDS)
        return f"src/{name}{number}.py"

    def edit_section(self, section: int, text: str) -> None:
        """Replace the middle line of one section of the shared file."""
        path = self.box.top / SHARED
        lines = path.read_text().split("\n")
        lines[section * 10 + 5] = f"value = {text!r}"
        path.write_text("\n".join(lines))

    def clutter(self, branch: str | None = None, *, section: int | None = None) -> str:
        """Commit something without a memory, as a colleague without kagura would."""
        self._count += 1
        if branch:
            self.git("switch", "-q", branch)
        if section is None:
            self.box.write(f"other/{self._count}.txt", self.text(self._count))
        else:
            self.edit_section(section, f"other {self._count}")
        self.git("add", "-A")
        return self.commit(f"Other {self._count}", KAGURA_DISABLE="1")


def template(folder: Path, env: Mapping[str, str]) -> None:
    """Make the repository that every trial starts from a copy of."""
    box = new(folder / "repo", env)
    lines = [
        f"# section {n // 10}" if n % 10 == 0 else f"line_{n} = {n}" for n in range(SECTIONS * 10)
    ]
    box.write(SHARED, "\n".join(lines) + "\n")
    setup.init(box.repo)
    box.run("add", "-A")
    box.run("commit", "-q", "-m", "set up")


def copy(template_folder: Path, folder: Path, env: Mapping[str, str], seed: int) -> World:
    """Return a world of its own."""
    shutil.copytree(template_folder / "repo", folder / "repo", symlinks=True)
    return World(folder, env, seed)


def run_git(folder: Path, env: Mapping[str, str], *args: str) -> str:
    """Run git in another folder than a world's; returns what it printed."""
    done = subprocess.run(
        ["git", *args], cwd=folder, env=dict(env), capture_output=True, text=True, check=True,
        stdin=subprocess.DEVNULL, errors="surrogateescape",
    )  # fmt: skip
    return done.stdout.rstrip("\n")


def run_program(box: Sandbox, *command: str) -> None:
    """Run another program than git in a work tree."""
    done = subprocess.run(
        command, cwd=box.top, env=box.env, capture_output=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")


def home(folder: Path) -> Path:
    """Return a home of its own, so that nothing of the machine's is seen."""
    path = folder / "home"
    os.makedirs(path, exist_ok=True)
    return path
