"""pre-commit, the real one: both orders, made anew, taken out, and our hooks named by it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from kagura_git.services import setup
from tests.git_repo import ROOT, Sandbox
from tests.managers.guests import OURS, begin, call, commit, faults, install_ours, state

pytestmark = pytest.mark.managers
THEIRS = {"their hook"}


@pytest.fixture
def theirs(box: Sandbox, tmp_path: Path) -> Sandbox:
    """A repository with one local hook for pre-commit; `fail` in it makes the hook fail."""
    box.env["PRE_COMMIT_HOME"] = str(tmp_path / "pre-commit-home")
    box.script("hook.sh", '#!/bin/sh\necho hook >> "$RAN"\n! [ -e fail ]\n')
    box.write(
        ".pre-commit-config.yaml",
        "repos:\n- repo: local\n  hooks:\n"
        "  - {id: one, name: one, entry: ./hook.sh, language: script, always_run: true}\n",
    )
    box.run("add", "-A")
    box.run("commit", "-q", "-m", "start")
    return box


@pytest.mark.parametrize("first", ["theirs", "ours"])
def test_both_run_whichever_came_first(theirs: Sandbox, pre_commit: str, first: str) -> None:
    if first == "theirs":
        call(theirs, pre_commit, "install")
        install_ours(theirs)
    else:
        install_ours(theirs)
        call(theirs, pre_commit, "install")
        assert faults(theirs) == {}
    assert commit(theirs) == THEIRS | OURS
    call(theirs, pre_commit, "install")
    assert faults(theirs) == {}
    assert commit(theirs) == THEIRS | OURS


@pytest.mark.parametrize("first", ["theirs", "ours"])
def test_their_failing_hook_stops_the_commit(theirs: Sandbox, pre_commit: str, first: str) -> None:
    if first == "theirs":
        call(theirs, pre_commit, "install")
    install_ours(theirs)
    if first == "ours":
        call(theirs, pre_commit, "install")
    theirs.write("fail")
    assert commit(theirs, ok=False) == THEIRS


@pytest.mark.parametrize("first", ["theirs", "ours"])
def test_each_goes_without_the_other(theirs: Sandbox, pre_commit: str, first: str) -> None:
    if first == "theirs":
        call(theirs, pre_commit, "install")
    install_ours(theirs)
    if first == "ours":
        call(theirs, pre_commit, "install")
    call(theirs, pre_commit, "uninstall")
    assert faults(theirs) == {}
    assert commit(theirs) == OURS
    call(theirs, pre_commit, "install")
    setup.uninstall(theirs.repo)
    assert commit(theirs) == THEIRS


@pytest.mark.parametrize("own_hook", [False, True])
def test_uninstall_gives_every_byte_back(theirs: Sandbox, pre_commit: str, own_hook: bool) -> None:
    if own_hook:
        theirs.script(".git/hooks/pre-commit", '#!/bin/sh\necho own >> "$RAN"\n')
    call(theirs, pre_commit, "install")
    before = state(theirs)
    install_ours(theirs)
    found = commit(theirs)
    assert found == THEIRS | OURS | ({"their own"} if own_hook else set())
    setup.uninstall(theirs.repo)
    before["file"] = state(theirs)["file"]
    assert state(theirs) == before


def test_a_forced_install_cuts_ours_off_and_doctor_says_so(
    theirs: Sandbox, pre_commit: str
) -> None:
    install_ours(theirs)
    call(theirs, pre_commit, "install", "--overwrite")
    assert faults(theirs) == {"pre-commit": "missing"}
    install_ours(theirs)
    assert commit(theirs) == THEIRS | OURS


@pytest.mark.slow
def test_pre_commit_users_can_name_our_hooks(
    box: Sandbox, pre_commit: str, tmp_path: Path, outside: Mapping[str, str]
) -> None:
    hooks = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-checkout",
             "post-merge", "post-rewrite", "pre-push")  # fmt: skip
    source = published(tmp_path / "source", box)
    box.write(
        ".pre-commit-config.yaml",
        f"default_install_hook_types: [{', '.join(hooks)}]\n"
        f"repos:\n- repo: {source.top}\n  rev: {source.head}\n  hooks:\n"
        + "".join(f"  - id: kagura-{hook}\n" for hook in hooks),
    )
    box.env["PRE_COMMIT_HOME"] = str(tmp_path / "pre-commit-home")
    call(box, pre_commit, "install")
    box.run("add", "-A")
    pins = str(ROOT / "constraints.txt")
    installs = {
        **outside,
        "PRE_COMMIT_HOME": box.env["PRE_COMMIT_HOME"],
        "PIP_CONSTRAINT": pins,
        "PIP_BUILD_CONSTRAINT": pins,
    }
    try:
        subprocess.run(
            [pre_commit, "install-hooks"], cwd=box.top, check=True, capture_output=True,
            env=installs, timeout=60,
        )  # fmt: skip
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"its packages could not be installed: {error}")
    setup.init(box.repo, with_hooks=False)
    begin(box)
    assert commit(box) == OURS
    box.write(".kagura/decisions/2025-11/D-00000001-x.yaml", "a: [\n")
    box.run("add", "-A")
    done = box.run("commit", "-m", "broken", ok=False)
    assert (done.returncode, "not valid YAML" in done.stderr + done.stdout) == (1, True)


def published(folder: Path, box: Sandbox) -> Sandbox:
    """Return a repository that holds what a release of kagura-git holds."""
    for name in ("kagura_git", "hooks", "schemas"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, folder / name)
    source = Sandbox(folder, box.env)
    source.run("init", "-q")
    source.commit("a release")
    return source
