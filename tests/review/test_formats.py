"""One report, several forms: lines, JSON, Markdown; and the exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kagura_git.cli import review_markdown
from kagura_git.services.review.schema import schema_text
from tests.cli.conftest import Shell, new_shell, shell
from tests.review.conftest import Desk, plain

__all__ = ["new_shell", "shell"]

SCHEMA = Path(__file__).parents[2] / "schemas" / "review.schema.json"


def add(shell: Shell, text: str, why: str, *more: str) -> str:
    found = shell.json("decision", "add", text, "--rationale", why, *more)
    return str(found["id"])


@pytest.fixture
def branch(shell: Shell) -> Shell:
    shell.git("add", "-A")
    shell.git("commit", "-q", "-m", "set up")
    accepted = add(shell, "Use SQLite", "one file", "--related-file", "app.py")
    shell("decision", "accept", accepted)
    shell.commit("app.py", "1\n")
    shell.git("branch", "-f", "base")
    shell.json("change", "add", "app.py", "--action", "edit", "--reason", "faster")
    add(shell, "Use signed cookies for sessions", "no state")
    shell.commit("app.py", "2\n")
    return shell


def test_json_is_as_the_schema_says(branch: Shell) -> None:
    found = branch.json("review", "base...HEAD")
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(found)
    assert [d["title"] for d in found["decisions"]] == ["Use signed cookies for sessions"]
    assert found["governing"][0]["files"] == [
        {"path": "app.py", "because": "app.py", "lines": [[1, 1]], "near": False}
    ]
    assert json.loads(branch("review", "base...HEAD", "--format", "json")) == found


def test_the_schema_in_the_repository_is_what_the_structs_say() -> None:
    assert SCHEMA.read_text() == schema_text()
    Draft202012Validator.check_schema(json.loads(schema_text()))


def test_a_terminal_shows_what_was_decided_and_what_is_in_force(branch: Shell) -> None:
    text = branch("review", "base...HEAD")
    assert text.startswith("1 commit, 1 decision, 0 errors, 1 of 1 file explained\n")
    assert "added: Use signed cookies for sessions" in text
    assert "you change app.py:1" in text
    assert "app.py: faster" in text


def test_two_dots_or_a_base_alone_mean_the_same(branch: Shell) -> None:
    found = branch.json("review", "base...HEAD")
    assert branch.json("review", "base..HEAD") == found
    assert branch.json("review", "base") == found
    branch.git("branch", "-m", "topic")
    branch.git("branch", "main", "base")
    assert branch.json("review") == found


def test_strict_ends_with_one_where_a_warning_or_a_chosen_rule_finds_something(
    branch: Shell,
) -> None:
    branch("review", "base...HEAD", "--strict")
    assert branch.code == 0
    branch("review", "base...HEAD", "--strict", "--rule", "no-alternatives")
    assert branch.code == 1
    branch("review", "base...HEAD", "--strict", "--rule", "secret", "--rule", "invalid")
    assert branch.code == 0
    add(branch, "Use signed cookies for sessions", "no state")
    branch.commit("app.py", "3\n")
    branch("review", "base...HEAD", "--strict")
    assert branch.code == 1
    branch("review", "base...HEAD")
    assert branch.code == 0


def test_a_rule_that_is_none_is_a_usage_error(branch: Shell) -> None:
    branch("review", "base...HEAD", "--rule", "nonsense")
    assert branch.code == 2
    assert "no rule 'nonsense'" in branch.err


def test_a_comment_links_ids_where_it_may(branch: Shell) -> None:
    text = branch("review", "base...HEAD", "--format", "markdown")
    assert text.startswith(review_markdown.MARK)
    assert "](" not in text
    linked = branch(
        "review", "base...HEAD", "--format", "markdown", "--link-base", "https://x.org/a/b/blob/c/"
    )
    assert re.search(
        r"\[`D-\w{8}`\]\(https://x\.org/a/b/blob/c/\.kagura/decisions/[^)]+\.yaml\)", linked
    )


HOSTILE = (
    "</details><script>alert(1)</script> @everyone ![x](http://e.org/t.png) [y](http://e.org) "
    "`z` | a | # *b* <!-- c --> ~~d~~ https://e.org/track"
)


def test_what_records_say_stays_text_in_a_comment(desk: Desk) -> None:
    desk.branch()
    desk.decide(
        f"Use it {HOSTILE}", f"{HOSTILE}\n\n</blockquote>\n# {HOSTILE}\n```\n{HOSTILE}",
        alternatives=[HOSTILE], related_files=["src/`a` <b> @c.py"],
    )  # fmt: skip
    desk.fail(HOSTILE, solution=HOSTILE)
    desk.memory.track_file_change("src/app.py", "edit", "", HOSTILE)
    desk.box.commit("work", **{"src/app.py": "1\n", "src/`a` <b> @c.py": "1\n"})
    text = review_markdown.markdown(desk.report())
    bare = re.sub(r"</?(details|summary|code)>|<br>|^<!-- kagura-git review -->", "", text)
    assert not re.search(r"<|@|!\[|\]\(|://", bare), bare
    assert text.count("<details>") == text.count("</details>")
    for line in bare.splitlines():
        assert not line.startswith("#") or line.startswith("### Recorded")
        assert not line.startswith("```")


def test_a_comment_is_never_too_long_for_the_site(desk: Desk) -> None:
    desk.branch()
    for number in range(40):
        desk.decide(f"Decide {number}: {'&' * 300}", f"{number} {'<words> ' * 400}")
    desk.box.commit("work")
    text = review_markdown.markdown(desk.report())
    assert len(text) < 65_536
    assert text.count("<details>") == text.count("</details>")
    assert "`git kagura review` shows the rest" in text


def test_nothing_changes_nothing(branch: Shell) -> None:
    before: Any = branch.git("status", "--porcelain"), branch.git("for-each-ref")
    branch("review", "base...HEAD")
    assert (branch.git("status", "--porcelain"), branch.git("for-each-ref")) == before


def test_a_report_is_plain_data(desk: Desk) -> None:
    desk.branch()
    assert json.loads(json.dumps(plain(desk.report())))
