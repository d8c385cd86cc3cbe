"""A git newer than the machine's own, for what only that knows.

`KAGURA_TEST_GIT` names its executable; without it, tests that need one skip,
unless the git on the PATH is new enough.
"""

from __future__ import annotations

import os
import re
import subprocess

import pytest

_NAMED = os.environ.get("KAGURA_TEST_GIT", "")


def use(env: dict[str, str], monkeypatch: pytest.MonkeyPatch, *since: int) -> None:
    """Put a git of at least this version first on the PATH, or skip the test."""
    if _version("git") < since:
        if not _NAMED or _version(_NAMED) < since:
            pytest.skip(f"needs git {'.'.join(map(str, since))} (KAGURA_TEST_GIT)")
        env["PATH"] = f"{os.path.dirname(_NAMED)}{os.pathsep}{env['PATH']}"
        monkeypatch.setenv("PATH", env["PATH"])


def _version(git: str) -> tuple[int, ...]:
    said = subprocess.run([git, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.findall(r"\d+", said)[:2]))
