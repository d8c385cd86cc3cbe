"""The journal keeps a version until branches have had it for 90 days, and never less."""

from __future__ import annotations

import multiprocessing
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kagura_git.services import recover
from kagura_git.store.files import blob_id
from kagura_git.store.journal import Journal
from tests.recover.desk import Desk

DAY = timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC)


def kept(desk: Desk) -> int:
    return sum(1 for _ in desk.ws.journal.versions())


def prune(desk: Desk, *days: float) -> list[int]:
    """Prune so many days from now, one time after the other."""
    return [recover.prune(desk.ws, now() + day * DAY) for day in days]


def test_a_version_on_a_branch_goes_after_90_days(desk: Desk) -> None:
    desk.decide()
    desk.commit("decide")
    assert prune(desk, 0, 89) == [0, 0]
    assert kept(desk) == 1
    assert prune(desk, 91) == [1]
    assert kept(desk) == 0
    assert prune(desk, 92) == [0]
    assert desk.lost() == []


def test_the_days_count_from_when_a_branch_was_first_seen_to_have_it(desk: Desk) -> None:
    desk.decide()
    assert prune(desk, 0, 100) == [0, 0]
    desk.commit("decide")
    assert prune(desk, 200, 289) == [0, 0]
    assert prune(desk, 291) == [1]


def test_what_no_branch_has_never_goes(desk: Desk) -> None:
    record = desk.decide()
    desk.commit("decide")
    desk.accept(record)
    desk.run("reset", "-q", "--hard")
    other = desk.decide("Use Postgres")
    desk.run("reset", "-q", "--hard")
    prune(desk, 0, 100, 1000, 10_000)
    assert sorted(desk.lost_ids()) == sorted([record, other])
    assert {item.how for item in desk.restore()} == {"merged", "restored"}
    assert desk.decision(record).status == "accepted"


def test_what_only_a_stash_or_a_staging_area_has_never_goes(desk: Desk) -> None:
    desk.decide()
    desk.run("stash", "-q")
    desk.decide("Use Postgres")
    prune(desk, 0, 100, 1000)
    assert kept(desk) == 2


def test_a_version_lost_and_found_again_counts_its_days_anew(desk: Desk) -> None:
    desk.run("checkout", "-q", "-b", "side")
    desk.decide()
    sha = desk.commit("decide")
    desk.run("checkout", "-q", "main")
    prune(desk, 0)
    desk.run("branch", "-q", "-D", "side")
    prune(desk, 50)
    desk.run("branch", "side", sha)
    assert prune(desk, 60, 91, 149) == [0, 0, 0]
    assert prune(desk, 151) == [1]


def test_versions_edited_further_go_with_what_came_of_them(desk: Desk) -> None:
    record = desk.decide()
    for note in ("one", "two"):
        desk.accept(record, note)
    desk.commit("decide")
    assert kept(desk) == 3
    assert prune(desk, 0, 91) == [0, 3]
    assert desk.lost() == []


def test_what_a_lost_version_was_made_of_stays_for_its_merge(desk: Desk) -> None:
    record = desk.decide()
    base = desk.decision(record)
    desk.accept(record)
    desk.commit("accept")
    desk.memory.store(record, base)
    desk.edit(record, impact="slower writes")
    desk.run("reset", "-q", "--hard")
    prune(desk, 0, 91)
    assert desk.lost_ids() == [record]
    (done,) = desk.restore()
    assert done.conflicts == ()
    assert (desk.decision(record).status, desk.decision(record).impact) == (
        "accepted",
        "slower writes",
    )


def test_only_what_the_chain_tells_counts_when_versions_go(desk: Desk) -> None:
    """The order in time is good enough to list by, not to delete by."""
    record = desk.decide()
    desk.accept(record)
    desk.commit("accept")
    for chain in (desk.shared / "journal").glob("*/chain"):
        chain.unlink()
    assert desk.lost() == []
    assert prune(desk, 0, 91) == [0, 1]
    assert kept(desk) == 1


def test_a_version_written_again_is_as_young_as_that(desk: Desk) -> None:
    record = desk.decide()
    desk.decide("Use Postgres")
    desk.commit("decide")
    for path in (desk.shared / "journal").glob("*/*.yaml"):
        os.utime(path, (time.time() - 200 * 86_400,) * 2)
    prune(desk, -100)
    desk.memory.store(record, desk.decision(record))
    assert prune(desk, 0) == [1]
    assert [version.id for version in desk.ws.journal.versions()] == [record]
    assert prune(desk, 91) == [1]


