"""The index in several segments answers as one that was built anew."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from search_records import Shelf, an_error

from kagura_git.search import layers, manifest, near
from kagura_git.search.index import SearchIndex
from kagura_git.search.seed import seed

Make = Callable[..., SearchIndex]
WORDS = "cache lock parser import database socket timeout index thread queue".split()


@pytest.fixture(autouse=True)
def nothing_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "SMALL", 0)


def names(index: SearchIndex) -> list[str]:
    found = manifest.read(index.folder)
    assert found is not None
    return [piece.name for piece in found.pieces]


def filled(count: int) -> Shelf:
    rng = random.Random(count)
    return Shelf(" ".join(rng.choices(WORDS, k=6)) + f" number{i}" for i in range(count))


def test_a_record_that_is_added_rewrites_no_other_but_a_few(index: SearchIndex) -> None:
    shelf = filled(100)
    shelf.refresh(index)
    (first,) = names(index)
    for number in range(100, 110):
        shelf.put(f"k{number}", an_error(number, f"walrus {number}"))
        shelf.refresh(index)
        assert names(index)[0] == first
        assert index.search(f"walrus {number}").hits[0].entry.key == f"k{number}"
    assert len(names(index)) <= 3
    assert index.status().records == index.status().vectors == 110


def test_very_many_are_written_in_steps_and_found_as_if_at_once(
    make_index: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf, whole, steps = filled(105), make_index("whole"), make_index("steps")
    shelf.refresh(whole)
    monkeypatch.setattr(layers, "MOST", 20)
    report = shelf.refresh(steps)
    assert (report.records, report.changed, report.embedded_now) == (105, 105, 0)
    assert len(names(steps)) == 6
    for text in WORDS:
        found = [(hit.entry.key, hit.score) for hit in whole.search(text).hits]
        assert [(hit.entry.key, hit.score) for hit in steps.search(text).hits] == found
    # Those that change are never missing meanwhile, nor is anything found twice.
    for number in range(60):
        shelf.put(f"k{number:03}", an_error(number, f"walrus {number}"))
    shelf.refresh(steps)
    assert steps.status().records == 105
    assert steps.search("walrus 59").hits[0].entry.key == "k059"


def test_many_records_more_are_joined_with_the_first(index: SearchIndex) -> None:
    shelf = filled(40)
    shelf.refresh(index)
    first = names(index)
    for number in range(40, 70):
        shelf.put(f"k{number}", an_error(number, f"walrus {number}"))
    shelf.refresh(index)
    assert len(names(index)) == 1
    assert names(index) != first


def test_who_does_not_wait_joins_sooner(make_index: Make) -> None:
    for waiting, segments in ((True, 2), (False, 1)):
        shelf, index = filled(40), make_index(f"waiting {waiting}")
        shelf.refresh(index)
        for number in range(40, 50):
            shelf.put(f"k{number}", an_error(number, f"walrus {number}"))
        index.refresh(shelf.listing, shelf.load, waiting=waiting)
        assert len(names(index)) == segments


def test_a_branch_and_back_reads_embeds_and_writes_nothing(index: SearchIndex, embedding) -> None:
    shelf = filled(60)
    shelf.refresh(index)
    first = names(index)
    away = {f"k{n:03}": shelf.documents.pop(f"k{n:03}") for n in range(20)}
    shelf.refresh(index)
    assert "k003" not in {hit.entry.key for hit in index.search("number3", 60).hits}
    assert index.status().records == 40
    shelf.documents.update(away)
    loads, texts = len(shelf.loaded), len(embedding.texts)
    shelf.refresh(index)
    assert (len(shelf.loaded), len(embedding.texts), names(index)) == (loads, texts, first)
    assert index.search("number3").hits[0].entry.key == "k003"
    assert index.status().records == 60


def test_a_first_segment_that_is_mostly_gone_is_written_anew(index: SearchIndex) -> None:
    shelf = filled(60)
    shelf.refresh(index)
    for number in range(40):
        del shelf.documents[f"k{number:03}"]
    shelf.refresh(index)
    found = manifest.read(index.folder)
    assert found is not None
    assert found.gone == []
    assert len(shelf.loaded) == 1


def test_filters_and_fingerprints_reach_every_segment(index: SearchIndex) -> None:
    shelf = filled(50)
    shelf.put("old", an_error(60, "cache lock", fingerprint="2-" + "a" * 32))
    shelf.refresh(index)
    shelf.put("new", an_error(61, "cache lock", fingerprint="2-" + "b" * 32))
    shelf.refresh(index)
    assert len(names(index)) == 2
    for mark, key in (("a", "old"), ("b", "new")):
        assert index.search("thread", fingerprint="2-" + mark * 32).hits[0].entry.key == key
    only = index.search("cache", 5, keep=lambda entry: entry.key in {"old", "new"}).hits
    assert {hit.entry.key for hit in only} == {"old", "new"}
    shelf.put("old", an_error(60, "cache lock otherwise"))
    shelf.refresh(index)
    assert index.search("thread", fingerprint="2-" + "a" * 32).hits[0].score < 1


@pytest.mark.parametrize("suffix", [".entries", ".words", ".texts", ".vectors"])
def test_a_damaged_later_segment_is_rebuilt(make_index: Make, suffix: str) -> None:
    shelf, index = filled(50), make_index()
    shelf.refresh(index)
    shelf.put("new", an_error(61, "walrus"))
    shelf.refresh(index)
    file = index.folder / f"{names(index)[1]}{suffix}"
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    again = make_index()
    assert shelf.refresh(again).records == 51
    assert again.search("walrus").hits[0].entry.key == "new"


def test_another_worktree_begins_with_all_segments(make_index: Make) -> None:
    shelf, index = filled(50), make_index("one")
    shelf.refresh(index)
    shelf.put("new", an_error(61, "walrus"))
    shelf.refresh(index)
    other = make_index("two")
    seed(other.folder, index.folder)
    assert other.plan(shelf.listing).fresh
    assert other.search("walrus").hits[0].entry.key == "new"


def test_without_a_model_segments_stay_too(make_index: Make) -> None:
    shelf, index = filled(50), make_index(model="./no/such/folder")
    shelf.refresh(index)
    first = names(index)
    shelf.put("new", an_error(61, "walrus"))
    shelf.refresh(index)
    assert names(index)[:1] == first
    assert index.search("walrus").hits[0].entry.key == "new"
    with_model = make_index()
    assert shelf.refresh(with_model).vectors == 51
    assert with_model.search("walrus").ranking == "hybrid"


@pytest.mark.parametrize("seed_number", range(12))
def test_any_history_ends_in_what_a_build_from_nothing_gives(
    make_index: Make, seed_number: int
) -> None:
    rng = random.Random(seed_number)
    shelf, index = filled(30), make_index("by part")
    shelf.refresh(index)
    kept: list[dict[str, object]] = []
    for step in range(25):
        match rng.choice(["put", "put", "change", "drop", "move", "keep", "back", "open"]):
            case "put":
                for _ in range(rng.choice([1, 1, 2, 9])):
                    number = rng.randrange(1000)
                    text = " ".join(rng.choices(WORDS, k=5)) + f" more{number}"
                    shelf.put(f"n{number}", an_error(number, text))
            case "change" if shelf.documents:
                key = rng.choice(sorted(shelf.documents))
                shelf.put(key, an_error(step, f"changed {rng.choice(WORDS)} {step}"))
            case "drop" if shelf.documents:
                for key in rng.sample(sorted(shelf.documents), rng.randint(1, 4) % 3 + 1)[:1]:
                    del shelf.documents[key]
            case "move" if shelf.documents:
                key = rng.choice(sorted(shelf.documents))
                item = shelf.documents.pop(key)
                shelf.documents[f"moved/{step}"] = replace(item, key=f"moved/{step}")
            case "keep":
                kept.append(dict(shelf.documents))
            case "back" if kept:
                shelf.documents = dict(rng.choice(kept))  # type: ignore[arg-type]
            case "open":
                index = make_index("by part")
        shelf.refresh(index)
    whole = make_index(f"whole {seed_number}")
    shelf.refresh(whole)
    assert index.plan(shelf.listing).fresh
    assert index.status().records == whole.status().records == len(shelf.documents)
    assert index.status().vectors == whole.status().vectors
    for query in (*WORDS, "cache lock timeout", "more7 changed", "number3"):
        ours = {hit.entry.key: hit.score for hit in index.search(query, 1000).hits}
        theirs = {hit.entry.key: hit.score for hit in whole.search(query, 1000).hits}
        assert ours == pytest.approx(theirs, abs=1e-4)


def test_a_large_index_finds_what_an_exact_one_does(
    make_index: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shelf = filled(900)
    exact = make_index("exact")
    shelf.refresh(exact)
    monkeypatch.setattr(near, "LARGE", 200)
    large = make_index("large")
    shelf.refresh(large)
    assert list(large.folder.glob("*.near"))
    large = make_index("large")
    held = total = 0
    for query in ("cache lock", "number7", "socket timeout index", "thread queue number100"):
        wanted = [hit.entry.key for hit in exact.search(query, 10).hits]
        found = [hit.entry.key for hit in large.search(query, 10).hits]
        held, total = held + len(set(wanted) & set(found)), total + len(wanted)
    assert held >= 0.9 * total
    some = {f"k{n:03}" for n in range(5)}
    only = large.search("cache", 10, keep=lambda entry: entry.key in some).hits
    assert {hit.entry.key for hit in only} <= some
    shelf.put("new", an_error(1, "walrus in the cache"))
    shelf.refresh(large)
    assert large.search("walrus").hits[0].entry.key == "new"
    for file in large.folder.glob("*.near"):
        file.write_bytes(b"torn")
    again = make_index("large")
    assert shelf.refresh(again).records == 901
    assert again.search("walrus").hits[0].entry.key == "new"


def test_lists_find_nearly_all_of_the_nearest_and_come_back_from_their_file(
    tmp_path: Path,
) -> None:
    import numpy as np

    rng = np.random.default_rng(1)
    centres = rng.standard_normal((60, 32), np.float32)
    rows = centres[rng.integers(60, size=8000)] + 0.8 * rng.standard_normal((8000, 32), np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    lists = near._lists(rows)
    (tmp_path / "rows").write_bytes(near.packed(near.flat(rows)))
    (tmp_path / "lists").write_bytes(near.packed(lists))
    opened = near.open_(tmp_path / "rows", tmp_path / "lists", 32)
    assert opened is not None
    back, kept = opened
    assert np.array_equal(kept, rows)
    assert back.nprobe == lists.nprobe < lists.nlist
    held = 0
    for number in range(0, 8000, 80):
        query = rows[number] + 0.1 * rng.standard_normal(32).astype(np.float32)
        exact = set(np.argsort(-(rows @ query))[:10].tolist())
        held += len(exact & set(near.search(back, query, 30, None)[1].tolist()))
    assert held >= 980
    allowed = np.zeros(8000, bool)
    allowed[::400] = True
    found = near.search(back, rows[0], 20, near.Filter(allowed))[1].tolist()
    assert set(found) <= set(range(0, 8000, 400))
    assert found[0] == 0
