"""Which versions git holds: the same answer as a walk over everything, however history moves."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from kagura_git.errors import GitError
from kagura_git.git import reachable
from kagura_git.git.versions import record_at
from tests.hooks import newer_git
from tests.recover.desk import Desk

FILE = "reachable"


def everything(desk: Desk) -> set[str]:
    """Return every record blob that refs, stashes and HEADs reach, asked of git in one go."""
    stashes = desk.run("reflog", "--format=%H", "stash", ok=False).stdout.split()
    lines = desk.out("rev-list", "--objects", "--all", *stashes).splitlines()
    pairs = (line.partition(" ") for line in lines)
    return {sha for sha, _, path in pairs if record_at(path) is not None}


def held(desk: Desk) -> set[str]:
    """Return what is held by history: the staging area put aside."""
    index = Path(desk.repo.git_dir, "index")
    aside = index.with_name("index.aside")
    index.rename(aside)
    try:
        return reachable.held(desk.repo).names
    finally:
        aside.rename(index)


@pytest.mark.parametrize("seed", range(6))
def test_moving_on_gives_what_a_walk_over_all_of_history_gives(desk: Desk, seed: int) -> None:
    rng = random.Random(seed)
    for step in range(14):
        branches = desk.out("for-each-ref", "--format=%(refname:short)", "refs/heads").split()
        match rng.randrange(8):
            case 0 | 1 | 2:
                desk.write(
                    f".kagura/decisions/2026-01/D-0000000{rng.randrange(4)}-x.yaml", f"{step}"
                )
                # Clocks that are wrong by days must not matter.
                moment = f"{1_700_000_000 + rng.randrange(9_000_000)} +0000"
                desk.run("add", "-A")
                desk.run("commit", "-q", "-m", str(step), GIT_COMMITTER_DATE=moment)
            case 3:
                desk.run("checkout", "-q", "-b", f"b{step}", rng.choice(branches))
            case 4:
                desk.run("checkout", "-q", rng.choice(branches))
            case 5:
                desk.run("merge", "-q", "--no-edit", rng.choice(branches), ok=False)
                desk.run("checkout", "-q", "--theirs", "--", ".kagura", ok=False)
                if rng.random() < 0.5:  # a merge that brings what neither side has
                    desk.write(".kagura/decisions/2026-01/D-00000000-x.yaml", f"merged {step}")
                desk.run("add", "-A")
                desk.run("commit", "-q", "--amend", "--no-edit", "--allow-empty", ok=False)
                desk.run("commit", "-q", "--no-edit", ok=False)
            case 6:
                desk.run("reset", "-q", "--hard", f"HEAD~{rng.randrange(2)}", ok=False)
            case 7:
                gone = [
                    b for b in branches if b not in ("main", desk.out("branch", "--show-current"))
                ]
                if gone:
                    desk.run("branch", "-q", "-D", rng.choice(gone))
                if rng.random() < 0.3:
                    desk.forget_everything()
        assert held(desk) == everything(desk), f"seed {seed}, step {step}"
    moved = held(desk)
    (desk.shared / FILE).unlink()
    assert held(desk) == moved


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-20]),
        lambda path: path.write_bytes(path.read_bytes()[:40] + b"\xff" + path.read_bytes()[41:]),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["deleted", "empty", "cut", "a bit", "a folder"],
)
def test_the_derived_file_may_be_lost_or_damaged(desk: Desk, damage: object) -> None:
    record = desk.decide()
    desk.commit("decide")
    desk.accept(record)
    desk.run("reset", "-q", "--hard")
    assert desk.lost_ids() == [record]
    damage(desk.shared / FILE)  # type: ignore[operator]
    assert desk.lost_ids() == [record]
    assert desk.lost_ids() == [record]


def test_history_that_cannot_be_read_is_an_error_and_never_a_loss(desk: Desk) -> None:
    desk.decide()
    desk.commit("decide")
    sha = desk.out("rev-parse", "HEAD^{tree}")
    shutil.rmtree(Path(desk.repo.git_dir, "objects", sha[:2]))
    with pytest.raises(GitError):
        desk.lost()


def test_a_ref_to_nothing_does_not_hide_what_the_others_hold(desk: Desk) -> None:
    desk.decide()
    desk.commit("decide")
    Path(desk.repo.common_dir, "refs", "heads", "broken").write_text("0123456789" * 4 + "\n")
    assert desk.lost() == []


def test_a_tag_on_a_blob_or_tree_is_no_history(desk: Desk) -> None:
    record = desk.decide()
    blob = desk.out("hash-object", str(desk.path(record)))
    desk.run("tag", "file", blob)
    desk.run("tag", "tree", "HEAD^{tree}")
    desk.commit("decide")
    desk.run("reset", "-q", "--hard", "HEAD~1")
    assert desk.lost_ids() == [record]


def test_a_replaced_commit_still_holds_what_it_holds(desk: Desk) -> None:
    record = desk.decide()
    desk.commit("decide")
    desk.run("rm", "-q", str(desk.path(record)))
    desk.commit("undecide")
    assert desk.lost() == []
    desk.run("replace", "--graft", "HEAD", "HEAD~2")
    assert desk.lost() == []


# Shapes of repositories


def loses_and_finds(desk: Desk) -> None:
    """The round trip: held on a branch, lost with it, restored, held again."""
    first = desk.decide("Kept on main")
    desk.commit("keep")
    desk.accept(first)
    desk.run("stash", "-q")
    assert desk.lost() == []
    desk.run("checkout", "-q", "-b", "side")
    second = desk.decide("Tried on side")
    desk.commit("try")
    desk.run("checkout", "-q", "main")
    assert desk.lost() == []
    desk.run("branch", "-q", "-D", "side")
    assert desk.lost_ids() == [second]
    desk.run("stash", "drop", "-q")
    assert {item.id: item.what for item in desk.lost()} == {first: "newer", second: "gone"}
    desk.forget_everything()
    assert sorted(desk.lost_ids()) == sorted([first, second])
    assert {item.how for item in desk.restore()} == {"merged", "restored"}
    assert desk.lost() == []
    desk.commit("restored")
    assert desk.lost() == []


def test_a_repository_of_sha256_objects(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path / "work", "--object-format=sha256")
    assert len(desk.head) == 64
    loses_and_finds(desk)


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_a_reftable_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    newer_git.use(dict(os.environ), monkeypatch, 2, 45)
    desk = Desk.at(tmp_path / "work", "--ref-format=reftable", f"--object-format={form}")
    loses_and_finds(desk)


def test_a_bare_repository_with_worktrees(tmp_path: Path, desk: Desk) -> None:
    desk.run("clone", "-q", "--bare", ".", str(tmp_path / "hub.git"))
    hub = Desk(tmp_path / "hub.git", desk.env)
    hub.run("worktree", "add", "-q", str(tmp_path / "one"), "main")
    hub.run("worktree", "add", "-q", "-b", "two", str(tmp_path / "two"))
    one, two = (Desk(tmp_path / name, desk.env) for name in ("one", "two"))
    record = two.decide()
    assert one.lost() == []
    two.run("reset", "-q", "--hard")
    assert one.lost_ids() == [record]
    one.restore()
    one.commit("restored")
    loses_and_finds(one)


def test_a_git_directory_apart_from_its_work_tree(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path / "work", f"--separate-git-dir={tmp_path / 'apart'}")
    loses_and_finds(desk)


def test_a_submodule_and_a_worktree_of_it(tmp_path: Path, desk: Desk) -> None:
    outer = Desk.at(tmp_path / "outer")
    outer.run("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(desk.top), "inner")
    inner = Desk(tmp_path / "outer" / "inner", desk.env)
    record = inner.decide()
    inner.run("reset", "-q")
    beside = inner.beside("beside")
    assert beside.lost() == []  # it is in the submodule's own work tree, not yet saved
    inner.run("clean", "-q", "-fd")
    assert beside.lost_ids() == [record]
    assert outer.lost() == []


def test_a_worktree_of_which_the_disk_is_away_and_locked(desk: Desk) -> None:
    side = desk.beside("side")
    record = side.decide()
    desk.run("worktree", "lock", str(side.top))
    side.top.rename(side.top.with_name("away"))
    assert desk.lost() == []
    desk.run("worktree", "unlock", str(side.top))
    assert desk.lost_ids() == [record]


def test_a_worktree_moved_by_git(desk: Desk) -> None:
    side = desk.beside("side")
    side.decide()
    side.run("reset", "-q")
    desk.run("worktree", "move", str(side.top), str(side.top.with_name("over there")))
    assert desk.lost() == []


def test_a_sparse_work_tree(desk: Desk) -> None:
    desk.write("src/a.py")
    desk.decide()
    desk.commit("decide")
    desk.run("sparse-checkout", "set", "--cone", "src")
    assert not (desk.top / ".kagura" / "decisions").exists()
    assert desk.lost() == []


def test_a_shallow_clone_that_grows_and_shrinks(tmp_path: Path, desk: Desk) -> None:
    first = desk.decide("First")
    desk.commit("first")
    for number in range(3):
        desk.accept(first, f"note {number}")
        desk.commit(str(number))
    url = f"file://{desk.top}"
    desk.run("clone", "-q", "--depth=1", url, str(tmp_path / "clone"))
    clone = Desk(tmp_path / "clone", desk.env)
    shutil.copytree(desk.shared / "journal", clone.shared / "journal")
    assert held(clone) == everything(clone)
    assert clone.lost() == []
    for depth in ("3", "100", "1"):
        clone.run("fetch", "-q", f"--depth={depth}", "origin")
        assert held(clone) == everything(clone)
        assert clone.lost() == []


def test_a_partial_clone_fetches_nothing(tmp_path: Path, desk: Desk) -> None:
    record = desk.decide()
    desk.commit("decide")
    desk.by_hand(record, "many readers", "very many readers")
    desk.commit("correct it")
    desk.by_hand(record, "very many readers", "too many readers")
    desk.commit("correct it again")
    desk.run("config", "uploadpack.allowFilter", "true")
    url = f"file://{desk.top}"
    desk.run("clone", "-q", "--filter=blob:none", url, str(tmp_path / "clone"))
    clone = Desk(tmp_path / "clone", desk.env)
    clone.accept(record)
    clone.run("checkout", "-q", "-f")
    before = clone.out("count-objects", "-v")
    assert clone.lost_ids() == [record]
    assert clone.out("count-objects", "-v") == before
    assert [item.problem for item in clone.restore()] == [""]


def test_no_commit_yet(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path / "work")
    desk.run("update-ref", "-d", "HEAD")
    record = desk.decide()
    assert desk.lost() == []
    desk.run("rm", "-q", "-r", "-f", ".kagura/decisions")
    assert desk.lost_ids() == [record]
    desk.restore()
    assert desk.lost() == []
