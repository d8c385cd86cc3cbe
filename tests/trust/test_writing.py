"""Everything that is written into a work tree stays in it, and out of git directories."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import pytest

from kagura_git.errors import KaguraError
from kagura_git.fs import regular_file
from kagura_git.fs.safe_path import UnsafePath, WorkTree, chosen, is_git_dir_name
from kagura_git.llm import pictures
from kagura_git.memory import SyncCodingMemory
from kagura_git.services import setup
from kagura_git.services.adr import exporting, tables
from tests.git_repo import Sandbox, new


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    top = tmp_path / "work"
    for folder in (".git/refs/heads", "docs", "nested/.git", "meta/refs"):
        (top / folder).mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    return WorkTree(str(top), (str(top / ".git"), str(top / "meta")))


def link(tree: WorkTree, name: str, target: str) -> None:
    os.symlink(target, os.path.join(tree.top, name))


def everything(folder: Path | str) -> set[str]:
    return {str(path) for path in Path(folder).rglob("*")}


def test_a_file_is_written_with_the_folders_on_the_way(tree: WorkTree) -> None:
    tree.write("a/b/c.txt", b"one")
    tree.write(os.path.join(tree.top, "a/b/c.txt"), b"two", durable=False)
    assert Path(tree.top, "a/b/c.txt").read_bytes() == b"two"
    assert os.listdir(os.path.join(tree.top, "a/b")) == ["c.txt"]
    assert tree.remove("a/b/c.txt")
    assert not tree.remove("a/b/c.txt")


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("../outside/x", "out of the repository"), ("/etc/x", "out of the repository"),
        ("out/x", "symbolic link"), ("inside/x", "symbolic link"), ("refs/x", "symbolic link"),
        (".git/hooks/post-commit", "git directory"), (".GIT/config", "git directory"),
        ("git~1/config", "git directory"), (".git. ./x", "git directory"),
        (".git::$INDEX_ALLOCATION/x", "git directory"), (".g\u200cit/x", "git directory"),
        ("docs/.git", "git directory"), ("meta/refs/x", "git directory"),
        ("nested/x", "another repository"),
    ],
)  # fmt: skip
def test_what_leads_elsewhere_is_refused_and_writes_nothing(
    tree: WorkTree, tmp_path: Path, path: str, why: str
) -> None:
    link(tree, "out", str(tmp_path / "outside"))
    link(tree, "inside", "docs")
    link(tree, "refs", ".git/refs/heads")
    before = everything(tmp_path)
    for act in (lambda: tree.write(path, b"x"), lambda: tree.make_folder(f"{path}/more")):
        with pytest.raises(UnsafePath, match=why) as caught:
            act()
        assert caught.value.hint
        assert caught.value.where
    assert not tree.remove(path)
    assert everything(tmp_path) == before


def test_links_inside_are_followed_where_that_is_asked_for(tree: WorkTree, tmp_path: Path) -> None:
    link(tree, "inside", "docs")
    tree.write("inside/x", b"x", follow=True)
    assert Path(tree.top, "docs/x").read_bytes() == b"x"
    link(tree, "out", str(tmp_path / "outside"))
    with pytest.raises(UnsafePath, match="out of the repository"):
        tree.write("out/x", b"x", follow=True)


def test_a_link_at_the_target_is_replaced_not_followed(tree: WorkTree, tmp_path: Path) -> None:
    (tmp_path / "private").write_text("mine")
    link(tree, "x", str(tmp_path / "private"))
    tree.write("x", b"ours")
    assert (tmp_path / "private").read_text() == "mine"
    assert not Path(tree.top, "x").is_symlink()


def test_a_folder_that_becomes_a_link_after_the_check_is_not_followed(
    tree: WorkTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = WorkTree.resolve

    def exchanged(self: WorkTree, path: str, *, follow: bool = False) -> str:
        found = checked(self, path, follow=follow)
        os.rename(os.path.join(tree.top, "docs"), os.path.join(tree.top, "old"))
        link(tree, "docs", str(tmp_path / "outside"))
        return found

    monkeypatch.setattr(WorkTree, "resolve", exchanged)
    with pytest.raises(KaguraError, match="in the way"):
        tree.write("docs/x", b"x")
    assert os.listdir(tmp_path / "outside") == []


def test_a_place_that_the_user_names_may_lie_outside(tree: WorkTree, tmp_path: Path) -> None:
    assert chosen(tree, "../outside/x", tree.top) == str(tmp_path / "outside/x")
    link(tree, "out", str(tmp_path / "outside"))
    with pytest.raises(UnsafePath, match="out of the repository"):
        chosen(tree, "out/x", tree.top)
    for path in (".git/x", str(tmp_path / "outside/.git/hooks/x"), "meta/x"):
        with pytest.raises(UnsafePath, match="git directory"):
            chosen(tree, path, tree.top)


@pytest.mark.parametrize("name", [".gitignore", ".github", "git", "git~2", ".gitx", "x.git"])
def test_names_that_only_look_alike_are_no_git_directory(name: str) -> None:
    assert not is_git_dir_name(name)


def test_a_work_tree_inside_a_git_directory_can_be_written(tmp_path: Path) -> None:
    top = tmp_path / ".git/worktrees/one"
    top.mkdir(parents=True)
    WorkTree(str(top), (str(tmp_path / ".git"),)).write("a/x", b"x")
    assert (top / "a/x").exists()


# Through the services


def picture(path: Path) -> str:
    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\0\1\2\3"))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b""))
    return str(path)


@pytest.fixture
def memory(box: Sandbox) -> SyncCodingMemory:
    setup.init(box.repo, with_hooks=False)
    found = SyncCodingMemory(str(box.top), environ={**box.env, "KAGURA_SEARCH_MODEL": "test:hash"})
    found.record_decision("Use A", "because")
    box.commit("base")
    return found


@pytest.mark.parametrize("target", ["{outside}", ".git/refs/heads", "../../docs"])
def test_a_screenshot_is_kept_through_no_link(
    memory: SyncCodingMemory, box: Sandbox, tmp_path: Path, target: str
) -> None:
    from kagura_git.services import attachments

    (tmp_path / "outside").mkdir()
    box.write("docs/x")
    os.symlink(target.format(outside=tmp_path / "outside"), box.top / ".kagura/attachments")
    before = everything(tmp_path)
    shot = picture(tmp_path / "shot.png")
    with pytest.raises(UnsafePath, match="symbolic link"):
        attachments.keep(memory.ws, shot)
    assert everything(tmp_path) - before == {shot}


def test_a_screenshot_replaces_a_link_of_its_name(
    memory: SyncCodingMemory, box: Sandbox, tmp_path: Path
) -> None:
    from kagura_git.services import attachments

    path = box.top / attachments.keep(memory.ws, picture(tmp_path / "shot.png"))
    path.unlink()
    path.symlink_to("/etc/passwd")
    attachments.keep(memory.ws, picture(tmp_path / "shot.png"))
    assert path.read_bytes().startswith(b"\x89PNG")
    assert not path.is_symlink()


@pytest.mark.parametrize("target", ["../.git/refs/heads", "../.git/hooks", "../sub"])
def test_an_export_enters_no_git_directory_and_no_other_repository(
    memory: SyncCodingMemory, box: Sandbox, target: str
) -> None:
    new(box.top / "sub", box.env)
    (box.top / "docs").mkdir()
    (box.top / "docs/adr").symlink_to(target)
    before = everything(box.top / ".git") | everything(box.top / "sub")
    with pytest.raises(KaguraError, match=r"git directory|another repository"):
        exporting.run(memory.ws, None, str(box.top))
    with pytest.raises(KaguraError):
        exporting.run(memory.ws, "docs/adr", str(box.top), force=True)
    assert everything(box.top / ".git") | everything(box.top / "sub") == before


def test_a_table_is_written_through_no_link_out_of_the_repository(
    memory: SyncCodingMemory, box: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (box.top / "out").symlink_to(tmp_path / "outside")
    tree = memory.ws.repo.tree
    with pytest.raises(UnsafePath, match="out of the repository"):
        tables.save("x", "json", "out/x.json", str(box.top), tree)
    with pytest.raises(UnsafePath, match="git directory"):
        tables.save("x", "json", ".git/x.json", str(box.top), tree)
    assert os.listdir(tmp_path / "outside") == []
    tables.save("x", "json", str(tmp_path / "outside/x.json"), str(box.top), tree)
    assert (tmp_path / "outside/x.json").read_text() == "x"


def test_uninstall_removes_no_file_behind_a_link(box: Sandbox, tmp_path: Path) -> None:
    setup.init(box.repo, with_hooks=False)
    outside = tmp_path / "outside"
    os.rename(box.top / ".kagura/schemas", outside)
    (box.top / ".kagura/schemas").symlink_to(outside)
    before = everything(outside)
    assert before
    setup.uninstall(box.repo)
    assert everything(outside) == before


# Reading


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "socket"])
def test_only_regular_files_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = tmp_path / "x"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path = Path("/dev/zero")
    else:
        import socket

        monkeypatch.chdir(tmp_path)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("x")
    with pytest.raises(regular_file.NotRegular, match=f"a {kind}, not a regular file"):
        regular_file.read(path, 10)


def test_no_more_than_the_limit_is_read(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(10 * 2**30)  # sparse
    assert len(regular_file.read(large, 1000)) == 1000
    (tmp_path / "link").symlink_to(large)
    assert len(regular_file.read(tmp_path / "link", 5)) == 5
    with pytest.raises(regular_file.NotRegular, match="a symbolic link"):
        regular_file.read(tmp_path / "link", 5, follow=False)


@pytest.mark.parametrize("path", ["/dev/zero", "/proc/self/environ", "pipe", "folder", "sparse"])
def test_a_picture_that_is_none_is_refused_at_once(tmp_path: Path, path: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(10 * 2**30)
    with pytest.raises(KaguraError, match=r"regular file|no picture|larger than"):
        pictures.load(tmp_path / path)
