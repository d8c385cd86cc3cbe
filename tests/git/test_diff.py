"""What a commit changed, whatever its files are called."""

from __future__ import annotations

import os

import pytest
from git_repo import Sandbox, new

from kagura_git.errors import GitError
from kagura_git.git.diff import FileChange, commit_changes

ODD = [
    "new\nline",
    'quo"te',
    "tab\there",
    "umlaut-ä",
    " lead",
    "-dash",
    "\\back",
    ":colon",
    "1\t1\tx",
]


def test_the_first_commit_adds_everything(box: Sandbox) -> None:
    box.commit(a="1\n2\n")
    changes = commit_changes(box.repo.git, box.head)
    assert changes == ((), [FileChange("A", "a", None, 2, 0)])


def test_each_kind_of_change_has_its_letter_and_lines(box: Sandbox) -> None:
    long = "".join(f"{n}\n" for n in range(40))
    first = box.commit(edited="1\n", deleted="1\n2\n", old=long)
    box.write("binary", b"\0\1")
    (box.top / "deleted").unlink()
    (box.top / "old").rename(box.top / "new")
    box.write("new", long + "more\n")
    box.commit(edited="1\n2\n", added="x\n")
    changes = commit_changes(box.repo.git, box.head)
    assert changes.parents == (first,)
    assert sorted(changes.files) == [
        FileChange("A", "added", None, 1, 0),
        FileChange("A", "binary", None, None, None),
        FileChange("D", "deleted", None, 0, 2),
        FileChange("M", "edited", None, 1, 0),
        FileChange("R", "new", "old", 1, 0),
    ]


def test_a_file_that_becomes_a_link_changes_its_type(box: Sandbox) -> None:
    box.commit(a="1\n")
    (box.top / "a").unlink()
    (box.top / "a").symlink_to("b")
    box.commit()
    (file,) = commit_changes(box.repo.git, box.head).files
    assert (file.status, file.path) == ("T", "a")


def test_odd_names_come_through(box: Sandbox) -> None:
    for name in ODD:
        box.write(name)
    os.close(os.open(os.fsencode(box.top) + b"/not-utf8-\xff", os.O_CREAT | os.O_WRONLY))
    box.commit()
    names = {file.path for file in commit_changes(box.repo.git, box.head).files}
    assert names == {*ODD, "not-utf8-\udcff"}


def test_odd_names_come_through_a_rename(box: Sandbox) -> None:
    for number, name in enumerate(ODD):
        box.write(name, f"{number}\n" * 30)
    box.commit()
    for name in ODD:
        (box.top / name).rename(box.top / f"{name}\n2")
    box.commit()
    files = commit_changes(box.repo.git, box.head).files
    assert {(f.status, f.path, f.old_path) for f in files} == {("R", f"{n}\n2", n) for n in ODD}


def test_an_empty_commit_changes_nothing(box: Sandbox) -> None:
    first = box.commit(a="1\n")
    box.commit()
    assert commit_changes(box.repo.git, box.head) == ((first,), [])


def test_a_merge_is_compared_with_its_first_parent(box: Sandbox) -> None:
    box.commit(a="1\n")
    box.run("switch", "-qc", "side")
    side = box.commit(b="1\n")
    box.run("switch", "-q", "main")
    main = box.commit(c="1\n")
    box.run("merge", "-q", "--no-ff", "-m", "merge", "side")
    changes = commit_changes(box.repo.git, box.head)
    assert changes == ((main, side), [FileChange("A", "b", None, 1, 0)])


def test_the_user_s_diff_settings_do_not_matter(box: Sandbox) -> None:
    for name, value in {
        "diff.external": "false", "diff.noprefix": "true", "diff.renames": "false",
        "diff.orderFile": "order", "core.quotePath": "true", "diff.algorithm": "patience",
    }.items():  # fmt: skip
        box.run("config", name, value)
    box.write("order", "z\na\n")
    box.commit(a="1\n" * 9, z="2\n")
    (box.top / "a").rename(box.top / "b")
    box.commit(z="3\n")
    assert {f.status for f in commit_changes(box.repo.git, box.head).files} == {"R", "M"}


def test_sha256_repositories_work(tmp_path, env) -> None:
    box = new(tmp_path / "sha256", env, "--object-format=sha256")
    box.commit(a="1\n")
    assert commit_changes(box.repo.git, box.head).files == [FileChange("A", "a", None, 1, 0)]


def test_an_option_is_no_commit(box: Sandbox) -> None:
    box.commit()
    with pytest.raises(GitError, match="not a revision"):
        commit_changes(box.repo.git, "--output=x")
