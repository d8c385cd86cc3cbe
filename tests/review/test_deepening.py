"""``review --deepen`` fetches history until it is known where the branch began."""

from __future__ import annotations

from pathlib import Path

import pytest

from kagura_git.git import deepening
from kagura_git.git.deepening import deepen
from kagura_git.services.review import review
from tests.git_repo import Sandbox
from tests.review.conftest import Desk


@pytest.fixture
def hub(desk: Desk) -> Desk:
    """Thirty commits, a branch of 60, and 70 more on main."""
    for number in range(30):
        desk.box.run("commit", "-q", "--allow-empty", "--no-verify", "-m", f"old {number}")
    desk.branch()
    desk.decide("Log as JSON", "searchable", alternatives=["text"])
    desk.box.commit("work", **{"src/app.py": "1\n"})
    quiet = ("-c", "core.hooksPath=/dev/null", "commit", "-q", "--allow-empty", "-m")
    for number in range(60):
        desk.box.run(*quiet, f"topic {number}")
    desk.box.run("switch", "-q", "main")
    for number in range(70):
        desk.box.run(*quiet, f"main {number}")
    return desk


def clone(hub: Desk, folder: Path, *args: str) -> Sandbox:
    url = f"file://{hub.box.top}"
    hub.box.run("clone", "-q", "--depth=1", *args, url, str(folder))
    return Sandbox(folder, hub.box.env)


def test_history_is_fetched_until_the_merge_base_is_known(hub: Desk, tmp_path: Path) -> None:
    box = clone(hub, tmp_path / "shallow", "--no-single-branch")
    said: list[str] = []
    refs = box.out("for-each-ref")
    git = box.repo.git
    assert review(git, "origin/main", "origin/topic").merge_base is None
    deepen(git, "origin/main", "origin/topic", said.append)
    assert said == ["fetched up to 150 more commits of each line from origin"]
    report = review(git, "origin/main", "origin/topic")
    assert report.merge_base == hub.box.out("merge-base", "main", "topic")
    assert report.commits == 61
    assert box.out("for-each-ref") == refs
    deepen(git, "origin/main", "origin/topic", said.append)
    assert len(said) == 1


def test_only_as_much_as_is_needed(hub: Desk, tmp_path: Path) -> None:
    box = clone(hub, tmp_path / "shallow", "--no-single-branch")
    near = hub.box.out("rev-parse", "main~3")
    hub.box.run("branch", "near", near)
    box.run("fetch", "-q", "--depth=1", "origin", "near:refs/remotes/origin/near")
    said: list[str] = []
    deepen(box.repo.git, "origin/main", "origin/near", said.append)
    assert said == ["fetched up to 50 more commits of each line from origin"]
    assert box.out("rev-parse", "--is-shallow-repository") == "true"


def test_a_base_that_was_never_fetched_is(hub: Desk, tmp_path: Path) -> None:
    box = clone(hub, tmp_path / "shallow", "--branch", "topic")
    local = box.commit("local work, unknown to the remote")
    said: list[str] = []
    deepen(box.repo.git, "origin/main", "HEAD", said.append)
    assert said[0] == "fetched origin/main"
    assert review(box.repo.git, "origin/main", "HEAD").merge_base
    assert box.head == local
    deepen(box.repo.git, "origin/nowhere", "HEAD", said.append)
    assert said[-1] == "origin/nowhere could not be fetched: origin has no such branch"


def test_a_bare_shallow_clone_is_deepened_too(hub: Desk, tmp_path: Path) -> None:
    from kagura_git.git.repo import anywhere

    clone(hub, tmp_path / "bare.git", "--no-single-branch", "--bare")
    git = anywhere(str(tmp_path / "bare.git"), hub.box.env)
    deepen(git, "main", "topic", lambda said: None)
    assert review(git, "main", "topic").merge_base


def test_histories_that_share_nothing_end_it(hub: Desk, tmp_path: Path) -> None:
    hub.box.run("switch", "-q", "--orphan", "alone")
    hub.box.run("commit", "-q", "--allow-empty", "-m", "alone")
    box = clone(hub, tmp_path / "shallow", "--no-single-branch")
    said: list[str] = []
    deepen(box.repo.git, "origin/main", "origin/alone", said.append)
    assert said[-1].endswith("found no common ancestor: they have none")


def test_a_remote_that_is_not_reached_is_said_and_the_review_goes_on(
    hub: Desk, tmp_path: Path
) -> None:
    box = clone(hub, tmp_path / "shallow", "--no-single-branch")
    box.run("remote", "set-url", "origin", str(tmp_path / "gone"))
    said: list[str] = []
    deepen(box.repo.git, "origin/main", "origin/topic", said.append)
    assert said[0].startswith("history could not be fetched from origin: ")
    (found,) = (
        f for f in review(box.repo.git, "origin/main", "origin/topic").findings
        if f.rule == "history"
    )  # fmt: skip
    assert "--deepen" in found.mend


def test_it_ends_after_some_time(
    hub: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = clone(hub, tmp_path / "shallow", "--no-single-branch")
    said: list[str] = []
    deepen(box.repo.git, "origin/main", "origin/topic", said.append, seconds=0)
    assert said == ["deepened by 0 commits, and found no common ancestor: it took too long"]
    monkeypatch.setattr(deepening, "_MOST_STEPS", 1)
    deepen(box.repo.git, "origin/main", "origin/topic", said.append)
    assert said[-1] == "deepened by 50 commits, and found no common ancestor yet"


def test_a_whole_clone_and_one_without_a_remote_are_left_alone(hub: Desk) -> None:
    said: list[str] = []
    deepen(hub.box.repo.git, "main", "topic", said.append)
    assert said == ["nothing to deepen from: this repository has no remote"]
