"""A hook's work does not grow with what a branch has made of kagura.toml."""

from __future__ import annotations

import resource
from collections.abc import Callable

import pytest

from kagura_git.services import setup
from tests.git_repo import Sandbox
from tests.survival.trial import wait_for_background


def seconds_of(act: Callable[[], object]) -> float:
    """Return the processor time of the children that a call starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    act()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.fixture
def working(box: Sandbox) -> Sandbox:
    setup.init(box.repo)
    box.commit("set up")
    box.working.begin_session("S-00000001")
    return box


@pytest.mark.parametrize(
    "line", ["a" * 4_000_000, "[" * 4_000_000, "'false' " * 500_000, "false#" * 600_000]
)
def test_a_line_of_megabytes_costs_a_commit_no_more_than_a_moment(
    working: Sandbox, line: str
) -> None:
    working.write("kagura.toml", f"# x\n{line}\n")
    working.write("f")
    working.run("add", "f")
    # Byte by byte each of them takes a shell over a second, several times a commit.
    assert seconds_of(lambda: working.run("commit", "-qm", "f")) < 3
    wait_for_background(working.top)


def test_a_message_of_megabytes_is_not_read_byte_by_byte(working: Sandbox) -> None:
    message = working.write("message", f"{' ' * 10}{'word ' * 2_000_000}\n")
    working.write("f")
    working.run("add", "f")
    assert seconds_of(lambda: working.run("commit", "-q", "-F", str(message))) < 3
    assert "Kagura-Session: S-00000001" in working.message()[-100:]


def test_settings_before_the_limit_still_hold(working: Sandbox) -> None:
    working.write("kagura.toml", "[hooks]\ntrailers = false\n" + "# more\n" * 8000)
    assert "Kagura-Session" not in working.message(working.commit("no trailer", f="1"))
    working.write("kagura.toml", "# \0 x\n[hooks]\ntrailers = true\n")
    done = working.run("commit", "-qam", "a zero byte")
    assert done.stderr == ""
    assert "Kagura-Session" in working.message()
