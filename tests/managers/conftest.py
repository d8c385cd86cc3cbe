"""The real tools, each installed once a run from its registry; without network these tests skip.

All of it together takes less than a minute: each installation and each command is
bounded, and a tool that cannot be installed is not tried again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from filelock import FileLock

from tests.git_repo import Sandbox, box, env

_INSTALL_SECONDS = 40
_NPM_PACKAGES = ("husky@9.1.7", "lefthook@2.2.2")


@pytest.fixture(scope="session")
def outside() -> Mapping[str, str]:
    """The environment of the machine, in which package tools find their registries."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


@pytest.fixture(scope="session")
def installed(
    tmp_path_factory: pytest.TempPathFactory, outside: Mapping[str, str]
) -> Callable[[str, list[list[str]]], Path]:
    """Install a tool with these commands into a folder that all workers share, or skip."""

    def install(name: str, commands: list[list[str]]) -> Path:
        base = tmp_path_factory.getbasetemp()
        shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
        folder = shared / f"tool-{name}"
        with FileLock(shared / f"tool-{name}.lock", timeout=3 * _INSTALL_SECONDS):
            done = folder / "outcome"
            if not done.exists():
                folder.mkdir()
                done.write_text(_run_all(commands, folder, outside))
            if said := done.read_text():
                pytest.skip(f"{name} could not be installed: {said[-200:]}")
        return folder

    return install


def _run_all(commands: list[list[str]], folder: Path, outside: Mapping[str, str]) -> str:
    for command in commands:
        if shutil.which(command[0]) is None and not (folder / command[0]).exists():
            return f"{command[0]} is not there"
        try:
            subprocess.run(
                command, cwd=folder, env=dict(outside), check=True, capture_output=True,
                stdin=subprocess.DEVNULL, timeout=_INSTALL_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"{command[0]} took too long"
        except subprocess.CalledProcessError as error:
            return error.stderr.decode("utf-8", "replace") or f"{command[0]} failed"
    return ""


@pytest.fixture
def pre_commit() -> str:
    """The program ``pre-commit``, as the development environment has it."""
    return str(Path(sys.executable).with_name("pre-commit"))


@pytest.fixture
def node(installed: Callable[[str, list[list[str]]], Path]) -> Path:
    """The folder of npm's programs, with ``husky`` and ``lefthook``."""
    folder = installed(
        "node",
        [
            [
                "npm",
                "install",
                "--no-audit",
                "--no-fund",
                "--silent",
                "husky@9.1.7",
                "lefthook@2.2.2",
            ]
        ],
    )
    return folder / "node_modules/.bin"


__all__ = ["Sandbox", "box", "env"]
