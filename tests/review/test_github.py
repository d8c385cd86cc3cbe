"""A review as GitHub Actions shows it; no record issues a command of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagura_git.cli import review_github
from kagura_git.cli.review_markdown import MARK
from kagura_git.services.review.report import Finding, finding
from tests.cli.conftest import Shell, new_shell, shell
from tests.review.conftest import Desk

__all__ = ["new_shell", "shell"]

HOSTILE = "x\n::error::y\r\n##[error]z ##vso[task] 100%0A::set-env name=A::b\u2028::warning::q"


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    text: str


def runner(line: str) -> Command | None:
    """Read a line the way the runner does: the newer form at its start, the older anywhere."""
    found = re.match(r"\s*::([a-z-]+)(?: (.*?))?::(.*)\Z", line, re.DOTALL)
    if found:
        pairs = (item.split("=", 1) for item in (found[2] or "").split(",") if "=" in item)
        return Command(
            found[1],
            {key: unescaped(value, (":", "%3A"), (",", "%2C")) for key, value in pairs},
            unescaped(found[3]),
        )
    old = re.search(r"##\[([a-z-]+)[^\]]*\](.*)", line)
    return Command(old[1], {}, old[2]) if old else None


def unescaped(text: str, *more: tuple[str, str]) -> str:
    for sign, escape in (("\r", "%0D"), ("\n", "%0A"), *more, ("%", "%25")):
        text = text.replace(escape, sign)
    return text


def commands(*findings: Finding) -> list[Command]:
    lines = review_github.commands(findings)
    assert not any(re.search(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", line) for line in lines)
    found = [runner(line) for line in lines]
    assert None not in found
    return [command for command in found if command]


def test_each_finding_is_a_command_with_its_place() -> None:
    found = commands(
        finding("invalid", "broken", "Mend it.", path="a.yaml", line=3),
        finding("duplicate", "twice", path="b.yaml"),
        finding("history", "missing"),
        finding("unexplained", "why"),
    )
    assert found == [
        ("error", {"file": "a.yaml", "line": "3", "title": "kagura-git: invalid"},
         "broken. Mend it."),
        ("warning", {"file": "b.yaml", "title": "kagura-git: duplicate"}, "twice"),
        ("warning", {"title": "kagura-git: history"}, "missing"),
        ("notice", {"title": "kagura-git: unexplained"}, "why"),
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["a,b:c%.py", "a=b", "ä\n::error::x", "100%25", "::warning::"])
def test_a_path_comes_out_as_it_went_in(path: str) -> None:
    (found,) = commands(finding("invalid", "x", path=path))
    assert found.properties["file"] == path.replace("\r", "")


def test_what_records_and_names_say_is_never_a_command() -> None:
    for path in (HOSTILE, f"##[group]{HOSTILE}", "\udc80"):
        (found,) = commands(finding("duplicate", HOSTILE, HOSTILE, path=path, line=1))
        assert found.name == "warning"
        assert set(found.properties) <= {"file", "line", "title"}
        assert "##[" not in found.text
        assert "##vso[" not in found.text
        assert "\n" not in found.text
        assert "%0A::set-env" in found.text
    shown = review_github.talk(HOSTILE)
    assert runner(shown) is None


_SIGNS = st.text(st.sampled_from(" %:,;=#[]\r\n\t\x0b\x85\u2028\x1bé0Ace"), max_size=30)
_WORDS = st.lists(st.sampled_from(["::error::", "##[error]", "%0A", "##vso[x]"]) | _SIGNS).map(
    "".join
)


@given(message=_WORDS, mend=_WORDS, path=_WORDS | st.none())
def test_no_text_whatever_issues_a_command(message: str, mend: str, path: str | None) -> None:
    (found,) = commands(finding("conflict", message, mend, path=path, line=2))
    assert (found.name, found.properties["title"]) == ("warning", "kagura-git: conflict")
    assert set(found.properties) <= {"file", "line", "title"}
    assert not re.search(r"##(vso)?\[|[\r\n]", found.text)
    assert runner(review_github.talk(message)) is None


def test_of_each_kind_as_many_as_the_site_shows_the_rest_is_counted() -> None:
    many = [finding("unexplained", f"note {n}") for n in range(30)]
    many += [finding("duplicate", f"warning {n}") for n in range(12)]
    many += [finding("secret", f"error {n}") for n in range(11)]
    found = commands(*many)
    names = [command.name for command in found]
    assert names == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 10
    assert found[-1].text == "24 more findings: the job summary tells them"
    assert found[0].text == "error 0"


def test_ten_of_a_kind_are_all_shown() -> None:
    found = commands(*[finding("unexplained", f"note {n}") for n in range(10)])
    assert [command.text for command in found] == [f"note {n}" for n in range(10)]


@pytest.fixture
def branch(shell: Shell) -> Shell:
    shell.git("add", "-A")
    shell.git("commit", "-q", "-m", "set up")
    shell.git("branch", "base")
    shell.json("decision", "add", f"Use it {HOSTILE[:40]}", "--rationale", HOSTILE)
    shell.commit("app.py", "1\n")
    return shell


def test_stdout_has_commands_alone_and_the_summary_the_review(
    branch: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before, without a line's end")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://host.example")
    monkeypatch.setenv("GITHUB_REPOSITORY", "o/n")
    out = branch("review", "base...HEAD", "--format", "github")
    found = [runner(line) for line in out.splitlines()]
    assert [command.name for command in found if command] == ["notice"] * len(found)
    assert len(found) == 2
    text = summary.read_text()
    assert text.startswith(f"before, without a line's end\n{MARK}")
    assert f"](https://host.example/o/n/blob/{branch.git('rev-parse', 'HEAD')}/.kagura/" in text
    branch("review", "base...HEAD", "--format", "github", "--json")
    assert summary.read_text() == text


def test_a_summary_that_does_not_fit_is_left_as_it_was(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_bytes(b"x" * (1024 * 1024 - 100))
    assert not review_github.add_summary(str(summary), "y" * 100)
    assert summary.stat().st_size == 1024 * 1024 - 100
    assert review_github.add_summary(str(summary), "y" * 99)
    assert summary.stat().st_size == 1024 * 1024


def test_a_summary_that_cannot_be_written_is_an_error_with_its_name(
    branch: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    branch("review", "base...HEAD", "--format", "github")
    assert branch.code == 1
    assert "the job summary cannot be written" in branch.err


def test_strict_is_the_same_in_every_format(branch: Shell) -> None:
    branch("review", "base...HEAD", "--format", "github", "--strict")
    assert branch.code == 0
    branch("review", "base...HEAD", "--format", "github", "--strict", "--rule", "unexplained")
    assert branch.code == 1


def test_a_link_in_a_comment_ends_where_it_should(desk: Desk) -> None:
    from kagura_git.cli.review_markdown import markdown

    desk.branch()
    name = desk.decide()
    desk.box.commit("work")
    old = desk.box.out("ls-files", f".kagura/**/{name}*")
    desk.box.run("mv", old, f"{old[: old.rindex('/')]}/{name}-a) [x](e .yaml")
    desk.box.commit("rename")
    text = markdown(desk.report(), "https://host.example/b")
    assert re.findall(r"\]\((.*?)\)", text)[0].endswith(f"{name}-a%29%20%5Bx%5D%28e%20.yaml")
