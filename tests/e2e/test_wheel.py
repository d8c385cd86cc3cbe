"""A wheel built from this repository works outside it, hooks and schemas included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run([*build, "--wheel-dir", str(folder), str(ROOT)], check=True)
    (wheel,) = folder.glob("kagura_git-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_sets_a_repository_up_and_remembers(installed: Path, tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(installed)}

    def kagura(*args: str) -> dict[str, object]:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "kagura_git", *args, "--json"],
            cwd=tmp_path, env=env, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        found: dict[str, object] = json.loads(done.stdout)
        return found

    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    assert kagura("init")["changed"]
    assert str(installed) in (tmp_path / ".git/hooks/post-commit").read_text()
    assert (tmp_path / ".kagura/schemas/error.schema.json").is_file()
    decision = kagura("decision", "add", "Ship wheels", "--rationale", "They install fast")["id"]
    (tmp_path / "a.py").write_text("1\n")
    subprocess.run(["git", "add", "a.py"], cwd=tmp_path, check=True)
    subprocess.run(["git", "commit", "--quiet", "-m", "one"], cwd=tmp_path, env=env, check=True)
    commits = kagura("log")["commits"]
    assert isinstance(commits, list)
    assert commits[0]["decisions"] == [decision]
    assert kagura("doctor")["ok"] is True


def test_the_metadata_names_the_pythons_and_extras(installed: Path) -> None:
    (metadata,) = installed.glob("*.dist-info/METADATA")
    text = metadata.read_text()
    for version in ("3.11", "3.12", "3.13"):
        assert f"Classifier: Programming Language :: Python :: {version}\n" in text
    for extra in ("semantic", "llm", "bundled-model", "all"):
        assert f"Provides-Extra: {extra}\n" in text
