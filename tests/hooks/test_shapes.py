"""Repositories of every shape: bare with worktrees, submodules, SHA-256, sparse, detached."""

from __future__ import annotations

from pathlib import Path

from git_repo import Sandbox, new
from kagura_box import SESSION, begin, entries, record, set_up, track

from kagura_git.services import setup


def works(box: Sandbox) -> None:
    """One commit with a session, a reason and a decision is linked in note and message."""
    begin(box)
    track(box, 1, "a", "why")
    record(box)
    box.commit("Do it", a="1\n")
    found = {entry["id"] for entry in entries(box) if "id" in entry}
    assert found == {"C-00000001", "D-00000001", SESSION}
    assert f"Kagura-Session: {SESSION}" in box.message()
    assert box.working.pending() == {}


def test_a_bare_repository_with_worktrees(box: Sandbox, tmp_path: Path) -> None:
    box.commit(first="1\n")
    box.run("clone", "-q", "--bare", str(box.top), str(tmp_path / "bare.git"))
    Sandbox(tmp_path / "bare.git", box.env).run("worktree", "add", "-q", str(tmp_path / "tree"))
    tree = Sandbox(tmp_path / "tree", box.env)
    setup.init(tree.repo)
    works(tree)
    assert (tmp_path / "bare.git/hooks/post-commit").exists()
    assert setup.init(tree.repo) == []


def test_a_submodule(box: Sandbox, tmp_path: Path, env: dict[str, str]) -> None:
    library = new(tmp_path / "library", env)
    library.commit(lib="1\n")
    box.run("-c", "protocol.file.allow=always", "submodule", "-q", "add", str(library.top), "sub")
    inner = Sandbox(box.top / "sub", env)
    setup.init(inner.repo)
    works(inner)
    assert not (box.top / ".git/hooks/post-commit").exists()


def test_a_sha256_repository(tmp_path: Path, env: dict[str, str]) -> None:
    works(set_up(new(tmp_path / "sha256", env, "--object-format=sha256")))


def test_a_detached_head(kagura: Sandbox) -> None:
    kagura.run("switch", "-q", "--detach")
    works(kagura)


def test_a_sparse_checkout_without_the_records(kagura: Sandbox) -> None:
    kagura.commit(**{"src/x": "1\n"})
    kagura.run("sparse-checkout", "set", "--cone", "src")
    works(kagura)


def test_a_git_directory_named_by_the_environment(tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "tree").mkdir()
    box = Sandbox(tmp_path / "tree", env)
    box.run("init", "-q", "--separate-git-dir", str(tmp_path / "elsewhere"))
    setup.init(box.repo)
    box.env.update(GIT_DIR=str(tmp_path / "elsewhere"), GIT_WORK_TREE=str(box.top))
    works(box)


def test_commits_made_inside_a_hook_of_the_user_are_linked_too(kagura: Sandbox) -> None:
    kagura.script(
        ".git/hooks/post-commit.kagura-chained",
        '#!/bin/sh\n[ -n "$INNER" ] && exit\nINNER=1 git commit -q --allow-empty -m inner\n',
    )
    begin(kagura)
    kagura.commit("outer", a="1\n")
    assert kagura.message().startswith("inner")
    assert {"kind": "session", "id": SESSION} in entries(kagura)
