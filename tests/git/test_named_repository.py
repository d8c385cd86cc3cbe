"""GIT_DIR and GIT_WORK_TREE name the repository, as for git itself."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from pathlib import Path

import pytest

from kagura_git.errors import GitError
from kagura_git.git import remote_run
from kagura_git.git.repo import Repository, discover
from kagura_git.memory import SyncCodingMemory
from tests.git_repo import Sandbox, new

ENV = dict[str, str]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder inside one repository, whose files another one keeps: tmp_path/dots.git."""
    other = new(tmp_path / "house", dict(os.environ))
    other.run("commit", "--allow-empty", "-m", "other")
    dots = new(tmp_path / "dots", dict(os.environ))
    dots.commit("start", rc="a\n")
    (dots.top / ".git").rename(tmp_path / "dots.git")
    (tmp_path / "house" / "sub").mkdir()
    return tmp_path / "house"


def seen(repo: Repository) -> list[str]:
    """Return what git, as this repository starts it, works on."""
    found = repo.git.text("rev-parse", "--absolute-git-dir", "--show-toplevel").split("\n")
    return [os.path.realpath(path) for path in found]


@pytest.mark.parametrize("folder", ["house", "house/sub", "."])
@pytest.mark.parametrize("relative", [False, True])
def test_both_variables_win_over_the_folder(house: Path, folder: str, relative: bool) -> None:
    start, dots = house.parent / folder, house.parent / "dots.git"
    named = [os.path.relpath(path, start) if relative else str(path) for path in (dots, house)]
    env = {**os.environ, "GIT_DIR": named[0], "GIT_WORK_TREE": named[1]}
    repo = discover(str(start), env)
    assert (repo.git_dir, repo.common_dir, repo.top) == (str(dots), str(dots), str(house))
    assert seen(repo) == [str(dots), str(house)]


def test_without_a_work_tree_the_folder_is_its_top(house: Path) -> None:
    env = {**os.environ, "GIT_DIR": str(house.parent / "dots.git")}
    repo = discover(str(house / "sub"), env)
    assert seen(repo) == [repo.git_dir, repo.top] == [env["GIT_DIR"], str(house / "sub")]


@pytest.mark.parametrize("named", [False, True])
def test_a_work_tree_that_the_configuration_names_is_used(house: Path, named: bool) -> None:
    dots = house.parent / "dots.git"
    box = Sandbox(house.parent, os.environ)
    box.run(f"--git-dir={dots}", "config", "core.worktree", str(house))
    (house.parent / "link").mkdir()
    (house.parent / "link" / ".git").write_text(f"gitdir: {dots}\n")
    env = {**os.environ, **({"GIT_DIR": str(dots)} if named else {})}
    repo = discover(str(house if named else house.parent / "link"), env)
    assert seen(repo) == [repo.git_dir, repo.top] == [str(dots), str(house)]


def test_the_variables_of_a_hook_name_nothing_where_the_folder_leads_there(house: Path) -> None:
    side = house.parent / "side"
    Sandbox(house, os.environ).run("worktree", "add", "-q", str(side))
    env = {**os.environ, "GIT_DIR": str(house / ".git/worktrees/side"), "GIT_INDEX_FILE": "x"}
    repo = discover(str(side), env)
    assert (repo.git_dir, repo.top) == (env["GIT_DIR"], str(side))
    assert not {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"} & repo.git.env.keys()


def test_a_name_that_leads_nowhere_is_refused_with_the_variable(house: Path) -> None:
    with pytest.raises(GitError) as raised:
        discover(str(house), {**os.environ, "GIT_DIR": "gone"})
    assert "GIT_DIR=gone" in raised.value.hint


def test_the_python_api_takes_the_folder_that_its_caller_names(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(house.parent / "dots.git"))
    assert SyncCodingMemory(house).ws.repo.git_dir == str(house / ".git")
    named = SyncCodingMemory(house, environ=os.environ)
    assert named.ws.repo.git_dir == os.environ["GIT_DIR"]


def test_a_session_a_record_and_a_commit_stay_in_the_named_repository(house: Path) -> None:
    path = f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}"
    box = Sandbox(house, {**os.environ, "PATH": path})
    before = snapshot(house / ".git")
    dots = [f"--git-dir={house.parent / 'dots.git'}", f"--work-tree={house}"]
    box.run(*dots, "kagura", "init", "--offline")
    box.run(*dots, "kagura", "session", "start", "Some work")
    box.run(*dots, "kagura", "decision", "add", "Use X", "--rationale", "Because it is there.")
    box.run(*dots, "add", "kagura.toml")
    box.run(*dots, "commit", "-q", "-m", "Do it")
    message = box.out(*dots, "log", "-1", "--format=%B")
    assert "Kagura-Session: " in message
    assert "Kagura-Decision: " in message
    assert box.out(*dots, "notes", "--ref=kagura", "list")
    assert snapshot(house / ".git") == before
    for client in ("claude", "codex"):
        said = json.loads(box.out(*dots, "kagura", "mcp", "config", "--client", client, "--json"))
        entry = next(iter(next(iter(said["config"].values())).values()))
        named = {"GIT_DIR": str(house.parent / "dots.git"), "GIT_WORK_TREE": str(house)}
        assert entry["env"] == named
        parse = tomllib.loads if client == "codex" else json.loads
        assert parse(said["text"]) == said["config"]


def snapshot(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files}


def test_how_git_works_reaches_it_also_for_the_network(house: Path) -> None:
    given = {
        name: f"{name} as given"
        for name in (
            "GIT_SSL_CAINFO", "GIT_SSL_NO_VERIFY", "GIT_SSH_COMMAND", "GIT_PROXY_COMMAND",
            "GIT_HTTP_USER_AGENT", "GIT_CURL_VERBOSE", "https_proxy", "NO_PROXY", "GIT_ASKPASS",
        )
    }  # fmt: skip
    where = {"GIT_EXTERNAL_DIFF": "leak", "GIT_INDEX_FILE": "leak", "GIT_CONFIG": "leak"}
    repo = discover(str(house), {**os.environ, **given, **where})
    done = remote_run.run(repo.git, "-c", "alias.env=!env", "env")
    lines = done.out.split("\n")
    assert {f"{name}={value}" for name, value in given.items()} <= set(lines)
    assert [line for line in lines if "leak" in line] == []
