"""init says where CODEOWNERS names nobody for decisions, once, and only there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.conftest import Shell


@pytest.mark.parametrize("path", ["CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS"])
def test_a_file_that_names_nobody_for_decisions_is_told_of_once(
    new_shell: Callable[[str], Shell], path: str
) -> None:
    shell = new_shell("repo")
    shell.write(path, "* @octo-org/all\n# /.kagura/ later\n")
    shell.json("init")
    assert f"{path} names nobody for decisions" in shell.err
    shell("init")
    assert "CODEOWNERS" not in shell.err


def test_nothing_is_said_where_it_names_somebody_or_is_not_there(
    new_shell: Callable[[str], Shell],
) -> None:
    named = new_shell("named")
    named.write("CODEOWNERS", "/.kagura/decisions/ @octo-org/architects\n")
    named("init")
    assert "CODEOWNERS" not in named.err
    without = new_shell("without")
    without("init")
    assert "CODEOWNERS" not in without.err
    dry = new_shell("dry")
    dry.write("CODEOWNERS", "* @octo-org/all\n")
    dry("init", "--dry-run")
    assert "CODEOWNERS" not in dry.err
