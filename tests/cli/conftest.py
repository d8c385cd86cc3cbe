"""The command line, run in this process against real repositories."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kagura_git.cli.app import run


class Shell:
    """A repository and the program, as a person at a terminal has them."""

    def __init__(self, top: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.top = top
        self.capsys = capsys
        self.code = 0
        self.err = ""

    def __call__(self, *args: str) -> str:
        """Run ``git kagura ARGS`` and return its stdout."""
        self.capsys.readouterr()
        self.code = run(["-C", str(self.top), *args])
        out, self.err = self.capsys.readouterr()
        return out

    def json(self, *args: str) -> Any:
        """Run with ``--json`` and return the one document on stdout."""
        return json.loads(self(*args, "--json"))

    def git(self, *args: str) -> str:
        """Run git."""
        done = subprocess.run(
            ["git", *args], cwd=self.top, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        """Write a file."""
        full = self.top / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text, encoding="utf-8")

    def commit(self, path: str, text: str, message: str = "work") -> str:
        """Write a file and commit it with whatever is staged; returns the commit."""
        self.write(path, text)
        self.git("add", path)
        self.git("commit", "--quiet", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture(autouse=True)
def signed_by_kim(monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Kim")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "kim@example.com")


@pytest.fixture
def new_shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[str], Shell]:
    def make(name: str) -> Shell:
        top = tmp_path / name
        subprocess.run(["git", "init", "--quiet", "-b", "main", str(top)], check=True)
        return Shell(top, capsys)

    return make


@pytest.fixture
def shell(new_shell: Callable[[str], Shell]) -> Shell:
    """A repository that is set up, without a commit."""
    made = new_shell("repo")
    made("init")
    assert made.code == 0
    return made
