"""Bringing lost records back: merged with what is here, never over it."""

from __future__ import annotations

import json
import shutil

import pytest

from kagura_git.errors import Conflict, NotFound
from kagura_git.services import recover, setup
from kagura_git.store.files import blob_id
from tests.recover.desk import Desk

TOKEN = "ghp_" + "a8Bc3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3z"


def test_several_records_come_back_at_once_and_the_others_stay_lost(desk: Desk) -> None:
    ids = [desk.decide(f"Decision number {number}") for number in range(4)]
    desk.run("reset", "-q", "--hard")
    done = desk.restore(ids[0], ids[2])
    assert [item.id for item in done] == [ids[0], ids[2]]
    assert sorted(desk.lost_ids()) == sorted([ids[1], ids[3]])


def test_a_restored_record_is_staged_and_the_next_commit_notes_it(desk: Desk) -> None:
    setup.init(desk.repo)
    desk.commit("hooks")
    record = desk.decide()
    desk.run("reset", "-q", "--hard")
    (done,) = desk.restore()
    assert done.staged
    assert desk.staged() == [done.path]
    desk.run("commit", "-q", "-m", "restored")
    lines = desk.out("notes", "--ref=kagura", "show").splitlines()
    notes = [json.loads(line.removeprefix("- ")) for line in lines]
    assert ("decision", record, "restored") in [
        (note["kind"], note.get("id"), note.get("relation")) for note in notes
    ]


def test_restoring_twice_changes_nothing_more(desk: Desk) -> None:
    record = desk.decide()
    desk.run("reset", "-q", "--hard")
    desk.restore(record)
    desk.commit("restored")
    (again,) = desk.restore(record)
    assert (again.how, again.problem) == ("here", "")
    assert desk.restore() == []
    assert desk.out("status", "--porcelain") == ""


def test_a_newer_version_takes_the_place_of_the_older_one_here(desk: Desk) -> None:
    record = desk.decide()
    desk.commit("decide")
    desk.accept(record)
    newer = desk.decision(record)
    desk.run("reset", "-q", "--hard")
    (done,) = desk.restore()
    assert done.how == "merged"
    assert desk.decision(record) == newer


def test_what_is_here_and_what_was_lost_are_merged_by_field(desk: Desk) -> None:
    record = desk.decide()
    desk.edit(record, tags=["database"])
    desk.commit("decide")
    desk.run("checkout", "-q", "-b", "side")
    desk.accept(record, "on side")
    desk.edit(record, tags=["database", "side"])
    desk.commit("accept")
    desk.run("checkout", "-q", "main")
    desk.edit(record, impact="later, on main", tags=["database", "main"])
    desk.run("branch", "-q", "-D", "side")
    (done,) = desk.restore()
    assert (done.how, done.conflicts) == ("merged", ())
    merged = desk.decision(record)
    assert (merged.status, merged.review_note) == ("accepted", "on side")
    assert merged.impact == "later, on main"
    assert sorted(merged.tags) == ["database", "main", "side"]
    assert desk.lost() == []


def test_what_cannot_be_merged_is_kept_twice_and_said(desk: Desk) -> None:
    record = desk.decide()
    desk.commit("decide")
    desk.edit(record, impact="slower writes")
    desk.run("reset", "-q", "--hard")
    desk.edit(record, impact="faster reads")
    (done,) = desk.restore()
    assert done.conflicts == ("impact",)
    assert set(desk.decision(record).conflicts["impact"]) == {"slower writes", "faster reads"}
    assert desk.lost() == []
    desk.commit("both")
    assert desk.lost() == []


def test_two_lost_versions_come_back_as_one(desk: Desk) -> None:
    record = desk.decide()
    desk.commit("decide")
    for branch in ("one", "two"):
        desk.run("checkout", "-q", "-b", branch, "main")
        desk.edit(record, tags=[branch])
        desk.commit(branch)
        desk.run("checkout", "-q", "main")
        desk.run("branch", "-q", "-D", branch)
    desk.restore()
    assert sorted(desk.decision(record).tags) == ["one", "two"]
    assert desk.lost() == []


def test_a_version_is_merged_even_after_git_threw_its_base_away(desk: Desk) -> None:
    desk.run("checkout", "-q", "-b", "side")
    record = desk.decide()
    desk.commit("decide")
    desk.edit(record, tags=["one"])
    desk.commit("one")
    base = desk.decision(record)
    desk.edit(record, impact="slower writes", tags=["one", "lost"])
    desk.run("reset", "-q", "--hard")
    desk.run("checkout", "-q", "main")
    desk.run("branch", "-q", "-D", "side")
    desk.forget_everything()
    desk.memory.store(record, base)
    desk.edit(record, tags=["one", "here"])
    desk.restore()
    merged = desk.decision(record)
    assert (merged.impact, sorted(merged.tags)) == ("slower writes", ["here", "lost", "one"])


