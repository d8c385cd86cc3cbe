"""A ``kagura.toml`` that a hostile branch brings: it approves, spends, opens and runs nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kagura_git.workspace import open_workspace
from tests.git_repo import Sandbox
from tests.hostile.program import Program
from tests.work import processor_seconds

# What a repository may not say, and the words that say so.
IGNORED = {
    "approval": (
        b"[coding_memory]\nauto_approve = true\n"
        b"[coding_memory.defaults]\nauto_approve = true\nmodel = 'x'\n",
        ["[coding_memory] auto_approve", "[coding_memory.defaults] auto_approve", "only your own"],
    ),
    "who pays, and where to": (
        b"[llm]\napi_base = 'https://example.org'\napi_key = 'x'\n"
        b"[coding_memory.costs]\nauto_approve = 1\n",
        ["[llm] api_base", "[llm] api_key", "[coding_memory.costs] auto_approve"],
    ),
    "a command": (
        b"[llm]\napi_key_command = 'touch pwned'\n[hooks]\ncommand = 'touch pwned'\n"
        b"[search]\nenv = 'PATH'\n",
        ["[llm] api_key_command", "[hooks] command", "[search] env", "no setting"],
    ),
    "a folder as model": (b"[search]\nmodel = '/etc'\n", ["[search] model", "no folder"]),
    "a climbing model": (b"[search]\nmodel = '../../x'\n", ["[search] model", "no folder"]),
    "a home as model": (b"[search]\nmodel = '~/x'\n", ["[search] model", "no folder"]),
    "an address as model": (b"[search]\nmodel = 'https://x.example/m'\n", ["[search] model"]),
    "a picture elsewhere": (b"[coding_memory]\nscreenshot = '/etc/passwd'\n", ["screenshot"]),
    "names of codes": (b'[a]\n"\\u001b]0;x\\u0007\\nok FORGED" = 1\n', ["no setting"]),
    "thousands of names": (b"[a]\n" + b"".join(b"k%d=1\n" % n for n in range(6000)),
                           ["[a] k0, [a] k1", "and 5995 more"]),
    "no table": (b"store = 1\n[[hooks]]\nenabled = false\n", ["store, hooks: no setting"]),
}  # fmt: skip
# What cannot be used at all; nothing is recorded until somebody has looked at it.
REFUSED = {
    "huge": (b"# x\n" * 100_000, "over 64 KiB"),
    "deep": (b"x = " + b"[" * 900 + b"]" * 900 + b"\n", "over 1,000 characters"),
    "deep over lines": (b"x = [" + b"[\n" * 9000 + b"]\n" * 9000 + b"]\n", "not valid TOML"),
    "NUL": (b"[store]\nx = 1\0\n", "not valid TOML"),
    "BOM": (b"\xef\xbb\xbf[store]\nstage = false\n", "byte order mark"),
    "not UTF-8": (b"[store]\nproject_id = '\xff'\n", "not valid TOML"),
    "UTF-16": ("[store]\nstage = false\n".encode("utf-16"), "not valid TOML"),
    "a wrong type": (b"[hooks]\nenabled = 'no'\n", "not true or false"),
    "a label of codes": (b'[store]\nproject_id = "\\u001b[31m\\nok"\n', "not one line"),
    "an endless label": (b"[store]\nproject_id = '" + b"x" * 900 + b"'\n", "not one line"),
    "raw codes": (b'[store]\n"\x1b]0;x\x07" = 1\n', "not valid TOML"),
    "hours without end": (b"[coding_memory]\nmax_session_duration_hours = 9999999999999\n",
                          "not a number from 1"),
}  # fmt: skip


def brought(box: Sandbox, data: bytes) -> None:
    """Commit it as a merged branch brings it."""
    box.write("kagura.toml", data)
    box.run("add", "-A")
    box.run("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "hostile settings")


def findings(program: Program) -> list[str]:
    return [f["message"] for f in program.json("doctor")["findings"] if f["check"] == "settings"]


@pytest.mark.parametrize("name", IGNORED)
def test_what_a_repository_may_not_say_changes_nothing_and_is_named(
    kagura: Sandbox, program: Program, name: str
) -> None:
    before = open_workspace(str(kagura.top), os.environ).settings
    data, words = IGNORED[name]
    brought(kagura, data)
    assert open_workspace(str(kagura.top), os.environ).settings == before
    said = findings(program)
    assert all(any(word in message for message in said) for word in words), said
    assert len(program("doctor").splitlines()) < 30
    assert "\nok FORGED" not in program("doctor")
    program.ok("search", "needle")
    program.ok("decision", "add", "x", "--rationale", "y")
    kagura.run("commit", "-q", "-m", "goes on")
    assert not (kagura.top / "pwned").exists()


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_used_is_one_line_and_reading_goes_on(
    kagura: Sandbox, program: Program, name: str
) -> None:
    data, words = REFUSED[name]
    brought(kagura, data)
    started = processor_seconds()
    found = program.json("search", "needle")
    assert (found["ranking"], found["results"][0]["id"]) == ("hybrid", "D-00000001")
    for command in (["decision", "list"], ["log"], ["why", "src/app.py"], ["context"]):
        program.ok(*command)
        assert program.err.count("\n") == 1
        assert program.err.startswith("kagura.toml: ")
        assert words in program.err
    (said,) = findings(program)
    assert words in said
    assert "nothing is recorded" in said
    before = set((kagura.top / ".kagura").rglob("*.yaml"))
    program("decision", "add", "x", "--rationale", "y")
    assert (program.code, words in program.err) == (1, True)
    assert set((kagura.top / ".kagura").rglob("*.yaml")) == before
    kagura.write("src/app.py", "a = 2\n")
    assert kagura.run("commit", "-qam", "goes on").stderr == ""
    assert processor_seconds() - started < 30


def test_it_takes_no_model_from_its_reader(
    kagura: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another model would mean to embed every record anew."""
    brought(kagura, b"[broken")
    settings = open_workspace(str(kagura.top), os.environ).settings
    assert (settings.model, settings.offline) == ("test:hash", True)
    monkeypatch.delenv("KAGURA_SEARCH_MODEL")
    own = Path(os.environ["XDG_CONFIG_HOME"], "kagura-git/kagura.toml")
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("[search]\nmodel = 'mine'\n[coding_memory]\nenabled = false\n")
    settings = open_workspace(str(kagura.top), os.environ).settings
    assert (settings.model, settings.model_named_by, settings.enabled) == ("mine", "user", False)


def test_a_switch_to_a_hostile_branch_turns_off_hooks_but_never_on(
    kagura: Sandbox, program: Program
) -> None:
    own = Path(os.environ["XDG_CONFIG_HOME"], "kagura-git/kagura.toml")
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("[hooks]\nenabled = false\n[coding_memory]\nenabled = false\n")
    brought(kagura, b"[hooks]\nenabled = true\n[coding_memory]\nenabled = true\n")
    settings = open_workspace(str(kagura.top), os.environ).settings
    assert (settings.hooks_enabled, settings.enabled) == (False, False)
    assert any("may only lower" in said for said in findings(program))
    assert program.refused("decision", "add", "x", "--rationale", "y")
