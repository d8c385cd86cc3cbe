"""A review needs no work tree and says when history is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from kagura_git.errors import NotFound
from kagura_git.git.repo import anywhere
from kagura_git.services.review import review
from tests.git_repo import Sandbox
from tests.review.conftest import Desk, plain


@pytest.fixture
def worked(desk: Desk) -> Desk:
    name = desk.decide(related_files=["src"])
    desk.accept(name)
    desk.branch()
    desk.memory.track_file_change("src/app.py", "edit", "", "faster")
    desk.decide("Log as JSON", "searchable")
    desk.box.commit("work", **{"src/app.py": "1\n"})
    return desk


def test_a_bare_clone_gives_the_same_review(worked: Desk, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    worked.box.run("clone", "-q", "--mirror", str(worked.box.top), str(bare))
    there = review(anywhere(str(bare), worked.box.env), "main", "topic")
    assert plain(there) == plain(worked.report())


def test_the_work_tree_and_the_staging_area_do_not_count(worked: Desk) -> None:
    before = plain(worked.report())
    worked.decide("Something else", "later")
    worked.box.write("src/app.py", "other\n")
    assert plain(worked.report()) == before


def test_a_shallow_clone_says_that_history_is_missing(worked: Desk, tmp_path: Path) -> None:
    worked.box.run("switch", "-q", "main")
    worked.box.commit("on main", **{"x": "1\n"})
    shallow = tmp_path / "shallow"
    url = f"file://{worked.box.top}"
    worked.box.run("clone", "-q", "--depth=1", "--no-single-branch", url, str(shallow))
    box = Sandbox(shallow, worked.box.env)
    report = review(box.repo.git, "origin/main", "origin/topic")
    assert report.merge_base is None
    assert [f.rule for f in report.findings if f.severity == "warning"] == ["history"]
    assert [change.title for change in report.decisions] == ["Log as JSON"]
    box.run("fetch", "-q", "--unshallow")
    report = review(box.repo.git, "origin/main", "origin/topic")
    assert report.merge_base is not None
    assert "history" not in [f.rule for f in report.findings]


def test_what_is_no_commit_is_named(desk: Desk) -> None:
    desk.branch()
    with pytest.raises(NotFound, match="no commit 'nowhere' here"):
        desk.report(base="nowhere")


def test_a_branch_without_any_memory_has_a_review(desk: Desk) -> None:
    desk.box.run("rm", "-r", "-q", ".kagura")
    desk.branch()
    report = desk.report()
    assert (report.decisions, report.errors, report.findings, report.commits) == ([], [], [], 0)
