"""Trailers name the session and the decisions, and never make a message valid that was not."""

from __future__ import annotations

import pytest
from git_repo import Sandbox
from kagura_box import SESSION, begin, record

TRAILER = f"Kagura-Session: {SESSION}"


def editor(box: Sandbox, text: str, name: str = "editor") -> dict[str, str]:
    """Return an environment whose editor runs this shell text on the message file ``$1``."""
    path = box.script(box.top.parent / name, f"#!/bin/sh\n{text}\n")
    return {"GIT_EDITOR": str(path)}


def stage(box: Sandbox, text: str = "1\n") -> None:
    box.write("a", text)
    box.run("add", "a")


def test_an_active_session_and_new_decisions_are_named(kagura: Sandbox) -> None:
    begin(kagura)
    record(kagura, 1)
    record(kagura, 2)
    kagura.commit("Do it\n\nAt length.")
    assert kagura.message().rstrip("\n") == (
        f"Do it\n\nAt length.\n\n{TRAILER}\n"
        "Kagura-Decision: D-00000001\nKagura-Decision: D-00000002"
    )


def test_a_decision_without_session_is_named(kagura: Sandbox) -> None:
    record(kagura)
    kagura.commit("Do it")
    assert kagura.message().rstrip("\n") == "Do it\n\nKagura-Decision: D-00000001"


def test_a_decision_is_named_though_pre_commit_was_skipped(kagura: Sandbox) -> None:
    record(kagura)
    kagura.commit("Do it", "--no-verify")
    assert "Kagura-Decision: D-00000001" in kagura.message()


def test_only_the_decisions_of_this_commit_are_named(kagura: Sandbox) -> None:
    begin(kagura)
    record(kagura)
    stage(kagura)
    kagura.run("commit", "-m", "a alone", "--", "a")
    assert "Kagura-Decision" not in kagura.message()
    kagura.run("commit", "-m", "the decision")
    assert "Kagura-Decision: D-00000001" in kagura.message()


def test_a_file_name_that_is_no_id_gives_no_trailer(kagura: Sandbox) -> None:
    begin(kagura)
    for name in (
        "D-0000000l-x.yaml",
        "D-short.yaml",
        "x; touch pwned.yaml",
        "D-$(id)000.yaml",
        "D-????????.yaml",
    ):
        kagura.write(f".kagura/decisions/2025-11/{name}", "x: 1\n")
    kagura.run("add", "-A")
    kagura.run("commit", "--no-verify", "-m", "odd")
    assert "Kagura-Decision" not in kagura.message()
    assert not (kagura.top / "pwned").exists()


def test_a_broken_session_file_gives_no_trailer(kagura: Sandbox) -> None:
    begin(kagura, "S-x --trailer evil")
    kagura.commit("Do it", a="1\n")
    assert kagura.message().rstrip("\n") == "Do it"


def test_amend_does_not_repeat_trailers(kagura: Sandbox) -> None:
    begin(kagura)
    kagura.commit("Do it", a="1\n")
    kagura.run("commit", "--amend", "--no-edit", "--allow-empty")
    assert kagura.message().count(TRAILER) == 1


def test_a_line_of_dashes_in_the_message_does_not_cut_it(kagura: Sandbox) -> None:
    begin(kagura)
    kagura.commit("Do it\n\n---\nbelow the line")
    assert kagura.message().rstrip("\n").endswith(f"below the line\n\n{TRAILER}")


def test_a_message_that_starts_with_a_number_sign_stays(kagura: Sandbox) -> None:
    begin(kagura)
    kagura.commit("#12 mend it", a="1\n")
    assert kagura.message().startswith("#12 mend it\n")
    assert TRAILER in kagura.message()


def test_an_empty_message_without_editor_is_refused_as_before(kagura: Sandbox) -> None:
    begin(kagura)
    record(kagura)
    before = kagura.head
    assert kagura.run("commit", "-m", " \n", ok=False).returncode == 1
    assert kagura.head == before


@pytest.mark.parametrize("arguments", [[], ["-v"], ["-s"], ["--cleanup=scissors"], ["-v", "-s"]])
def test_leaving_the_editor_without_a_word_aborts(kagura: Sandbox, arguments: list[str]) -> None:
    begin(kagura)
    record(kagura)
    stage(kagura)
    before = kagura.head
    done = kagura.run("commit", *arguments, ok=False, **editor(kagura, ":"))
    assert done.returncode == 1
    assert "empty commit message" in done.stderr
    assert kagura.head == before


@pytest.mark.parametrize("sign", [";", "%", "auto"])
def test_another_comment_sign_changes_nothing_about_that(kagura: Sandbox, sign: str) -> None:
    kagura.run("config", "core.commentChar", sign)
    begin(kagura)
    stage(kagura)
    done = kagura.run("commit", "-v", ok=False, **editor(kagura, ":"))
    assert (done.returncode, "empty commit message" in done.stderr) == (1, True)


