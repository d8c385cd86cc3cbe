"""init puts little into a repository, twice is once, and uninstall gives every byte back."""

from __future__ import annotations

import os
import random
import re
import shutil
import stat
import sys
import tomllib
from pathlib import Path

import pytest
from git_repo import Sandbox, new

from kagura_git.errors import KaguraError
from kagura_git.services import setup
from kagura_git.store import schema

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "hooks"))
from kagura_box import record, snapshot


def state(box: Sandbox) -> dict[str, tuple[int, bytes]]:
    """Return everything in the repository but what only records may leave behind."""
    return {
        path: kept
        for path, kept in snapshot(str(box.top)).items()
        if not path.startswith((".git/objects", ".git/logs", ".git/index"))
    }


def test_init_lists_what_it_writes_and_a_second_run_changes_nothing(box: Sandbox) -> None:
    places = [change.where for change in setup.init(box.repo)]
    assert places[:7] == [
        ".kagura/README.md", ".kagura/schemas/decision.schema.json",
        ".kagura/schemas/error.schema.json", ".kagura/schemas/session.schema.json",
        ".kagura/schemas/pattern.schema.json",
        "kagura.toml", ".gitattributes",
    ]  # fmt: skip
    before = state(box)
    assert setup.init(box.repo) == []
    assert state(box) == before
    for name, text in schema.schema_files().items():
        assert (box.top / ".kagura/schemas" / name).read_text() == text


def test_a_dry_run_says_the_same_and_writes_nothing(box: Sandbox) -> None:
    box.run("remote", "add", "origin", "elsewhere")
    before = state(box)
    said = setup.init(box.repo, dry_run=True)
    assert state(box) == before
    assert said == setup.init(box.repo)


def test_without_hooks_none_are_installed(box: Sandbox) -> None:
    before = snapshot(str(box.top / ".git/hooks"))
    setup.init(box.repo, with_hooks=False)
    assert snapshot(str(box.top / ".git/hooks")) == before


def test_git_is_configured_beside_what_was_there(box: Sandbox) -> None:
    box.run("remote", "add", "origin", "elsewhere")
    box.run("config", "notes.rewriteRef", "refs/notes/commits")
    setup.init(box.repo)
    assert box.out("config", "--get-all", "notes.rewriteRef").split() == [
        "refs/notes/commits", "refs/notes/kagura",
    ]  # fmt: skip
    assert box.out("config", "--get-all", "notes.displayRef") == "refs/notes/kagura"
    assert box.out("config", "--get-all", "remote.origin.fetch").split() == [
        "+refs/heads/*:refs/remotes/origin/*",
        "refs/notes/kagura*:refs/notes/remotes/origin/kagura*",
    ]
    box.run("remote", "add", "second", "elsewhere")
    assert [change.where for change in setup.init(box.repo)] == ["git config remote.second.fetch"]
    assert "kagura/merge-driver" in box.out("config", "--get-all", "merge.kagura.driver")


def test_fetching_works_before_and_after_the_remote_has_notes(box: Sandbox, tmp_path, env) -> None:
    remote = new(tmp_path / "remote", env)
    remote.commit(a="1\n")
    box.run("remote", "add", "origin", str(remote.top))
    setup.init(box.repo)
    box.run("fetch", "-q")
    remote.run("notes", "--ref=kagura", "add", "-m", "theirs", "HEAD")
    box.run("notes", "--ref=kagura", "add", "-m", "mine", "origin/main")
    box.run("fetch", "-q")
    assert box.out("notes", "--ref=kagura", "show", "origin/main") == "mine"
    assert box.out("notes", "--ref=remotes/origin/kagura", "show", "origin/main") == "theirs"


