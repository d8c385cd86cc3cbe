"""``git kagura relink``: what the command says and changes."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell


@pytest.fixture
def squashed(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Two commits with reasons, joined into one by a program that runs no hooks."""
    shell.git("add", "-A")
    shell.git("commit", "-q", "-m", "set up")
    for name in ("one", "two"):
        (shell.top / f"{name}.txt").write_text(f"{name}\n")
        shell.json("change", "add", f"{name}.txt", "--action", "create", "--reason", f"for {name}")
        shell.git("add", "-A")
        shell.git("commit", "-q", "-m", name)
    monkeypatch.setenv("KAGURA_DISABLE", "1")
    shell.git("reset", "-q", "--soft", "HEAD~2")
    shell.git("commit", "-q", "-m", "both")
    monkeypatch.delenv("KAGURA_DISABLE")
    return shell


def reasons(shell: Shell) -> set[str]:
    (newest, *_) = shell.json("log", "-n", "1")["commits"]
    return {change["reason"] for change in newest["changes"] if change.get("reason")}


def test_a_dry_run_says_what_would_be_linked_and_changes_nothing(squashed: Shell) -> None:
    found = squashed.json("relink", "--dry-run")
    assert [item["subject"] for item in found["relinked"]] == ["both"]
    assert len(found["relinked"][0]["from"]) == 2
    assert reasons(squashed) == set()


def test_a_commit_gets_the_reasons_of_those_it_was_made_of(squashed: Shell) -> None:
    text = squashed("relink")
    assert squashed.code == 0
    assert "for one" in text
    assert "1 of " in text
    assert reasons(squashed) == {"for one", "for two"}


def test_a_second_time_finds_nothing_new(squashed: Shell) -> None:
    squashed("relink")
    found = squashed.json("relink")
    assert (found["relinked"], found["complete"]) == ([], True)


def test_a_range_leaves_the_other_commits_alone(squashed: Shell) -> None:
    found = squashed.json("relink", "HEAD~1")
    assert (found["relinked"], found["examined"]) == ([], 1)


def test_a_limit_is_said_to_have_stopped_it(squashed: Shell) -> None:
    found = squashed.json("relink", "--limit", "1")
    assert (found["examined"], found["complete"]) == (1, False)
    assert "run it again without a limit" in squashed("relink", "--limit", "1")


@pytest.mark.parametrize("wrong", ["no-such-branch", "--output=x", "HEAD..nothing"])
def test_a_wrong_range_is_one_clear_error(squashed: Shell, wrong: str) -> None:
    squashed("relink", "--", wrong)
    assert squashed.code in (1, 2)
    assert wrong in squashed.err
    assert "Traceback" not in squashed.err
