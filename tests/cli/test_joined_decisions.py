"""A decision recorded twice, and records in which a merge kept both sides."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Shell


def decided(shell: Shell, text: str, *more: str) -> str:
    identifier: str = shell.json("decision", "add", text, *more)["id"]
    return identifier


def pair(shell: Shell) -> tuple[str, str]:
    one = decided(
        shell, "Use tokens", "--rationale", "Stateless.", "--alternative", "Cookies",
        "--tag", "auth", "--related-file", "a.py", "--confidence", "0.7",
    )  # fmt: skip
    other = decided(
        shell, "Use tokens.", "--rationale", "stateless\n\nWorks across domains.",
        "--alternative", "Cookies", "--alternative", "Sessions", "--tag", "web",
        "--related-file", "b.py", "--confidence", "0.9", "--impact", "Clock skew matters.",
    )  # fmt: skip
    return one, other


def test_the_first_takes_in_what_the_second_adds(shell: Shell) -> None:
    one, other = pair(shell)
    done = shell.json("decision", "merge", one, other)
    assert shell.code == 0
    shown = shell.json("decision", "show", one)
    assert {name: shown[name] for name in ("alternatives", "tags", "related_files")} == {
        "alternatives": ["Cookies", "Sessions"],
        "tags": ["auth", "web"],
        "related_files": ["a.py", "b.py"],
    }
    assert shown["rationale"] == "Stateless.\n\nWorks across domains."
    assert (shown["impact"], shown["confidence"]) == ("Clock skew matters.", 0.9)
    assert (shown["decision"], shown["supersedes"]) == ("Use tokens", [other])
    assert (done["id"], done["path"], done["merged"]["id"]) == (one, shown["path"], other)


def test_the_second_is_superseded_by_the_first_and_both_are_staged(shell: Shell) -> None:
    one, other = pair(shell)
    assert shell("decision", "merge", one, other).startswith(f"{one} holds what {other} said")
    shown = shell.json("decision", "show", other)
    assert (shown["status"], shown["superseded_by"]) == ("superseded", one)
    assert "?? .kagura/decisions" not in shell.git("status", "--porcelain")


def test_a_verdict_on_the_second_becomes_one_on_the_first(shell: Shell) -> None:
    one, other = pair(shell)
    shell.json("decision", "accept", other, "--note", "agreed")
    shell.json("decision", "merge", one, other)
    shown = shell.json("decision", "show", one)
    assert (shown["status"], shown["review_note"]) == ("accepted", "agreed")


def test_what_the_second_replaced_the_first_replaces(shell: Shell) -> None:
    old = decided(shell, "Use cookies", "--rationale", "Simple")
    one = decided(shell, "Use tokens", "--rationale", "Stateless")
    other = decided(shell, "Use tokens", "--rationale", "Stateless", "--supersedes", old)
    shell.json("decision", "merge", one, other)
    assert shell.json("decision", "show", one)["supersedes"] == [old, other]


def refused(shell: Shell, *args: str) -> str:
    answer = shell.json("decision", "merge", *args)
    assert shell.code == 1
    message: str = answer["error"]["message"]
    return message


def test_what_makes_no_sense_is_refused_and_changes_nothing(shell: Shell) -> None:
    one, other = pair(shell)
    shell.json("decision", "accept", one)
    newer = decided(shell, "Use tokens", "--rationale", "Again", "--supersedes", other)
    error = shell.json("error", "add", "--type", "E", "--message", "m")["id"]
    before = shell.git("write-tree")
    assert "cannot supersede itself" in refused(shell, one, one)
    assert f"superseded by {newer} already" in refused(shell, one, other)
    assert f"{newer} already supersedes {other}" in refused(shell, other, newer)
    assert "no decision id" in refused(shell, one, error)
    assert "no record" in refused(shell, one, "D-00000000")
    assert shell.git("write-tree") == before


def test_an_accepted_and_a_rejected_one_are_for_a_person_to_review(shell: Shell) -> None:
    one, other = pair(shell)
    shell.json("decision", "accept", one)
    shell.json("decision", "reject", other)
    assert f"{one} is accepted, {other} is rejected" in refused(shell, one, other)


def disputed(shell: Shell, shown: dict[str, Any], entry: str) -> None:
    file = shell.top / shown["path"]
    file.write_text(file.read_text() + f"conflicts:\n{entry}")


def test_a_dispute_is_shown_with_both_texts(shell: Shell) -> None:
    one, _ = pair(shell)
    disputed(
        shell, shell.json("decision", "show", one),
        '  impact:\n  - "clock\\e[31m skew"\n  - |-\n    two\n    lines\n'
        "  status:\n  - status: accepted\n    reviewed_by: Ada\n  - status: rejected\n",
    )  # fmt: skip
    out = shell("decision", "show", one)
    assert "\x1b[31m" not in out
    assert "  impact:\n    1. clock\ufffd[31m skew\n    2. two / lines\n" in out
    assert "  status:\n    1. status: accepted, reviewed_by: Ada\n    2. status: rejected\n" in out
    assert list(shell.json("decision", "show", one)["conflicts"]) == ["impact", "status"]


def test_a_dispute_over_a_solution_is_shown_and_settled_by_solving(shell: Shell) -> None:
    added = shell.json("error", "add", "--type", "E", "--message", "m", "--solution", "A")
    disputed(shell, added, "  solution:\n  - solution: A\n  - solution: B\n")
    assert "1. solution: A\n    2. solution: B\n" in shell("error", "show", added["id"])
    (hit,) = shell.json("error", "search", "m")["results"]
    assert hit["conflicts"] == ["solution"]
    shell.json("error", "solve", added["id"], "B it is")
    assert "conflicts" not in shell.json("error", "show", added["id"])


@pytest.mark.parametrize("verb", ["accept", "reject"])
def test_a_verdict_settles_a_dispute_over_the_verdict_alone(shell: Shell, verb: str) -> None:
    one, _ = pair(shell)
    entry = "  status:\n  - status: accepted\n  - status: rejected\n  impact:\n  - a\n  - b\n"
    disputed(shell, shell.json("decision", "show", one), entry)
    assert list(shell.json("decision", verb, one)["conflicts"]) == ["impact"]
