"""lefthook 2, the real one: it writes its hooks anew whenever it likes, and moves others aside."""

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
    """A repository with one hook for lefthook; `fail` in it makes the hook fail."""
    box.script("hook.sh", '#!/bin/sh\necho hook >> "$RAN"\n! [ -e fail ]\n')
    box.write("lefthook.yml", "pre-commit:\n  jobs:\n    - run: ./hook.sh\n")
    box.run("add", "-A")
    box.run("commit", "-q", "-m", "start")
    return box


def lefthook(box: Sandbox, node: Path, *words: str) -> None:
    call(box, str(node / "lefthook"), *words)


@pytest.mark.parametrize("first", ["theirs", "ours"])
def test_both_run_whichever_came_first(theirs: Sandbox, node: Path, first: str) -> None:
    if first == "theirs":
        lefthook(theirs, node, "install")
        install_ours(theirs)
    else:
        install_ours(theirs)
        lefthook(theirs, node, "install")
        assert faults(theirs) == {"pre-commit": "overwritten"}
        install_ours(theirs)
    assert commit(theirs) == THEIRS | OURS
    theirs.write("fail")
    assert commit(theirs, ok=False) == THEIRS


def test_made_anew_it_takes_the_place_and_init_takes_it_back_each_time(
    theirs: Sandbox, node: Path
) -> None:
    lefthook(theirs, node, "install")
    install_ours(theirs)
    for _ in range(2):
        lefthook(theirs, node, "install", "--force")
        assert faults(theirs) == {"pre-commit": "overwritten"}
        install_ours(theirs)
        assert commit(theirs) == THEIRS | OURS
    assert not list((theirs.top / ".git/hooks").glob("*.old"))


@pytest.mark.parametrize("first", ["theirs", "ours"])
def test_uninstall_of_ours_leaves_theirs(theirs: Sandbox, node: Path, first: str) -> None:
    if first == "ours":
        install_ours(theirs)
    lefthook(theirs, node, "install")
    before = state(theirs)
    if first == "theirs":
        install_ours(theirs)
    setup.uninstall(theirs.repo)
    if first == "theirs":
        assert state(theirs) == before
    assert commit(theirs) == THEIRS
    assert not [p for p in (theirs.top / ".git/hooks").iterdir() if b"kagura" in p.read_bytes()]


def test_a_hook_of_the_user_s_own_goes_where_lefthook_would_have_put_it(
    theirs: Sandbox, node: Path
) -> None:
    theirs.script(".git/hooks/pre-commit", '#!/bin/sh\necho own >> "$RAN"\n')
    install_ours(theirs)
    assert commit(theirs) == {"their own"} | OURS
    lefthook(theirs, node, "install")
    install_ours(theirs)
    assert commit(theirs) == THEIRS | OURS
    assert "echo own" in (theirs.top / ".git/hooks/pre-commit.old").read_text()


def test_uninstall_of_theirs_leaves_ours(theirs: Sandbox, node: Path) -> None:
    install_ours(theirs)
    lefthook(theirs, node, "install")
    lefthook(theirs, node, "uninstall")
    assert faults(theirs) in ({}, {"pre-commit": "overwritten"})
    install_ours(theirs)
    assert commit(theirs) == OURS