def test_a_file_from_the_future_stays(desk: Desk) -> None:
    desk.decide()
    desk.commit("decide")
    (path,) = (desk.shared / "journal").glob("*/*.yaml")
    future = time.time() + 1000 * 86_400
    os.utime(path, (future, future))
    assert prune(desk, 0, 91) == [0, 0]
    assert kept(desk) == 1


def test_a_clock_set_forward_and_back_shortens_no_days(desk: Desk) -> None:
    desk.decide()
    desk.commit("decide")
    assert prune(desk, 1000, 0) == [0, 0]
    assert prune(desk, 89) == [0]
    assert prune(desk, 91) == [1]


def test_losing_the_derived_file_counts_the_days_anew(desk: Desk) -> None:
    desk.decide()
    desk.commit("decide")
    prune(desk, 0)
    (desk.shared / "journal-held").write_bytes(b"\xc1 nonsense")
    assert prune(desk, 91, 180) == [0, 0]
    assert prune(desk, 182) == [1]


def test_it_is_done_once_a_day(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.decide()
    desk.commit("decide")
    seen: list[datetime] = []
    monkeypatch.setattr("kagura_git.services.pruning.prune", lambda ws, at: seen.append(at) or 0)
    recover.tidy(desk.ws)
    monkeypatch.undo()
    recover.tidy(desk.ws)
    monkeypatch.setattr("kagura_git.services.pruning.prune", lambda ws, at: seen.append(at) or 0)
    recover.tidy(desk.ws)
    assert len(seen) == 1
    held = desk.shared / "journal-held"
    for age in (-2 * 86_400, 2 * 86_400):
        os.utime(held, (time.time() + age, time.time() + age))
        recover.tidy(desk.ws)
    assert len(seen) == 3


def test_months_of_which_nothing_is_left_leave_no_folders(desk: Desk) -> None:
    desk.decide()
    desk.commit("decide")
    (month,) = (desk.shared / "journal").iterdir()
    prune(desk, 0, 91)
    assert not month.exists()
    desk.decide("Use Postgres")
    assert kept(desk) == 1


def test_what_a_month_tells_of_a_record_stays_as_long_as_the_record(desk: Desk) -> None:
    record = desk.decide()
    desk.commit("decide")
    desk.accept(record)
    desk.run("reset", "-q", "--hard")
    (month,) = (desk.shared / "journal").iterdir()
    prune(desk, 0, 91)
    assert (month / "chain").exists()


def test_an_index_of_the_abandoned_that_nobody_uses_goes_after_a_week(desk: Desk) -> None:
    desk.decide()
    desk.run("reset", "-q", "--hard")
    desk.memory.search("SQLite", abandoned=True)
    folder = Path(desk.repo.private, "index-abandoned")
    recover.tidy(desk.ws)
    assert folder.exists()
    os.utime(folder, (time.time() - 8 * 86_400,) * 2)
    recover.tidy(desk.ws)
    assert not folder.exists()
    assert desk.memory.search("SQLite", abandoned=True)[0].abandoned


def test_what_a_killed_prune_left_is_settled_by_the_next(desk: Desk) -> None:
    desk.decide()
    desk.commit("decide")
    (path,) = (desk.shared / "journal").glob("*/*.yaml")
    aside = path.with_name(f"{path.name}.pruned")
    path.rename(aside)
    prune(desk, 0)
    assert path.exists()
    assert not aside.exists()
    path.rename(aside)
    prune(desk, 91)
    assert not path.exists()
    assert not aside.exists()


def write_again(folder: str, data: bytes, until: float) -> None:
    journal = Journal(folder)
    while time.time() < until:
        journal.keep("D-00000001", data, datetime(2026, 3, 1, tzinfo=UTC), durable=False)


def test_a_writer_and_a_pruner_at_once_lose_nothing(tmp_path: Path) -> None:
    data = b"the same bytes, again and again"
    folder = str(tmp_path / "journal")
    path = Path(folder, "2026-03", f"D-00000001.{blob_id(data)}.yaml")
    journal = Journal(folder)
    journal.keep("D-00000001", data, datetime(2026, 3, 1, tzinfo=UTC))
    context = multiprocessing.get_context("fork")
    until = time.time() + 1.5
    writers = [context.Process(target=write_again, args=(folder, data, until)) for _ in range(2)]
    for writer in writers:
        writer.start()
    while time.time() < until:
        # Written in the last second: whoever wrote it has been told that it is kept.
        journal.take_away(str(path), time.time() - 1)
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    journal.settle(time.time() - 1)
    assert path.read_bytes() == data
