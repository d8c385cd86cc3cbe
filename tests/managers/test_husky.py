"""husky 9, the real one: it names its folder in core.hooksPath, with every `npm install` anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from kagura_git.services import setup
from tests.git_repo import Sandbox
from tests.managers.guests import OURS, call, commit, faults, install_ours, state

pytestmark = pytest.mark.managers
THEIRS = {"their hook"}


@pytest.fixture
def theirs(box: Sandbox) -> Sandbox:
    """A repository with one hook for husky; `fail` in it makes the hook fail."""
    box.write(".husky/pre-commit", 'echo hook >> "$RAN"\n! [ -e fail ]\n')
    box.run("add", "-A")
    box.run("commit", "-q", "-m", "start")
    return box


def husky(box: Sandbox, node: Path) -> None:
    assert call(box, str(node / "husky")).stdout == ""


@pytest.mark.parametrize("first", ["theirs", "ours"])
def test_both_run_whichever_came_first(theirs: Sandbox, node: Path, first: str) -> None:
    if first == "theirs":
        husky(theirs, node)
        install_ours(theirs)
    else:
        install_ours(theirs)
        husky(theirs, node)
        assert set(faults(theirs).values()) == {"unreached"}
        assert commit(theirs) == THEIRS
        install_ours(theirs)
    assert commit(theirs) == THEIRS | OURS
    theirs.write("fail")
    assert commit(theirs, ok=False) == THEIRS


def test_the_next_npm_install_cuts_nobody_off(theirs: Sandbox, node: Path) -> None:
    husky(theirs, node)
    install_ours(theirs)
    husky(theirs, node)
    assert theirs.out("config", "--local", "core.hooksPath") == ".husky/_"
    assert faults(theirs) == {}
    assert commit(theirs) == THEIRS | OURS


def test_a_moved_repository_keeps_their_hooks_and_gets_ours_by_init(
    theirs: Sandbox, node: Path
) -> None:
    husky(theirs, node)
    install_ours(theirs)
    moved = Sandbox(theirs.top.rename(theirs.top.parent / "moved"), theirs.env)
    assert commit(moved) == THEIRS
    assert set(faults(moved).values()) == {"unreached"}
    install_ours(moved)
    assert commit(moved) == THEIRS | OURS


@pytest.mark.parametrize("first", ["theirs", "ours"])
def test_each_goes_without_the_other(theirs: Sandbox, node: Path, first: str) -> None:
    if first == "ours":
        install_ours(theirs)
    husky(theirs, node)
    before = state(theirs) if first == "theirs" else {}
    install_ours(theirs)
    if first == "theirs":
        setup.uninstall(theirs.repo)
        assert state(theirs) == before
        assert commit(theirs) == THEIRS
        install_ours(theirs)
    theirs.run("config", "--unset", "core.hooksPath")  # as husky's documentation says
    install_ours(theirs)
    assert commit(theirs) == OURS
    setup.uninstall(theirs.repo)
    assert commit(theirs) == set()
    assert "kagura" not in (theirs.top / ".git/config").read_text()
