"""Lost versions of records that are still there: which are lost, and which only grew."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from kagura_git.store.journal import CHAIN
from tests.recover.desk import Desk


@pytest.fixture
def decided(desk: Desk) -> str:
    """A decision that is committed on ``main``."""
    record = desk.decide()
    desk.commit("decide")
    return record


def forget_the_chain(desk: Desk) -> None:
    """Make the journal what it was before it noted what replaced what."""
    for chain in (desk.shared / "journal").glob(f"*/{CHAIN}"):
        chain.unlink()


def test_a_version_that_was_edited_further_is_not_lost(desk: Desk, decided: str) -> None:
    desk.accept(decided, "first thought")
    desk.accept(decided, "second thought")
    assert desk.lost() == []
    desk.commit("accept")
    assert desk.lost() == []


def test_an_edit_that_was_reset_is_newer_than_what_any_branch_has(desk: Desk, decided: str) -> None:
    desk.accept(decided)
    desk.run("reset", "-q", "--hard")
    (lost,) = desk.lost()
    assert (lost.id, lost.what) == (decided, "newer")
    assert lost.record.status == "accepted"  # type: ignore[union-attr]


def test_of_several_edits_that_were_reset_the_last_is_listed(desk: Desk, decided: str) -> None:
    desk.accept(decided, "first thought")
    desk.accept(decided, "second thought")
    desk.run("reset", "-q", "--hard")
    (lost,) = desk.lost()
    assert len(lost.versions) == 1
    assert lost.record.review_note == "second thought"  # type: ignore[union-attr]


def test_an_edit_on_a_deleted_branch_is_lost_beside_a_later_one(desk: Desk, decided: str) -> None:
    desk.run("checkout", "-q", "-b", "side")
    desk.accept(decided, "on side")
    desk.commit("accept")
    desk.run("checkout", "-q", "main")
    desk.edit(decided, impact="later, on main")
    desk.commit("impact")
    assert desk.lost() == []
    desk.run("branch", "-q", "-D", "side")
    (lost,) = desk.lost()
    assert (lost.what, lost.branch) == ("apart", "side")
    assert lost.record.review_note == "on side"  # type: ignore[union-attr]


def test_edits_lost_on_two_branches_are_one_record_with_two_versions(
    desk: Desk, decided: str
) -> None:
    for branch in ("one", "two"):
        desk.run("checkout", "-q", "-b", branch, "main")
        desk.edit(decided, tags=[branch])
        desk.commit(branch)
        desk.run("checkout", "-q", "main")
        desk.run("branch", "-q", "-D", branch)
    (lost,) = desk.lost()
    assert len(lost.versions) == 2
    assert lost.branch == "two"


def test_a_squash_holds_every_version_it_was_made_of(desk: Desk, decided: str) -> None:
    desk.run("checkout", "-q", "-b", "side")
    for note in ("one", "two", "three"):
        desk.accept(decided, note)
        desk.commit(note)
    desk.run("checkout", "-q", "main")
    desk.run("merge", "-q", "--squash", "side")
    desk.commit("squashed")
    desk.run("branch", "-q", "-D", "side")
    desk.forget_everything()
    assert desk.lost() == []


def test_a_version_merged_by_meaning_is_not_lost_with_its_branch(desk: Desk, decided: str) -> None:
    """A rebase with the merge driver leaves a version that no one wrote, and neither side."""
    desk.run("checkout", "-q", "-b", "side")
    desk.edit(decided, tags=["side"])
    desk.commit("tag it")
    desk.run("checkout", "-q", "main")
    desk.edit(decided, impact="later, on main")
    desk.commit("impact")
    desk.run("checkout", "-q", "side")
    desk.edit(decided, tags=["side"], impact="later, on main")  # what the driver makes of it
    merged = desk.path(decided).read_bytes()
    desk.run("reset", "-q", "--hard", "main")
    desk.path(decided).write_bytes(merged)
    desk.commit("tag it")
    forget_versions(desk, merged)
    assert desk.lost() == []


def forget_versions(desk: Desk, data: bytes) -> None:
    """Take a version out of the journal and its chain, as if kagura had not written it."""
    from kagura_git.store.files import blob_id

    blob = blob_id(data)
    for file in (desk.shared / "journal").glob(f"*/*.{blob}.yaml"):
        chain = file.parent / CHAIN
        lines = chain.read_text().split("\n")
        chain.write_text("\n".join(line for line in lines if blob not in line))
        file.unlink()


def test_going_back_to_an_earlier_version_loses_nothing(desk: Desk, decided: str) -> None:
    before = desk.decision(decided)
    desk.accept(decided)
    desk.memory.store(decided, before)
    assert desk.lost() == []
    desk.commit("never mind")
    assert desk.lost() == []


def test_an_edit_made_lost_and_made_again_after_being_undone_is_lost(
    desk: Desk, decided: str
) -> None:
    before = desk.decision(decided)
    desk.accept(decided)
    accepted = desk.decision(decided)
    desk.memory.store(decided, before)
    assert desk.lost() == []
    desk.memory.store(decided, accepted)
    desk.run("reset", "-q", "--hard")
    (lost,) = desk.lost()
    assert lost.record == accepted


@pytest.mark.parametrize("committed", [False, True], ids=["before the commit", "after the commit"])
def test_a_correction_by_hand_loses_nothing(desk: Desk, committed: bool) -> None:
    record = desk.decide("Use SQLite, it is enuff", "One file, many readers")
    if committed:
        desk.commit("decide")
        desk.accept(record, "fine with me, it is enuff")
    desk.by_hand(record, "enuff", "enough")
    assert desk.lost() == []
    desk.commit("decide")
    assert desk.lost() == []
    desk.edit(record, tags=["database"])
    assert desk.lost() == []


def test_an_edit_that_a_change_by_hand_knows_nothing_of_is_lost(desk: Desk, decided: str) -> None:
    desk.accept(decided)
    desk.run("reset", "-q", "--hard")
    desk.by_hand(decided, "many readers", "and many readers")
    desk.commit("correct it")
    (lost,) = desk.lost()
    assert lost.record.status == "accepted"  # type: ignore[union-attr]


def test_a_version_unsaved_in_another_worktree_is_not_lost(desk: Desk, decided: str) -> None:
    side = desk.beside("side")
    side.accept(decided)
    side.run("reset", "-q")
    assert desk.lost() == []
    side.run("checkout", "-q", "--", ".")
    assert desk.lost_ids() == [decided]


def test_sightings_of_an_error_count_as_one_line_of_versions(desk: Desk) -> None:
    for _ in range(3):
        error = desk.memory.record_error("TypeError", "naive and aware datetimes")
    desk.commit("seen")
    assert desk.lost() == []
    desk.memory.record_error("TypeError", "naive and aware datetimes")
    desk.run("reset", "-q", "--hard")
    (lost,) = desk.lost()
    assert (lost.id, lost.record.occurrences) == (str(error), 4)  # type: ignore[union-attr]


def test_the_same_sightings_merged_elsewhere_are_not_lost(desk: Desk) -> None:
    error = desk.memory.record_error("TypeError", "naive and aware datetimes")
    desk.commit("seen")
    desk.memory.record_error("TypeError", "naive and aware datetimes")
    kept = desk.record(error)
    desk.run("reset", "-q", "--hard")
    assert desk.lost_ids() == [error]
    # Somebody else's newer version has it, as a merge would leave it.
    desk.run("checkout", "-q", "-b", "side")
    desk.memory.store(error, kept)
    desk.edit(error, tags=["time"])
    desk.commit("seen, tagged")
    assert desk.lost() == []


# Journals of before there was a chain


def test_an_old_journal_goes_by_time(desk: Desk, decided: str) -> None:
    desk.accept(decided, "first thought")
    desk.accept(decided, "second thought")
    desk.commit("accept")
    forget_the_chain(desk)
    assert desk.lost() == []


def test_the_last_version_of_an_old_journal_is_lost_when_nothing_has_it(
    desk: Desk, decided: str
) -> None:
    desk.accept(decided, "first thought")
    desk.accept(decided, "second thought")
    desk.run("reset", "-q", "--hard")
    other = desk.decide("Use Postgres")
    desk.run("reset", "-q", "--hard")
    forget_the_chain(desk)
    second, first = desk.lost()
    assert (second.id, first.id) == (other, decided)
    assert first.record.review_note == "second thought"  # type: ignore[union-attr]
    assert first.branch is None


def test_a_line_that_a_crash_has_torn_spoils_nothing_but_itself(desk: Desk, decided: str) -> None:
    desk.accept(decided, "first thought")
    (chain,) = (desk.shared / "journal").glob(f"*/{CHAIN}")
    with chain.open("ab") as file:
        file.write(b"\n" + decided.encode() + b" 0123456789")
    desk.accept(decided, "second thought")
    with chain.open("ab") as file:
        file.write(b"\0" * 100)
    desk.commit("accept")
    desk.accept(decided, "third thought")
    assert desk.lost() == []


# What a crash, or anybody, may leave in the journal


def versions_of(desk: Desk, record: str) -> list[Path]:
    found = (desk.shared / "journal").glob(f"*/{record}.*.yaml")
    return sorted(found, key=lambda path: path.stat().st_mtime_ns)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:100]),
        lambda path: path.write_bytes(b"\0" * 300),
        lambda path: path.write_bytes(path.read_bytes().replace(b"accepted", b"rejected")),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), path.symlink_to("/etc/passwd")),
        lambda path: (path.unlink(), os.mkfifo(path)),
    ],
    ids=["empty", "cut", "zeros", "changed", "folder", "link", "pipe"],
)
def test_a_damaged_version_gives_way_to_the_one_before_it(
    desk: Desk, decided: str, damage: object
) -> None:
    desk.accept(decided, "first thought")
    desk.accept(decided, "second thought")
    other = desk.decide("Use Postgres")
    desk.run("reset", "-q", "--hard")
    damage(versions_of(desk, decided)[-1])  # type: ignore[operator]
    found = {item.id: item for item in desk.lost()}
    assert set(found) == {decided, other}
    assert found[decided].record.review_note == "first thought"  # type: ignore[union-attr]
    assert [done.problem for done in desk.restore()] == ["", ""]
    assert desk.decision(decided).review_note == "first thought"
    assert desk.lost() == []


def test_a_journal_that_is_gone_has_lost_nothing_it_can_tell(desk: Desk, decided: str) -> None:
    desk.accept(decided)
    desk.run("reset", "-q", "--hard")
    shutil.rmtree(desk.shared / "journal")
    assert desk.lost() == []
    desk.accept(decided)
    desk.run("reset", "-q", "--hard")
    assert desk.lost_ids() == [decided]
