"""Repositories of every shape: bare with worktrees, submodules, SHA-256, sparse, detached."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import newer_git
import pytest
from git_repo import Sandbox, new
from kagura_box import SESSION, begin, entries, record, set_up, track

from kagura_git.git import shims
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


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_a_reftable_repository(
    tmp_path: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    newer_git.use(env, monkeypatch, 2, 48)
    box = new(tmp_path / "it", env, "--ref-format=reftable", f"--object-format={form}")
    works(set_up(box))
    box.run("commit", "-q", "--amend", "-m", "Reworded")
    assert "C-00000001" in {entry.get("id") for entry in entries(box)}


def test_a_shallow_clone(kagura: Sandbox, tmp_path: Path) -> None:
    for number in range(3):
        kagura.commit(a=f"{number}\n")
    outside = Sandbox(tmp_path, kagura.env)
    outside.run("clone", "-q", "--depth=1", f"file://{kagura.top}", "shallow")
    shallow = Sandbox(tmp_path / "shallow", kagura.env)
    setup.init(shallow.repo)
    works(shallow)
    shallow.run("commit", "-q", "--amend", "--no-edit")
    assert "C-00000001" in {entry.get("id") for entry in entries(shallow)}


@pytest.mark.parametrize("kind", ["blob:none", "tree:0"])
def test_a_partial_clone_fetches_nothing(kagura: Sandbox, tmp_path: Path, kind: str) -> None:
    kagura.commit(**{name: f"{name}\n" * 50 for name in "abcdef"})
    kagura.commit(**{name: f"{name}\n" * 60 for name in "abcdef"})
    kagura.run("config", "uploadpack.allowFilter", "true")
    outside = Sandbox(tmp_path, kagura.env)
    outside.run("clone", "-q", f"--filter={kind}", f"file://{kagura.top}", "partial")
    partial = Sandbox(tmp_path / "partial", kagura.env)
    setup.init(partial.repo)
    partial.run("remote", "set-url", "origin", "file:///nowhere")
    begin(partial)
    track(partial, 1, "a", "why")
    partial.write("a", "new\n")
    done = partial.run("commit", "-q", "-a", "-m", "Do it")
    assert done.stderr == ""
    assert "C-00000001" in {entry.get("id") for entry in entries(partial)}


def test_a_partial_sparse_clone_that_lacks_the_old_content_fetches_nothing(
    kagura: Sandbox, tmp_path: Path
) -> None:
    kagura.commit(**{"docs/y": "line\n" * 90, "src/x": "1\n"})
    kagura.run("config", "uploadpack.allowFilter", "true")
    Sandbox(tmp_path, kagura.env).run(
        "clone", "-q", "--filter=blob:none", "--sparse", f"file://{kagura.top}", "partial"
    )
    partial = Sandbox(tmp_path / "partial", kagura.env)
    partial.run("sparse-checkout", "set", "--cone", "src")
    setup.init(partial.repo)
    partial.run("remote", "set-url", "origin", "file:///nowhere")
    begin(partial)
    partial.run("rm", "-q", "--cached", "--sparse", "docs/y")
    partial.write("src/new", "line\n" * 80)  # a rename, to who could read the old file
    partial.run("add", "src/new")
    done = partial.run("commit", "-q", "-m", "Do it")
    assert "kagura" not in done.stderr
    assert {(e["path"], e["action"]) for e in entries(partial) if "path" in e} == {
        ("docs/y", "delete"), ("src/new", "create"),
    }  # fmt: skip


def test_no_commit_yet(box: Sandbox) -> None:
    setup.init(box.repo)
    works(box)
    assert box.out("rev-list", "--count", "HEAD") == "1"


def test_an_orphaned_branch(kagura: Sandbox) -> None:
    kagura.run("switch", "-q", "--orphan", "fresh")
    setup.init(kagura.repo)
    works(kagura)


def test_an_empty_git_folder_further_down(kagura: Sandbox) -> None:
    (kagura.top / "sub/.git").mkdir(parents=True)
    inner = Sandbox(kagura.top / "sub", kagura.env)
    begin(kagura)
    track(kagura, 1, "sub/a", "why")
    inner.write("a")
    inner.run("add", "a")
    inner.run("commit", "-q", "-m", "from below")
    assert "C-00000001" in {entry.get("id") for entry in entries(kagura)}
    assert list((kagura.top / "sub/.git").iterdir()) == []


@pytest.mark.parametrize("name", ["with space", 'it\'s "quoted"', "$(touch pwned) `id`", "a*[b]?"])
def test_a_folder_of_any_name(tmp_path: Path, env: dict[str, str], name: str) -> None:
    works(set_up(new(tmp_path / name, env)))
    assert not (tmp_path / name / "pwned").exists()


@pytest.mark.parametrize("former", [False, True])
def test_a_folder_with_a_line_break_in_its_name(
    tmp_path: Path, env: dict[str, str], former: bool
) -> None:
    box = new(tmp_path / "two\nlines", env)
    if former:
        box.script("theirs/post-commit", "#!/bin/sh\necho theirs >> ran\n")
        box.run("config", "core.hooksPath", str(box.top / "theirs"))
    set_up(box)
    works(box)
    assert {state.state for state in shims.inspect(box.repo)} == {"installed"}
    assert (box.top / "ran").exists() == former
    assert setup.init(box.repo) == []
    setup.uninstall(box.repo)
    assert "kagura" not in (box.top / ".git/config").read_text()


def test_a_folder_whose_name_is_not_utf8(tmp_path: Path, env: dict[str, str]) -> None:
    folder = os.fsdecode(os.fsencode(str(tmp_path)) + b"/caf\xe9")
    try:
        os.mkdir(folder)
    except OSError:
        pytest.skip("this file system has no such names")
    box = new(Path(folder), env)
    box.script("theirs/post-commit", "#!/bin/sh\necho theirs >> ran\n")
    box.run("config", "core.hooksPath", f"{folder}/theirs")
    set_up(box)
    works(box)
    assert {state.state for state in shims.inspect(box.repo)} == {"installed"}
    assert (box.top / "ran").exists()
    setup.uninstall(box.repo)
    assert "kagura" not in (box.top / ".git/config").read_text("utf-8", "surrogateescape")


@pytest.mark.parametrize("broken", ["no program", "read-only"])
def test_a_new_worktree_is_made_whatever_happens_to_our_hook(kagura: Sandbox, broken: str) -> None:
    hook = kagura.top / ".git/hooks/post-checkout"
    if broken == "no program":
        text = hook.read_text()
        kagura.script(hook, text.replace("kagura_python='", "kagura_python='/nowhere"))
    (kagura.top / ".git/kagura/index").mkdir(parents=True, exist_ok=True)
    kagura.run("worktree", "add", "../linked")
    linked = Sandbox(kagura.top.parent / "linked", kagura.env)
    works(linked)


def test_a_user_s_failing_post_checkout_is_passed_on_in_a_new_worktree(kagura: Sandbox) -> None:
    kagura.script(".git/hooks/post-checkout.kagura-chained", "#!/bin/sh\nexit 3\n")
    kagura.run("worktree", "add", "../linked", ok=False)
    assert (kagura.top.parent / "linked/.kagura").is_dir()


def test_started_from_a_window_with_hardly_an_environment(kagura: Sandbox) -> None:
    begin(kagura)
    track(kagura, 1, "a", "why")
    kagura.write("a")
    kagura.run("add", "a")
    git = subprocess.run(
        ["sh", "-c", "command -v git"], env=kagura.env, capture_output=True, text=True, check=True
    ).stdout.strip()
    for name in ("user.name", "user.email"):
        kagura.run("config", name, "ada@example.org")
    done = subprocess.run(
        ["env", "-i", git, "-c", "safe.directory=*", "commit", "-q", "-m", "from a window"],
        cwd=kagura.top, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "C-00000001" in {entry.get("id") for entry in entries(kagura)}
    assert f"Kagura-Session: {SESSION}" in kagura.message()
