"""Which version speaks for which, told from the chain alone."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kagura_git.store.files import blob_id
from kagura_git.store.journal import NOTHING, UNKNOWN, Event, Journal
from kagura_git.store.lineage import Lineage, lineages

ID = "D-00000001"
START = datetime(2026, 3, 1, tzinfo=UTC)


def lineage(*events: tuple[str, str]) -> Lineage:
    """Return the lineage of versions (new, replaced) written in this order; all are kept."""
    made = Lineage(ID, {blob: "" for blob, _ in events})
    for number, (blob, replaced) in enumerate(events):
        made.take(Event(ID, blob, replaced, "main", float(number)))
    return made


def test_only_the_end_of_a_line_is_lost() -> None:
    line = lineage(("a", NOTHING), ("b", "a"), ("c", "b"))
    assert line.lost({"c"}) == []
    assert line.lost({"a"}) == ["c"]
    assert line.lost(set()) == ["c"]


def test_both_ends_of_a_fork_are_lost_the_newest_first() -> None:
    line = lineage(("a", NOTHING), ("b", "a"), ("c", "a"), ("d", "b"))
    assert line.lost({"a"}) == ["d", "c"]
    assert line.lost({"d"}) == ["c"]


def test_a_version_written_again_speaks_for_itself() -> None:
    line = lineage(("a", NOTHING), ("b", "a"), ("a", "b"))
    assert line.lost({"a"}) == []
    assert line.lost(set()) == ["a"]
    line = lineage(("a", NOTHING), ("b", "a"), ("a", "b"), ("b", "a"))
    assert line.lost({"a"}) == ["b"]


def test_what_replaced_nobody_knows_what_speaks_for_nothing() -> None:
    line = lineage(("a", NOTHING), ("b", UNKNOWN))
    assert line.lost({"b"}) == ["a"]


def test_a_version_that_is_no_longer_kept_still_passes_on_what_it_said() -> None:
    line = lineage(("a", NOTHING), ("b", "a"), ("c", "b"))
    del line.kept["b"]
    assert line.lost({"c"}) == []
    assert line.lost(set()) == ["c"]
    del line.kept["c"]
    assert line.lost(set()) == ["a"]


def test_a_circle_that_clocks_have_made_is_listed_all_the_same() -> None:
    line = lineage(("a", NOTHING), ("b", NOTHING), ("c", NOTHING))
    line.link("a", "b")
    line.link("b", "a")
    assert line.lost(set()) == ["c", "b"]


@given(
    edges=st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda e: e[0] < e[1])),
    present=st.sets(st.integers(0, 7)),
    kept=st.sets(st.integers(0, 7)),
)
def test_lost_is_the_end_of_every_line_that_leads_to_nothing_present(
    edges: set[tuple[int, int]], present: set[int], kept: set[int]
) -> None:
    line = Lineage(ID, {str(n): "" for n in kept}, written={str(n): float(n) for n in kept})
    for old, new in edges:
        line.link(str(old), str(new))

    def came_of(number: int) -> set[int]:
        news = {new for old, new in edges if old == number}
        return news.union(*map(came_of, news))

    left = {n for n in kept if n not in present and not came_of(n) & present}
    ends = sorted((n for n in left if not came_of(n) & left), reverse=True)
    names = set(map(str, present))
    assert line.unheld(names) == set(map(str, left))
    assert line.lost(names) == list(map(str, ends))


def test_ten_thousand_versions_of_one_record_take_no_time(tmp_path: Path) -> None:
    (tmp_path / "2026-03").mkdir()
    journal = Journal(str(tmp_path))
    before = NOTHING
    for number in range(10_000):
        blob = blob_id(b"%d" % number)
        journal._chain(ID, blob, before, "main", START)
        before = blob
    kept = {ID: {blob_id(b"%d" % number): "" for number in range(10_000)}}
    start = time.process_time()
    (line,) = lineages(journal, kept).values()
    assert line.lost(set()) == [before]
    assert time.process_time() - start < 20


def test_versions_of_before_the_chain_come_before_those_it_knows(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path))
    for number in range(3):
        journal.keep(ID, b"%d" % number, START)
        time.sleep(0.01)
    (tmp_path / "2026-03" / "chain").unlink()
    journal.keep(ID, b"3", START, replaced=NOTHING)
    journal.keep(ID, b"4", START + timedelta(days=40), replaced=blob_id(b"3"))
    (line,) = lineages(journal, journal.kept()).values()
    assert line.lost({blob_id(b"4")}) == []
    assert line.lost({blob_id(b"2")}) == [blob_id(b"4")]
    (line,) = lineages(journal, journal.kept(), guess=False).values()
    assert len(line.unheld({blob_id(b"4")})) == 3