@pytest.mark.parametrize("arguments", [[], ["-v"], ["-s"], ["--cleanup=scissors", "-v"]])
def test_a_message_written_in_the_editor_keeps_its_trailers(
    kagura: Sandbox, arguments: list[str]
) -> None:
    begin(kagura)
    record(kagura)
    stage(kagura)
    write = 'printf "Do it\\n" > "$1.new"; cat "$1" >> "$1.new"; mv "$1.new" "$1"'
    kagura.run("commit", *arguments, **editor(kagura, write))
    lines = kagura.message().rstrip("\n").split("\n")
    assert lines[:2] == ["Do it", ""]
    assert lines[-2:] == [TRAILER, "Kagura-Decision: D-00000001"]
    assert not [line for line in lines if line.startswith(("#", "diff", "+"))]


def test_the_editor_shows_the_message_as_git_made_it(kagura: Sandbox) -> None:
    begin(kagura)
    stage(kagura)
    seen = kagura.top.parent / "seen"
    kagura.run("commit", **editor(kagura, f'cp "$1" {seen}; echo "Do it" > "$1"'))
    assert "Kagura-" not in seen.read_text()
    assert kagura.message().rstrip("\n") == f"Do it\n\n{TRAILER}"


def test_leaving_the_editor_without_a_word_aborts_where_commit_msg_is_skipped(
    kagura: Sandbox,
) -> None:
    begin(kagura)
    stage(kagura)
    done = kagura.run("commit", "--no-verify", ok=False, **editor(kagura, ":"))
    assert (done.returncode, "empty commit message" in done.stderr) == (1, True)


@pytest.mark.parametrize("mode", ["scissors", "whitespace", "verbatim"])
@pytest.mark.parametrize("by_option", [False, True])
def test_a_subject_that_git_keeps_though_it_looks_like_a_comment_gets_trailers(
    kagura: Sandbox, mode: str, by_option: bool
) -> None:
    begin(kagura)
    stage(kagura)
    arguments = ["commit", f"--cleanup={mode}"] if by_option else ["commit"]
    setting = [] if by_option else ["-c", f"commit.cleanup={mode}"]
    kagura.run(*setting, *arguments, **editor(kagura, 'echo "#123 repair" > "$1"'))
    assert kagura.message().rstrip("\n") == f"#123 repair\n\n{TRAILER}"


def test_trailers_join_those_that_are_there(kagura: Sandbox) -> None:
    begin(kagura)
    text = "Do it\n\nFixes:  #12\nReviewed-by:x"
    kagura.commit(text, a="1\n")
    assert kagura.message().rstrip("\n") == f"{text}\n{TRAILER}"


def test_a_message_of_a_merge_left_as_it_was_gets_trailers(kagura: Sandbox) -> None:
    kagura.run("checkout", "-q", "-b", "side")
    kagura.commit("side", b="1\n")
    kagura.run("checkout", "-q", "main")
    begin(kagura)
    kagura.run("merge", "--no-ff", "--edit", "side", **editor(kagura, ":"))
    assert kagura.message().rstrip("\n") == f"Merge branch 'side'\n\n{TRAILER}"


def test_amending_in_the_editor_keeps_the_message(kagura: Sandbox) -> None:
    kagura.commit("Do it", a="1\n")
    begin(kagura)
    kagura.run("commit", "--amend", "--allow-empty", **editor(kagura, ":"))
    assert kagura.message().rstrip("\n") == f"Do it\n\n{TRAILER}"


@pytest.mark.parametrize("template", ["Subject:\n\nTicket: 12\n", "Subject\n\n# say why\n"])
def test_a_template_left_as_it_was_is_still_refused(kagura: Sandbox, template: str) -> None:
    path = kagura.script(kagura.top.parent / "template", template, 0o644)
    begin(kagura)
    stage(kagura)
    done = kagura.run("commit", "-t", str(path), ok=False, **editor(kagura, ":"))
    assert (done.returncode, "did not edit the message" in done.stderr) == (1, True)
    kagura.run("commit", "-t", str(path), **editor(kagura, 'sed -i "1s/.*/Mine/" "$1"'))
    assert kagura.message().startswith("Mine\n")
    assert TRAILER in kagura.message()


@pytest.mark.parametrize(
    "text",
    [
        "[hooks]\ntrailers = false\n",
        '["hooks"]\n  trailers=false   # no\n',
        "hooks.trailers = false\n",
        "hooks = { enabled = true, trailers = false }\n",
    ],
)
def test_trailers_can_be_turned_off(kagura: Sandbox, text: str) -> None:
    begin(kagura)
    kagura.write("kagura.toml", text)
    kagura.commit("Do it", a="1\n")
    assert kagura.message().rstrip("\n") == "Do it"


@pytest.mark.parametrize(
    "text",
    [
        "[hooks]\n#trailers = false\ntrailers = true\n",
        "[other]\ntrailers = false\n[hooks]\n",
        "[hooks]\n[hooks.more]\ntrailers = false\n",
        "",
    ],
)
def test_what_only_looks_like_that_setting_does_not(kagura: Sandbox, text: str) -> None:
    begin(kagura)
    kagura.write("kagura.toml", text)
    kagura.commit("Do it", a="1\n")
    assert TRAILER in kagura.message()