def test_a_merge_without_a_driver_is_the_ordinary_text_merge(box: Sandbox) -> None:
    path = ".kagura/decisions/2025-11/D-00000001-x.yaml"
    setup.init(box.repo, with_hooks=False)
    box.commit(**{path: "a: 1\nb: 2\nc: 3\nd: 4\ne: 5\n"})
    assert box.out("check-attr", "merge", "text", "--", path).splitlines() == [
        f"{path}: merge: kagura", f"{path}: text: set",
    ]  # fmt: skip
    box.run("switch", "-qc", "side")
    box.commit(**{path: "a: 9\nb: 2\nc: 3\nd: 4\ne: 5\n"})
    box.run("switch", "-q", "main")
    box.commit(**{path: "a: 1\nb: 2\nc: 3\nd: 4\ne: 8\n"})
    box.run("merge", "-q", "-m", "both", "side")
    assert (box.top / path).read_text() == "a: 9\nb: 2\nc: 3\nd: 4\ne: 8\n"


def test_the_settings_file_is_toml_also_when_every_line_counts(box: Sandbox) -> None:
    from kagura_git.settings import Settings, load

    setup.init(box.repo)
    text = (box.top / "kagura.toml").read_text()
    tables = tomllib.loads(text)
    assert {"store", "search", "hooks", "coding_memory"} <= tables.keys()
    assert load(str(box.top), {}) == Settings()
    full = tomllib.loads(re.sub(r"(?m)^#(?!#)", "", text))
    assert full["coding_memory"]["max_session_duration_hours"] == 24
    assert full["hooks"] == {"enabled": True, "trailers": True}
    assert full["store"]["stage"] is True
    box.write("kagura.toml", re.sub(r"(?m)^#(?!#)", "", text))
    assert load(str(box.top), {}) == Settings(project_id="my-project")


def test_a_subfolder_and_a_repository_without_commit_are_set_up(box: Sandbox) -> None:
    (box.top / "sub").mkdir()
    setup.init(Sandbox(box.top / "sub", box.env).repo)
    assert (box.top / ".kagura/README.md").is_file()
    assert not (box.top / "sub/.kagura").exists()


def test_a_linked_worktree_shares_hooks_and_settings_and_comes_apart_again(box: Sandbox) -> None:
    box.commit(a="1\n")
    box.run("worktree", "add", "-q", "../linked")
    linked = Sandbox(box.top.parent / "linked", box.env)
    common, files = state(box), snapshot(str(linked.top))
    setup.init(linked.repo)
    assert (box.top / ".git/hooks/post-commit").exists()
    assert (linked.top / ".kagura/README.md").exists()
    assert not (box.top / ".kagura").exists()
    setup.uninstall(linked.repo)
    assert state(box) == common
    assert snapshot(str(linked.top)) == files


@pytest.mark.parametrize("path", [".kagura", ".gitattributes", "kagura.toml", ".kagura/README.md"])
def test_links_are_not_written_through(box: Sandbox, path: str, tmp_path) -> None:
    target = tmp_path / "target"
    target.mkdir() if path == ".kagura" else target.write_text("theirs")
    (box.top / path).parent.mkdir(exist_ok=True)
    (box.top / path).symlink_to(target)
    before = state(box)
    with pytest.raises(KaguraError, match="symbolic link") as caught:
        setup.init(box.repo)
    assert caught.value.where == path
    assert state(box) == before


def test_a_folder_in_place_of_a_file_is_refused(box: Sandbox) -> None:
    (box.top / "kagura.toml").mkdir()
    with pytest.raises(KaguraError, match="not a file"):
        setup.init(box.repo)


def test_files_that_a_colleague_committed_are_not_replaced(box: Sandbox) -> None:
    box.commit(**{".kagura/README.md": "older\n", "kagura.toml": "[hooks]\n"})
    setup.init(box.repo)
    assert (box.top / ".kagura/README.md").read_text() == "older\n"
    assert (box.top / "kagura.toml").read_text() == "[hooks]\n"
    setup.uninstall(box.repo)
    assert (box.top / ".kagura/README.md").read_text() == "older\n"