def test_a_record_that_cannot_be_read_here_is_not_written_over(desk: Desk) -> None:
    record = desk.decide()
    desk.commit("decide")
    desk.accept(record)
    desk.run("reset", "-q", "--hard")
    other = desk.decide("Use Postgres")
    desk.run("reset", "-q", "--hard")
    path = desk.path(record)
    broken = "<<<<<<< ours\n" + path.read_text() + ">>>>>>> theirs\n"
    path.write_text(broken)
    found = {item.id: item for item in desk.restore()}
    assert "merge conflict markers" in found[record].problem
    assert found[other].problem == ""
    assert path.read_text() == broken
    assert desk.lost_ids() == [record]


def test_a_link_in_its_place_is_not_followed(desk: Desk) -> None:
    record = desk.decide()
    path = desk.path(record)
    desk.run("reset", "-q", "--hard")
    outside = desk.write("outside.yaml", "precious\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(outside)
    (done,) = desk.restore()
    assert done.problem
    assert outside.read_text() == "precious\n"


def test_a_whole_folder_deleted_by_hand_comes_back(desk: Desk) -> None:
    ids = [desk.decide(f"Decision number {number}") for number in range(3)]
    desk.run("reset", "-q")
    desk.delete_records()
    assert sorted(item.id for item in desk.restore()) == sorted(ids)
    assert all(desk.has(record) for record in ids)


def test_a_record_that_is_not_lost_but_not_here_is_brought_here(desk: Desk) -> None:
    desk.run("checkout", "-q", "-b", "side")
    record = desk.decide()
    desk.commit("decide")
    known = desk.decision(record)
    path = desk.path(record)
    desk.run("checkout", "-q", "main")
    (done,) = desk.restore(record)
    assert done.how == "restored"
    assert (desk.decision(record), desk.path(record)) == (known, path)


def test_a_record_of_a_branch_that_this_clone_never_wrote_is_brought_here(desk: Desk) -> None:
    desk.run("checkout", "-q", "-b", "side")
    record = desk.decide()
    desk.commit("decide")
    desk.run("checkout", "-q", "main")
    shutil.rmtree(desk.shared / "journal")
    (done,) = desk.restore(record)
    assert done.how == "restored"
    assert desk.has(record)


def test_a_record_removed_on_purpose_comes_back_when_asked_for(desk: Desk) -> None:
    record = desk.decide()
    desk.commit("decide")
    desk.run("rm", "-q", str(desk.path(record)))
    desk.commit("undecide")
    assert desk.restore() == []
    (done,) = desk.restore(record)
    assert done.how == "restored"


@pytest.mark.parametrize("name", ["D-00000000", "C-00000000", "nonsense", "../../etc/passwd", ""])
def test_an_id_that_nobody_knows_is_refused_before_anything_is_done(desk: Desk, name: str) -> None:
    record = desk.decide()
    desk.run("reset", "-q", "--hard")
    with pytest.raises(NotFound):
        recover.restore(desk.ws, [record, name])
    assert desk.lost_ids() == [record]


def test_recording_turned_off_is_not_circumvented(desk: Desk) -> None:
    desk.decide()
    desk.run("reset", "-q", "--hard")
    desk.write("kagura.toml", "[coding_memory]\nenabled = false\n")
    with pytest.raises(Conflict):
        desk.restore()


def test_without_staging_a_record_comes_back_unstaged(desk: Desk) -> None:
    desk.write("kagura.toml", "[store]\nstage = false\n")
    desk.commit("no staging")
    desk.decide()
    desk.run("clean", "-q", "-fd")
    (done,) = desk.restore()
    assert not done.staged
    assert desk.staged() == []


def test_the_journal_never_holds_a_secret(desk: Desk) -> None:
    record = desk.memory.record_error("AuthError", f"refused: token {TOKEN}", solution="rotate it")
    desk.run("reset", "-q", "--hard")
    kept = [path.read_bytes() for path in (desk.shared / "journal").rglob("*") if path.is_file()]
    assert len(kept) > 1
    assert not any(TOKEN.encode() in data for data in kept)
    desk.restore()
    assert TOKEN not in desk.path(record).read_text()


def test_a_version_of_before_a_rule_of_redaction_is_redacted_when_it_comes_back(desk: Desk) -> None:
    record = desk.decide("Use SQLite", "its token was PLACEHOLDER")
    (path,) = (desk.shared / "journal").glob("*/*.yaml")
    desk.run("reset", "-q", "--hard")
    data = path.read_bytes().replace(b"PLACEHOLDER", TOKEN.encode())
    path.unlink()
    path.with_name(f"{record}.{blob_id(data)}.yaml").write_bytes(data)
    (done,) = desk.restore()
    assert done.redacted
    assert TOKEN not in desk.path(record).read_text()
    assert desk.lost() == []


def test_each_kind_of_record_comes_back(desk: Desk) -> None:
    session = desk.memory.start_coding_session("work on it")
    error = desk.memory.record_error("TypeError", "naive and aware datetimes")
    decision = desk.decide()
    desk.run("reset", "-q", "--hard")
    found = {item.id: item for item in desk.lost()}
    assert {item.kind for item in found.values()} == {"session", "error", "decision"}
    assert found[error].session == session
    assert found[decision].session == session
    assert all(item.how == "restored" for item in desk.restore())
    assert desk.lost() == []
    assert desk.memory.get_session() is not None
