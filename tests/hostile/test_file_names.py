"""File names that are patterns, options, lines of ours, terminal codes, or no text at all."""

from __future__ import annotations

import json
import os
import sys

import pytest

from tests.git_repo import Sandbox
from tests.hostile.program import Program, on_a_terminal, plant, record

NAMES = {
    "newline": "a\nb.py",
    "a line of ours": "x\nkagura: all is well",
    "quotes": "a\"b'c`d.py",
    "tab": "a\tb",
    "backslash": "a\\b\\n",
    "option": "-n",
    "long option": "--output=x",
    "glob magic": ":(glob)*",
    "exclude magic": ":!x",
    "character class": "[ab].py",
    "star": "*.py",
    "not UTF-8": os.fsdecode(b"caf\xe9-\xff\xfe.py"),
    "surrogate bytes": os.fsdecode(b"\xed\xa0\x80"),
    "right to left": "\u202egnp.exe",
    "line separators": "\u2028ls\x85nel",
    "very long": "L" * 250,
    "like a record": "D-00000001-x.yaml",
    "like our folder": ".KAGURA/decisions/2025-11/D-00000001-x.yaml",
    "beside our folder": ".kagura-x/f",
    "colour": "a\x1b[31mred",
    "title": "a\x1b]0;owned\x07",
    "bell": "a\x07",
    "carriage return": "a\rb",
    "like a line": "x:12",
    "like a revision": "HEAD",
    "like a branch": "main",
    "like an upstream": "@{u}",
    "spaces": " sp ace ",
    "ends in newlines": "d\n/e\n",
    "home": "~",
    "shell": "$(touch pwned);`touch pwned`",
}


def is_unicode(name: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in name)


@pytest.fixture
def odd(kagura: Sandbox, program: Program) -> Sandbox:
    """A repository with a file of every odd name, each with its reason, committed at once."""
    program.ok("session", "start", "Odd names")
    for key, name in NAMES.items():
        kagura.write(name, f"{key}\n")
        program.ok("change", "add", "--action", "create", "--reason", f"why {key}", "--", name)
    kagura.run("add", "-A")
    done = kagura.run("commit", "-m", "Every odd name")
    assert "kagura" not in done.stderr
    return kagura


def shown(name: str) -> str:
    """Return a name as JSON gives it: half characters, which strict readers refuse, replaced."""
    return "".join("\ufffd" if "\ud800" <= sign <= "\udfff" else sign for sign in name)


def test_every_file_gets_its_own_reason_and_answers_with_it(odd: Sandbox, program: Program) -> None:
    (commit,) = program.json("log", "-n", "1")["commits"]
    reasons = {change["path"]: change["reason"] for change in commit["changes"]}
    assert reasons == {shown(name): f"why {key}" for key, name in NAMES.items()}
    for key, name in NAMES.items():
        for target in (name, f"{name}:1"):
            (reason,) = program.json("why", "--", target)["reasons"]
            assert reason["reason"] == f"why {key}", ascii(target)
        (found,) = program.json("log", "--", f"./{name}")["commits"]
        assert found["subject"] == "Every odd name"
    assert not (odd.top / "pwned").exists()


def test_search_narrows_to_a_file_by_its_very_name(odd: Sandbox, program: Program) -> None:
    for key, name in NAMES.items():
        found = program.json("search", "why", "--file", f"./{name}", "-k", "50")["results"]
        titles = [hit["title"] for hit in found]
        assert any(title.endswith(f"why {key}") for title in titles), (key, titles)


def test_a_decision_governs_a_file_by_its_very_name(odd: Sandbox, program: Program) -> None:
    for key, name in NAMES.items():
        add = ("decision", "add", f"On {key}", "--rationale", "r", "--related-file", f"./{name}")
        if not is_unicode(name):
            assert "not Unicode text" in program.refused(*add)
            continue
        made = json.loads(program.ok(*add, "--json"))
        listed = program.json("decision", "list", "--file", f"./{name}")["decisions"]
        assert made["id"] in [item["id"] for item in listed], key


def test_an_error_is_recorded_wherever_it_was_met(odd: Sandbox, program: Program) -> None:
    for key, name in NAMES.items():
        add = ("error", "add", "--type", "Odd", "--message", f"in {key}", "--file", f"./{name}")
        path = program.json("show", program.json(*add)["id"])["file_path"]
        assert path == name if is_unicode(name) else "?" in path


def test_everything_that_sums_up_names_them_without_a_fault(odd: Sandbox, program: Program) -> None:
    for command in (
        ["context"], ["context", "--focus", NAMES["star"]], ["patterns"], ["session", "status"],
        ["change", "list"], ["doctor"], ["session", "end"], ["session", "list"],
    ):  # fmt: skip
        program.ok(*command)
    ended = program.json("session", "list")["sessions"][0]["summary"]
    for key in NAMES:
        assert f"why {key}" in ended


def test_nothing_raw_reaches_a_terminal(odd: Sandbox) -> None:
    git_kagura = [sys.executable, "-m", "kagura_git"]
    env = {**odd.env, "PYTHONPATH": os.pathsep.join(sys.path)}
    text = on_a_terminal([*git_kagura, "log", "-n", "1"], odd.top, env)
    assert "why newline" in text
    for name in (NAMES["a line of ours"], NAMES["title"], "no such\x1b]0;x\x07 file"):
        text = on_a_terminal([*git_kagura, "why", "--", name], odd.top, env)
        assert "\nkagura: all is well" not in text


def test_a_record_whose_name_cannot_be_shown_stops_the_commit_in_one_line(kagura: Sandbox) -> None:
    path = plant(kagura, record(2))
    for sign in ("\x1b[31m", "\nkagura: all is well\n", "\u202e", "\udcff"):
        kagura.run("rm", "-rfq", "--cached", ".kagura/decisions/2025-11", ok=False)
        os.rename(kagura.top / path, kagura.top / (path := f"{path[:-6]}{sign}x.yaml"))
        kagura.run("add", "-A")
        done = kagura.run("commit", "-m", "odd", ok=False)
        assert done.returncode == 1
        said = done.stderr.splitlines()
        assert "cannot be shown" in said[0]
        assert len(said) == 2
        assert all(line.isprintable() for line in said)


def test_a_path_that_leaves_the_repository_or_is_none_is_refused(program: Program) -> None:
    for path in ("../x", "/etc/passwd", "src/../../x", "", "a\x00b", "x" * 40_000):
        said = program.refused("change", "add", path, "--action", "edit", "--reason", "r")
        assert len(said) < 700


def test_a_link_out_of_the_repository_leads_nowhere(kagura: Sandbox, program: Program) -> None:
    (kagura.top / "out").symlink_to("/etc")
    said = program.refused("change", "add", "out/passwd", "--action", "edit", "--reason", "r")
    assert "outside the repository" in said


def test_json_is_valid_utf8_that_any_reader_takes(odd: Sandbox, program: Program) -> None:
    for command in (["log", "-n", "1"], ["session", "status"], ["change", "list"], ["context"]):
        text = program.ok(*command, "--json")
        assert text.encode("utf-8").decode("utf-8") == text
        assert "\\ud" not in text.lower()  # half a character, which strict readers refuse
        json.loads(text)
