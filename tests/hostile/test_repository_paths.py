"""Repositories whose own folder has a name that few programs expect."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kagura_git.git.repo import discover
from tests.git_repo import Sandbox, new
from tests.hostile.program import Program

FOLDERS = {
    "newline": "a\nb",
    "ends in a newline": "nl\n",
    "several lines": "a\n--mark\n.git\nfalse\n",
    "space": " with space ",
    "quotes": "q\"uo'te`",
    "not UTF-8": os.fsdecode(b"caf\xe9-\xff"),
    "backslash": "back\\slash",
    "tab": "tab\there",
    "right to left": "\u202ertl",
    "colour": "\x1b[31mred",
    "option": "-dash",
    "shell": "$(touch pwned);`touch pwned`",
    "glob": "[a]*",
}


@pytest.fixture(params=FOLDERS)
def there(request: pytest.FixtureRequest, tmp_path: Path, env: dict[str, str]) -> Sandbox:
    return new(tmp_path / FOLDERS[request.param], env)


def test_a_repository_works_wherever_it_lies(
    there: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    program = Program(there, capsys)
    program.ok("init")
    there.write("f", "1\n")
    program.ok("session", "start", "Work")
    made = program.json("decision", "add", "Use it", "--rationale", "r", "--related-file", "f")
    program.ok("change", "add", "f", "--action", "create", "--reason", "because")
    there.run("add", "-A")
    assert there.run("commit", "-m", "work").stderr == ""
    (commit,) = program.json("log")["commits"]
    reasons = {change["path"]: change["reason"] for change in commit["changes"]}
    assert (reasons["f"], commit["decisions"]) == ("because", [made["id"]])
    found = program.json("search", "Use it")
    assert (found["ranking"], found["results"][0]["id"]) == ("hybrid", made["id"])
    assert program.json("search", "Use it")["results"]  # from the index as it lies on disk
    assert program.json("why", "f:1")["decisions"]
    program.ok("context")
    assert program.json("doctor")["ok"]
    program.ok("session", "end")
    program.ok("uninstall")
    assert not (there.top / "pwned").exists()


def test_its_name_becomes_a_label_of_plain_text(there: Sandbox) -> None:
    name = there.repo.name()
    assert name
    assert name.isprintable()
    assert name.encode()


@pytest.mark.parametrize("name", ["newline", "ends in a newline", "not UTF-8"])
def test_a_linked_worktree_there_is_the_same_repository(
    name: str, tmp_path: Path, env: dict[str, str]
) -> None:
    main = new(tmp_path / FOLDERS[name] / "main", env)
    main.commit()
    main.run("worktree", "add", "-q", "../other")
    other = discover(str(main.top.parent / "other"), env)
    assert other.common_dir == main.repo.common_dir == str(main.top / ".git")
    assert other.top == str(main.top.parent / "other")


def test_a_bare_repository_there_is_still_told_apart(tmp_path: Path, env: dict[str, str]) -> None:
    from kagura_git.errors import GitError

    bare = new(tmp_path / "a\nb.git", env, "--bare")
    with pytest.raises(GitError, match="bare repository"):
        discover(str(bare.top), env)
    inside = new(tmp_path / "c\nd", env)
    with pytest.raises(GitError, match="not in a git work tree") as caught:
        discover(str(inside.top / ".git"), env)
    assert "work tree" in caught.value.hint


def test_the_name_never_holds_the_password_of_the_remote(box: Sandbox) -> None:
    for url, name in {
        "https://ada:hunter22secret@host.example": "host.example",
        "https://token@host.example:8443": "host.example",
        "https://ada:hunter22secret@host.example/shop.git": "shop",
        "git@host.example:owner/shop.git": "shop",
        "ssh://git@host.example:22/owner/sh\x1bop/": "sh\ufffdop",
        "/srv/git/a@b/shop": "shop",
    }.items():
        box.run("config", "remote.origin.url", url)
        assert box.repo.name() == name


def test_assistants_are_told_where_a_repository_is_only_if_it_can_be_said(
    tmp_path: Path, env: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    said = Program(new(tmp_path / "a\nb", env), capsys)
    config = said.json("mcp", "config")["config"]["mcpServers"]["kagura"]["args"]
    assert str(tmp_path / "a\nb") in config
    unsaid = Program(new(tmp_path / FOLDERS["not UTF-8"], env), capsys)
    assert "not UTF-8" in unsaid.refused("mcp", "config")


def test_the_hook_starts_where_the_folder_holds_our_own_modules(
    tmp_path: Path, env: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    box = new(tmp_path / "x\ny", env)
    program = Program(box, capsys)
    program.ok("init")
    program.ok("session", "start", "s")
    box.write("kagura_git/__init__.py", "raise SystemExit('imported from the work tree')\n")
    box.run("add", "-A")
    assert "imported" not in box.run("commit", "-m", "x").stderr
