"""Paths as other systems write them, resolved among a repository's files."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from kagura_git.errors import GitError
from kagura_git.git.repo import Repository, discover
from tests.git_repo import Sandbox

CAFE = "docs/caf\u00e9 men\u00fc.md"


@pytest.fixture
def repo(box: Sandbox) -> Repository:
    for name in (
        "src/auth.py",
        "a b.txt",
        "odd/back\\slash.py",
        "odd/line:12",
        CAFE,
        "src/gone.py",
    ):
        box.write(name, "1\n")
    box.commit("files")
    (box.top / "src/gone.py").unlink()
    return discover(str(box.top), box.env)


@pytest.mark.parametrize(
    "said",
    [
        "src/auth.py", "src\\auth.py", ".\\src\\auth.py", "./src//auth.py", "src/auth.py ",
        "src/auth.py:12", "src/auth.py:12:3", "src\\auth.py:7", "file://{top}/src/auth.py",
        "file://localhost{top}/src/auth.py:3", "vscode://file{top}/src/auth.py:12:3",
        "file:///C:/work/{name}/src/auth.py", "file:///c%3A/work/src/auth.py",
        "C:\\work\\src\\auth.py", "C:/work/src/auth.py", "c:\\{name}\\src\\auth.py:4",
        "/mnt/c/work/src/auth.py", "/c/work/src/auth.py", "/workspaces/{name}/src/auth.py",
        "{top}/src/auth.py",
    ],
)  # fmt: skip
def test_a_path_of_another_system_finds_the_file(repo: Repository, said: str) -> None:
    path = said.format(top=repo.top, name=Path(repo.top).name)
    assert repo.relative(path) == "src/auth.py"


def test_a_name_that_exists_is_taken_to_the_letter(repo: Repository) -> None:
    (Path(repo.top) / "src\\auth.py").write_text("1\n", encoding="utf-8")
    for name in ("odd/back\\slash.py", "odd/line:12", "src\\auth.py", "a b.txt"):
        assert repo.relative(name) == name


def test_composed_and_decomposed_names_find_each_other(repo: Repository) -> None:
    assert repo.relative(unicodedata.normalize("NFD", CAFE)) == CAFE
    assert repo.relative(unicodedata.normalize("NFD", CAFE).replace("/", "\\")) == CAFE
    assert repo.relative(f"file://{repo.top}/docs/caf%C3%A9%20men%C3%BC.md") == CAFE


def test_a_file_that_is_gone_or_yet_to_be_made_is_named_below_its_folder(repo: Repository) -> None:
    assert repo.relative("src\\gone.py") == "src/gone.py"
    assert repo.relative("src\\new.py") == "src/new.py"
    assert repo.relative(f"file://{repo.top}/src/new.py") == "src/new.py"
    assert repo.relative("new:12") == "new:12"


@pytest.mark.parametrize(
    "said",
    ["/etc/passwd", "file:///etc/passwd", "/elsewhere/src/auth.py", "..\\..\\etc\\passwd",
     "C:\\work\\other.py", "https://example.org/src/auth.py", "file://{top}/../x.py"],
)  # fmt: skip
def test_a_path_outside_the_repository_never_becomes_a_file_of_it(
    repo: Repository, said: str
) -> None:
    path = said.format(top=repo.top)
    try:
        found = repo.relative(path)
    except GitError:
        return
    assert not (Path(repo.top) / found).exists()
    assert found not in ("src/auth.py", "etc/passwd")


def test_the_folder_of_the_caller_counts(repo: Repository) -> None:
    folder = str(Path(repo.top) / "src")
    assert repo.relative(".\\auth.py", folder) == "src/auth.py"
    assert repo.relative("..\\a b.txt", folder) == "a b.txt"