ATTRIBUTES = [
    None,
    b"",
    b"*.py text\n",
    b"*.py text",
    b"a\r\nb\r\n",
    b"a\r\nb",
    b"\n\n",
    b"# \xff\n",
]
HOOKS = ["pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-merge", "pre-push"]


def of_another_tool(box: Sandbox, dice: random.Random) -> None:
    """Give the repository what a hook manager leaves in it, with or without a former hook."""
    folder = box.top / ".git/hooks"
    tool, end = dice.choice(
        [("# File generated by pre-commit: x", ".legacy"), ("call_lefthook run", ".old")]
    )
    for name in dice.sample(("pre-commit", "commit-msg", "post-commit"), 2):
        if not (folder / name).exists():
            box.script(f".git/hooks/{name}", f"#!/bin/sh\n{tool}\n")
            if dice.random() < 0.5:
                box.script(f".git/hooks/{name}{end}", "#!/bin/sh\n# former\n")
    if dice.random() < 0.3 and not (folder / "pre-push").exists():
        (folder / "pre-push").mkdir(parents=True)


def randomized(box: Sandbox, seed: int) -> None:
    """Give the repository a history of its own: attributes, configuration, hooks."""
    dice = random.Random(seed)
    attributes = ATTRIBUTES[seed % len(ATTRIBUTES)]
    if attributes is not None:
        box.write(".gitattributes", attributes).chmod(dice.choice([0o644, 0o600, 0o755]))
    folder = box.top / ".git/hooks"
    if dice.random() < 0.3:
        shutil.rmtree(folder)
    for name in dice.sample(HOOKS, dice.randrange(4)):
        box.script(
            f".git/hooks/{name}", f"#!/bin/sh\n# {seed}\n", dice.choice([0o755, 0o644, 0o500])
        )
    if dice.random() < 0.2:
        folder.mkdir(exist_ok=True)
        (folder / "post-rewrite").symlink_to("../../dispatch")
    if dice.random() < 0.3:
        of_another_tool(box, dice)
    if dice.random() < 0.4:
        box.run("remote", "add", "origin", "url")
    if dice.random() < 0.4:
        box.run("config", "notes.displayRef", dice.choice(["refs/notes/x", "refs/notes/kagura"]))
    if dice.random() < 0.4:
        box.script(".husky/_/pre-commit", "#!/bin/sh\n")
        box.run("config", "core.hooksPath", ".husky/_")
    config = box.top / ".git/config"
    config.write_bytes(
        config.read_bytes() + dice.choice([b"", b"# odd  end", b"\n\n[x]\n\ty=1 ; z\n"])
    )
    config.chmod(dice.choice([0o644, 0o600]))
    if dice.random() < 0.3:
        box.write("kagura.toml", "[store]\n")


@pytest.mark.parametrize("seed", range(48))
def test_uninstall_gives_back_every_byte_and_mode(box: Sandbox, seed: int) -> None:
    randomized(box, seed)
    before = state(box)
    for _ in range(1 + seed % 2):
        assert setup.init(box.repo)
        assert setup.init(box.repo) == []
        changed = setup.uninstall(box.repo)
        assert changed
        assert not [change for change in changed if "kept" in change.what]
        assert state(box) == before
    assert setup.uninstall(box.repo) == []


@pytest.mark.parametrize("seed", range(8))
def test_uninstall_after_edits_takes_only_our_lines(box: Sandbox, seed: int) -> None:
    randomized(box, seed)
    setup.init(box.repo)
    box.write(".gitattributes", (box.top / ".gitattributes").read_bytes() + b"*.md text\n")
    box.run("config", "alias.x", "status")
    box.write("kagura.toml", "[search]\n")
    said = {change.where: change.what for change in setup.uninstall(box.repo)}
    rest = (box.top / ".gitattributes").read_bytes()
    original = ATTRIBUTES[seed % len(ATTRIBUTES)] or b""
    assert rest.startswith(original)
    assert rest.endswith(b"*.md text\n")
    assert b"kagura" not in rest
    assert box.out("config", "alias.x") == "status"
    assert "kagura" not in (box.top / ".git/config").read_text().replace(
        "displayRef = refs/notes/kagura", ""
    )
    assert (box.top / "kagura.toml").read_text() == "[search]\n"
    if "kagura.toml" in said:
        assert said["kagura.toml"].startswith("kept")
    assert setup.uninstall(box.repo) == []


