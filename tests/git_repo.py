"""Real repositories for tests, cut off from the machine's own git configuration."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from kagura_git.git.repo import Repository, discover
from kagura_git.store.working import Working

ROOT = Path(__file__).resolve().parent.parent


def isolated(home: Path) -> dict[str, str]:
    """Return an environment in which git knows nothing but what a test tells it."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("GIT_", "KAGURA_"))}
    return {
        **kept,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
    }


class Sandbox:
    """One work tree and the commands a user would type in it."""

    def __init__(self, top: Path, env: Mapping[str, str]) -> None:
        self.top = top
        self.env = dict(env)

    def run(
        self, *args: str, stdin: str | None = None, ok: bool = True, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run git here; with ``ok`` a failure fails the test."""
        done = subprocess.run(
            ["git", *args],
            cwd=self.top,
            env={**self.env, **env},
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=False,
        )
        if ok:
            assert done.returncode == 0, f"git {args}: {done.stdout}{done.stderr}"
        return done

    def out(self, *args: str) -> str:
        """Return what git printed."""
        return self.run(*args).stdout.rstrip("\n")

    def write(self, path: str, text: str | bytes = "x\n") -> Path:
        """Write a file of the work tree."""
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def commit(self, message: str = "a change", *args: str, **files: str) -> str:
        """Commit everything; returns the commit."""
        for name, text in files.items():
            self.write(name, text)
        self.run("add", "-A")
        self.run("commit", "--allow-empty", "-m", message, *args)
        return self.head

    def script(self, path: Path | str, text: str, mode: int = 0o755) -> Path:
        """Write an executable file; a relative path counts from the top."""
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return file

    @property
    def head(self) -> str:
        """The commit of HEAD."""
        return self.out("rev-parse", "HEAD")

    @property
    def repo(self) -> Repository:
        """The repository as kagura sees it."""
        return discover(str(self.top), self.env)

    @property
    def working(self) -> Working:
        """This worktree's working memory."""
        return Working(self.repo.private)

    def message(self, rev: str = "HEAD") -> str:
        """Return a commit's message."""
        return self.out("log", "-1", "--format=%B", rev)


def new(folder: Path, env: Mapping[str, str], *args: str) -> Sandbox:
    """Make an empty repository."""
    folder.mkdir(parents=True, exist_ok=True)
    sandbox = Sandbox(folder, env)
    sandbox.run("init", "-q", "-b", "main", *args)
    return sandbox


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An isolated environment, also for code that reads ``os.environ``."""
    home = tmp_path / "home"
    home.mkdir()
    found = isolated(home)
    for name in set(os.environ) - set(found):
        monkeypatch.delenv(name)
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


@pytest.fixture
def box(tmp_path: Path, env: dict[str, str]) -> Sandbox:
    """An empty repository."""
    return new(tmp_path / "repo", env)
