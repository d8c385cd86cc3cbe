"""Search over roads not taken: in one ranking with the rest, marked, and only when asked for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kagura_git import CodingMemory
from kagura_git.search.vectors import VectorCache
from tests.recover.desk import Desk


@pytest.fixture
def tried(desk: Desk) -> tuple[str, str]:
    """A decision that is here, and one that was tried on a branch that is gone."""
    here = desk.decide("Keep job queues in Postgres", "one database less to run")
    desk.commit("decide")
    desk.run("checkout", "-q", "-b", "side")
    gone = desk.decide("Keep job queues in Redis", "fast, but lost jobs when it restarted")
    desk.commit("try")
    desk.run("checkout", "-q", "main")
    desk.run("branch", "-q", "-D", "side")
    return here, gone


def test_what_is_abandoned_is_found_in_one_ranking_and_marked(
    desk: Desk, tried: tuple[str, str]
) -> None:
    here, gone = tried
    hits = desk.memory.search("job queues Redis lost jobs", abandoned=True)
    assert [(hit.id, hit.abandoned) for hit in hits] == [(gone, True), (here, False)]
    hits = desk.memory.search("job queues Postgres one database", abandoned=True)
    assert [(hit.id, hit.abandoned) for hit in hits] == [(here, False), (gone, True)]


def test_without_the_flag_nothing_changes(desk: Desk, tried: tuple[str, str]) -> None:
    here, _ = tried
    memory = desk.memory
    before = memory.search("job queues Redis lost jobs")
    assert [hit.id for hit in before] == [here]
    memory.search("job queues Redis lost jobs", abandoned=True)
    assert memory.search("job queues Redis lost jobs") == before
    assert desk.memory.search("job queues Redis lost jobs") == before


def test_a_hit_carries_the_record_and_where_it_would_be(desk: Desk, tried: tuple[str, str]) -> None:
    hit = desk.memory.search("Redis", abandoned=True)[0]
    assert hit.record.rationale == "fast, but lost jobs when it restarted"  # type: ignore[union-attr]
    assert hit.path.startswith(".kagura/decisions/")
    desk.restore()
    assert desk.path(tried[1]) == desk.top / hit.path


def test_once_restored_it_is_no_longer_marked(desk: Desk, tried: tuple[str, str]) -> None:
    memory = desk.memory
    assert memory.search("Redis", abandoned=True)[0].abandoned
    desk.restore()
    for asked in (False, True):
        hit = memory.search("Redis", abandoned=asked)[0]
        assert (hit.id, hit.abandoned) == (tried[1], False)


def test_a_lost_version_stands_beside_the_one_that_is_here(desk: Desk) -> None:
    record = desk.decide("Keep job queues in Postgres")
    desk.commit("decide")
    desk.accept(record, "after a week with it")
    desk.run("reset", "-q", "--hard")
    hits = desk.memory.search("job queues Postgres", abandoned=True)
    assert sorted((hit.id, hit.abandoned, hit.status) for hit in hits) == [
        (record, False, "proposed"),
        (record, True, "accepted"),
    ]


def test_filters_hold_for_what_is_abandoned_too(desk: Desk) -> None:
    desk.memory.record_decision("Use Redis", "fast", tags=["queue"], related_files=["src/jobs.py"])
    desk.memory.record_error("RedisError", "Redis went away", solution="Use Postgres")
    desk.run("reset", "-q", "--hard")
    memory = desk.memory

    def kinds(**more: object) -> set[str]:
        return {h.kind for h in memory.find("Redis", abandoned=True, **more).hits}  # type: ignore[arg-type]

    assert kinds() == {"decision", "error"}
    assert kinds(kinds=["error"]) == {"error"}
    assert kinds(tags=["queue"]) == {"decision"}
    assert kinds(file="src") == {"decision"}
    assert kinds(unresolved=True) == set()


def test_the_same_error_is_known_again_after_it_was_lost(desk: Desk) -> None:
    trace = '  File "src/jobs.py", line 3, in run\n    queue.take()\n'
    error = desk.memory.record_error("RedisError", "went away", trace, solution="reconnect")
    desk.run("reset", "-q", "--hard")
    query = f"Traceback (most recent call last):\n{trace}RedisError: went away"
    assert desk.memory.search_errors(query) == []
    (hit,) = desk.memory.search_errors(query, abandoned=True)
    assert (hit.id, hit.score, hit.abandoned) == (error, 1.0, True)


def test_nothing_is_embedded_twice(
    desk: Desk, tried: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.run("update-ref", "refs/heads/again", desk.out("rev-parse", "main"))
    memory = desk.memory
    memory.search("job queues")
    memory.search("job queues", abandoned=True)
    written: list[int] = []
    keep = VectorCache.put_many
    monkeypatch.setattr(
        VectorCache, "put_many", lambda *args: (written.append(len(args[2])), keep(*args))
    )
    desk.restore()
    memory.search("job queues")
    memory.search("job queues", abandoned=True)
    assert written == []


def test_the_index_of_the_abandoned_may_be_deleted_at_any_time(
    desk: Desk, tried: tuple[str, str]
) -> None:
    def found() -> list[tuple[str, bool, float]]:
        hits = desk.memory.search("job queues", abandoned=True)
        return [(hit.id, hit.abandoned, hit.score) for hit in hits]

    before = found()
    folder = Path(desk.repo.private, "index-abandoned")
    for file in folder.iterdir():
        file.write_bytes(b"torn")
    assert found() == before
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    folder.write_bytes(b"in the way")
    folder.unlink()
    assert found() == before


def test_the_asynchronous_api_has_it_too(desk: Desk, tried: tuple[str, str]) -> None:
    memory = CodingMemory(desk.top)
    hits = asyncio.run(memory.search("Redis", abandoned=True))
    assert hits[0].abandoned
    assert asyncio.run(memory.search_errors("Redis", abandoned=True)) == []


@pytest.mark.model
def test_it_is_found_by_meaning(desk: Desk) -> None:
    desk.decide("Store passwords with argon2", "the hash that is hardest to brute-force")
    gone = desk.decide("Cache rendered pages for a minute", "visitors saw stale prices")
    desk.run("reset", "-q", "--hard")
    found = desk.memory.find("why not keep HTML in memory between requests", abandoned=True)
    if found.ranking == "lexical":
        pytest.skip("no embedding model on this machine")
    assert found.hits[0].id == gone