def test_a_foreign_hooks_path_is_restored_also_after_edits(box: Sandbox) -> None:
    box.run("config", "core.hooksPath", ".husky/_")
    setup.init(box.repo)
    box.run("config", "alias.x", "status")
    setup.uninstall(box.repo)
    assert box.out("config", "--get-all", "core.hooksPath") == ".husky/_"


def test_a_remote_added_between_two_runs_is_taken_back_too(box: Sandbox) -> None:
    setup.init(box.repo)
    box.run("remote", "add", "origin", "url")
    setup.init(box.repo)
    setup.uninstall(box.repo)
    assert (
        box.out("config", "--get-all", "remote.origin.fetch")
        == "+refs/heads/*:refs/remotes/origin/*"
    )


def test_records_journal_and_working_memory_stay_and_derived_data_goes(box: Sandbox) -> None:
    setup.init(box.repo)
    path = record(box)
    box.write(".git/kagura/index/marks", "x")
    box.write(".git/kagura/vectors.sqlite", "x")
    for name in ("lock", "refresh.lock", "settle.lock", "staged", "clean.head", "unwritten/x"):
        box.write(f".git/kagura/{name}", "x")
    (box.top / ".git/kagura/unwritten/x").unlink()
    setup.uninstall(box.repo)
    assert (box.top / path).exists()
    left = {path.name for path in (box.top / ".kagura").iterdir()}
    assert left == {"decisions"}
    assert {path.name for path in (box.top / ".git/kagura").iterdir()} == {"journal", "pending"}
    assert setup.init(box.repo)


def test_without_any_record_the_folder_goes_away(box: Sandbox) -> None:
    setup.init(box.repo)
    (box.top / ".kagura/decisions/2025-11").mkdir(parents=True)
    setup.uninstall(box.repo)
    assert not (box.top / ".kagura").exists()


def test_uninstall_in_a_clone_that_was_not_set_up_touches_no_committed_file(box: Sandbox) -> None:
    setup.init(box.repo)
    box.commit()
    (box.top / ".git/kagura/installed.json").unlink()
    setup.uninstall(box.repo)
    assert box.out("status", "--porcelain") == ""
    assert not [p for p in (box.top / ".git/hooks").iterdir() if not p.name.endswith(".sample")]
    assert "kagura" not in (box.top / ".git/config").read_text()


def test_a_hook_edited_after_init_is_the_user_s(box: Sandbox) -> None:
    setup.init(box.repo)
    other = box.script(".git/hooks/commit-msg", "#!/bin/sh\n# mine\n")
    setup.uninstall(box.repo)
    assert other.read_text() == "#!/bin/sh\n# mine\n"


def test_a_configuration_that_git_is_writing_is_waited_for(box: Sandbox) -> None:
    setup.init(box.repo)
    lock = box.write(".git/config.lock", "")
    with pytest.raises(KaguraError, match="another git command"):
        setup.uninstall(box.repo)
    lock.unlink()
    setup.uninstall(box.repo)
    assert "kagura" not in (box.top / ".git/config").read_text()


def test_a_state_file_that_cannot_be_read_says_so(box: Sandbox) -> None:
    setup.init(box.repo)
    box.write(".git/kagura/installed.json", "{")
    with pytest.raises(KaguraError, match="cannot be read"):
        setup.uninstall(box.repo)


def test_installed_hooks_are_executable_and_name_this_python(box: Sandbox) -> None:
    setup.init(box.repo)
    hook = box.top / ".git/hooks/post-commit"
    assert stat.S_IMODE(os.stat(hook).st_mode) == 0o755
    assert f"kagura_python='{sys.executable}'" in hook.read_text()
