from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from search_records import Shelf, a_decision, an_error, record_id

from kagura_git.search import manifest
from kagura_git.search.embed import LazyModel
from kagura_git.search.index import SearchIndex
from kagura_git.search.vectors import VectorCache

Make = Callable[..., SearchIndex]
TEXTS = [
    "connection refused by the database on port 5432",
    "cannot import name of module",
    "list index out of range in parser",
    "permission denied while writing the lock file",
]


def keys(index: SearchIndex, query: str, k: int = 10, **more: object) -> list[str]:
    return [hit.entry.key for hit in index.search(query, k, **more).hits]  # type: ignore[arg-type]


def test_importing_the_index_loads_no_heavy_library() -> None:
    code = (
        "import sys, kagura_git.search.index\n"
        "heavy = {'numpy', 'faiss', 'onnxruntime', 'tokenizers', 'torch', 'sqlite3', 'asyncio'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    root = str(Path(manifest.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True
    )
    assert done.stdout.strip() == "[]"


def test_an_index_that_was_never_made_answers_nothing(index: SearchIndex) -> None:
    assert index.search("anything").hits == []
    assert index.status().records == 0


def test_a_record_is_found_by_its_words_with_a_snippet(index: SearchIndex) -> None:
    Shelf(TEXTS).refresh(index)
    found = index.search("database connection refused", 2)
    assert found.ranking == "hybrid"
    assert found.hits[0].entry.key == "k000"
    assert found.hits[0].entry.id == record_id("E", 0)
    assert "connection refused" in found.hits[0].snippet


def test_scores_lie_between_0_and_1_and_descend(index: SearchIndex) -> None:
    Shelf(TEXTS).refresh(index)
    scores = [hit.score for hit in index.search(" ".join(TEXTS)).hits]
    assert len(scores) == 4
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_equal_records_are_ordered_by_id(index: SearchIndex) -> None:
    shelf = Shelf()
    for number in (3, 1, 2):
        shelf.put(f"k{9 - number}", an_error(number, "the very same words"))
    shelf.refresh(index)
    found = [hit.entry.id for hit in index.search("same words").hits]
    assert found == sorted(found)


def test_a_plan_names_what_changed_and_what_went(index: SearchIndex) -> None:
    shelf = Shelf(TEXTS)
    assert index.plan(shelf.listing).changed == sorted(shelf.listing)
    shelf.refresh(index)
    assert index.plan(shelf.listing).fresh
    shelf.put("k001", an_error(1, "now it says otherwise"))
    shelf.put("k007", an_error(7, "new"))
    del shelf.documents["k002"]
    plan = index.plan(shelf.listing)
    assert (plan.changed, plan.removed) == (["k001", "k007"], ["k002"])


def test_a_refresh_reads_only_what_changed(index: SearchIndex) -> None:
    shelf = Shelf(TEXTS)
    assert shelf.refresh(index).changed == 4
    shelf.refresh(index)
    shelf.put("k001", an_error(1, "a wholly different text about zebras"))
    del shelf.documents["k002"]
    assert shelf.refresh(index).changed == 1
    assert shelf.loaded[1:] == [["k001"]]
    assert keys(index, "zebras")[:1] == ["k001"]
    assert "k002" not in keys(index, TEXTS[2])
    assert keys(index, TEXTS[3])[0] == "k003"


def test_a_refresh_embeds_only_texts_never_seen(index: SearchIndex, embedding) -> None:
    shelf = Shelf(TEXTS)
    assert shelf.refresh(index).embedded_now == 4
    shelf.put("k001", an_error(1, "new words"))
    shelf.put("k008", an_error(8, TEXTS[0]))
    assert shelf.refresh(index).embedded_now == 1
    assert len(embedding.texts) == 5


def test_switching_back_embeds_nothing_and_does_not_load_the_model(
    make_index: Make, embedding
) -> None:
    here, there = Shelf(TEXTS), Shelf(["another branch", *TEXTS[:1]])
    first = make_index()
    here.refresh(first)
    there.refresh(first)
    again = make_index()
    opened = embedding.opened
    assert here.refresh(again).embedded_now == 0
    assert embedding.opened == opened


def test_another_worktree_embeds_nothing_again(make_index: Make, embedding) -> None:
    shelf = Shelf(TEXTS)
    shelf.refresh(make_index("one"))
    assert shelf.refresh(make_index("two")).embedded_now == 0


def test_a_moved_record_is_not_read_again(index: SearchIndex) -> None:
    shelf = Shelf(TEXTS)
    shelf.refresh(index)
    shelf.documents["moved/k000"] = shelf.documents.pop("k000")
    shelf.refresh(index)
    assert len(shelf.loaded) == 1
    assert keys(index, TEXTS[0])[0] == "moved/k000"


def test_the_same_record_under_two_keys_is_found_under_both(index: SearchIndex) -> None:
    shelf = Shelf(TEXTS)
    shelf.refresh(index)
    item = shelf.documents["k000"]
    shelf.documents["copy"] = type(item)(
        **{name: getattr(item, name) for name in item.__slots__} | {"key": "copy"}
    )
    shelf.refresh(index)
    assert set(keys(index, TEXTS[0])[:2]) == {"k000", "copy"}


def test_a_record_that_cannot_be_read_is_tried_once_only(index: SearchIndex) -> None:
    shelf = Shelf(TEXTS)
    listing = {**shelf.listing, "broken": "b1"}
    index.refresh(listing, shelf.load)
    assert index.plan(listing).fresh
    index.refresh({**listing, "broken": "b2"}, shelf.load)
    assert shelf.loaded[1:] == [["broken"]]
    assert index.status().records == 4


def test_emptying_the_repository_empties_the_index(index: SearchIndex) -> None:
    shelf = Shelf(TEXTS)
    shelf.refresh(index)
    assert index.refresh({}, shelf.load).records == 0
    assert index.search("connection").hits == []
    assert index.plan({}).fresh


def test_filters_apply_before_the_cut(index: SearchIndex) -> None:
    shelf = Shelf("connection refused again and again" for _ in range(300))
    shelf.put("z", a_decision(1, "connection pool of ten"))
    shelf.refresh(index)
    found = keys(index, "connection refused", 3, keep=lambda entry: entry.kind == "decision")
    assert found == ["z"]
    assert keys(index, "connection", keep=lambda entry: False) == []


def test_a_threshold_leaves_out_what_scores_less(index: SearchIndex) -> None:
    Shelf(TEXTS).refresh(index)
    everything = index.search(" ".join(TEXTS)).hits
    cut = everything[1].score
    kept = index.search(" ".join(TEXTS), min_score=cut).hits
    assert kept == [hit for hit in everything if hit.score >= cut]


def test_the_same_error_comes_first_with_score_1(index: SearchIndex) -> None:
    shelf = Shelf(TEXTS)
    shelf.put("same", an_error(9, "worded quite otherwise", fingerprint="2-" + "f" * 32))
    shelf.refresh(index)
    hits = index.search(TEXTS[0], fingerprint="2-" + "f" * 32).hits
    assert (hits[0].entry.key, hits[0].score) == ("same", 1.0)
    assert hits[1].entry.key == "k000"
    assert hits[1].score < 1


def test_a_solved_error_and_a_decision_in_force_come_before_their_twins(
    index: SearchIndex,
) -> None:
    shelf = Shelf()
    shelf.put("a", an_error(1, "disk is full"))
    shelf.put("b", an_error(2, "disk is full", resolved=True))
    shelf.put("c", a_decision(1, "keep logs for a month", status="superseded"))
    shelf.put("d", a_decision(2, "keep logs for a month", status="accepted"))
    shelf.refresh(index)
    assert keys(index, "disk full")[:2] == ["b", "a"]
    assert keys(index, "keep logs month")[:2] == ["d", "c"]


def test_a_query_that_shares_nothing_finds_little(index: SearchIndex) -> None:
    Shelf(TEXTS).refresh(index)
    assert all(hit.score < 0.5 for hit in index.search("zxqv blorp").hits)
    assert index.search("").hits == []
    assert index.search("?!").hits == []


def test_without_a_model_words_still_find(make_index: Make) -> None:
    index = make_index(model="./no/such/folder")
    shelf = Shelf(TEXTS)
    report = shelf.refresh(index)
    assert (report.records, report.vectors) == (4, 0)
    assert "git kagura model pull" in report.reason
    found = index.search("connection refused")
    assert found.ranking == "lexical"
    assert found.hits[0].entry.key == "k000"
    assert index.plan(shelf.listing).fresh


def test_a_model_that_appears_later_adds_vectors_from_what_is_known(
    make_index: Make, embedding
) -> None:
    shelf = Shelf(TEXTS)
    shelf.refresh(make_index("elsewhere"))
    shelf.refresh(make_index(model="./no/such/folder"))
    index = make_index()
    assert index.search("connection").ranking == "lexical"
    assert index.plan(shelf.listing).vectors
    reads = len(shelf.loaded)
    report = shelf.refresh(index)
    assert (report.vectors, report.embedded_now) == (4, 0)
    assert len(shelf.loaded) == reads
    assert index.search("connection").ranking == "hybrid"


def test_vectors_of_two_models_are_never_mixed(
    make_index: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kagura_git.search import embed

    shelf = Shelf(TEXTS)
    shelf.refresh(make_index())

    class Other(embed.HashEmbedder):
        digest = "test-hash-other"  # type: ignore[misc]

    monkeypatch.setattr(embed, "HashEmbedder", Other)
    index = make_index()
    assert index.search("connection").ranking == "lexical"
    report = shelf.refresh(index)
    assert (report.vectors, report.embedded_now) == (4, 4)
    assert index.search("connection").ranking == "hybrid"
    found = manifest.read(index.folder)
    assert found is not None
    assert found.model == "test-hash-other"


@pytest.mark.parametrize("suffix", ["manifest", ".entries", ".words", ".texts", ".vectors"])
@pytest.mark.parametrize("damage", ["cut", "garbage", "empty", "gone"])
def test_a_damaged_file_is_rebuilt(make_index: Make, suffix: str, damage: str) -> None:
    shelf = Shelf(TEXTS)
    index = make_index()
    shelf.refresh(index)
    file = next(path for path in index.folder.iterdir() if path.name.endswith(suffix))
    data = file.read_bytes()
    match damage:
        case "cut":
            file.write_bytes(data[: len(data) // 2])
        case "garbage":
            file.write_bytes(bytes(byte ^ 0x5A for byte in data))
        case "empty":
            file.write_bytes(b"")
        case "gone":
            file.unlink()
    again = make_index()
    assert again.search("connection refused").hits == []
    assert not again.plan(shelf.listing).fresh
    assert shelf.refresh(again).records == 4
    assert keys(again, "connection refused")[0] == "k000"


def test_an_index_of_another_format_is_rebuilt(
    make_index: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(TEXTS)
    shelf.refresh(make_index())
    monkeypatch.setattr(manifest, "FORMAT", 999)
    assert not make_index().plan(shelf.listing).fresh


def test_only_the_current_generation_stays_on_disk(index: SearchIndex) -> None:
    shelf = Shelf(TEXTS)
    for number in range(5):
        shelf.put("k000", an_error(0, f"take {number}"))
        shelf.refresh(index)
    assert len(list(index.folder.iterdir())) == 5


def test_a_reader_keeps_its_answers_while_another_process_refreshes(make_index: Make) -> None:
    shelf = Shelf(TEXTS)
    reader, writer = make_index(), make_index()
    shelf.refresh(writer)
    assert keys(reader, "connection refused")[0] == "k000"
    shelf.put("k009", an_error(9, "zebras in the cache"))
    shelf.refresh(writer)
    assert keys(reader, "zebras")[0] == "k009"


def test_a_long_record_is_found_by_its_end(index: SearchIndex) -> None:
    shelf = Shelf(TEXTS)
    text = " ".join(f"filler{i}" for i in range(900)) + " zebra migration"
    shelf.put("long", a_decision(1, "A long one", text))
    report = shelf.refresh(index)
    assert report.vectors > 6
    assert keys(index, "zebra migration")[0] == "long"


def test_text_that_no_file_could_hold_is_survived(index: SearchIndex) -> None:
    shelf = Shelf()
    shelf.put("odd", an_error(1, "lone \ud800 surrogate and \x00 zero"))
    shelf.refresh(index)
    assert keys(index, "surrogate \ud800")[0] == "odd"


REFRESHER = """
import sys
from dataclasses import replace
from pathlib import Path
from search_records import Shelf, an_error
from kagura_git.search.embed import LazyModel
from kagura_git.search.index import SearchIndex
from kagura_git.search.vectors import VectorCache
folder, name = Path(sys.argv[1]), sys.argv[2]
index = SearchIndex(
    folder / "i", VectorCache(folder / "v.db"), LazyModel("test:hash", cache_dir=folder)
)
shelf = Shelf(["connection refused by the database"] * 20)
for turn in range(25):
    shelf.put("changing", an_error(99, f"{name} at turn {turn}"))
    listing = {key: item.words for key, item in shelf.documents.items()}
    index.refresh(listing, shelf.load)
"""


def test_two_processes_refresh_at_once_and_a_reader_always_sees_a_whole_index(
    tmp_path: Path,
) -> None:
    here = Path(__file__).parent
    path = f"{here}:{here.parents[1]}"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", REFRESHER, str(tmp_path), name],
            env={**os.environ, "PYTHONPATH": path},
        )
        for name in ("one", "two")
    ]
    model = LazyModel("test:hash", cache_dir=tmp_path)
    reader = SearchIndex(tmp_path / "i", VectorCache(tmp_path / "v.db"), model)
    seen = 0
    while any(process.poll() is None for process in running):
        found = [key for key in keys(reader, "connection refused", 100) if key != "changing"]
        # Nothing before the first generation; then all of them, always.
        assert len(found) == (20 if found or seen else 0)
        seen += bool(found)
    assert [process.returncode for process in running] == [0, 0]
    assert seen
    assert manifest.read(reader.folder) is not None


def test_an_interrupted_build_goes_on_where_it_was(
    make_index: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kagura_git.search import embed

    asked: list[int] = []

    class InPieces(embed.HashEmbedder):
        stop_after = 700

        def embed(self, texts: Any, taken: Any = None) -> Any:
            asked.append(len(texts))
            vectors = super().embed(texts)
            for start in range(0, len(texts), 50):
                if start >= self.stop_after:
                    raise KeyboardInterrupt
                if taken:
                    taken(range(start, start + 50), vectors[start : start + 50])
            return vectors

    monkeypatch.setattr(embed, "HashEmbedder", InPieces)
    shelf = Shelf(f"text number {n}" for n in range(1000))
    with pytest.raises(KeyboardInterrupt):
        shelf.refresh(make_index())
    monkeypatch.setattr(InPieces, "stop_after", 10_000)
    done: list[tuple[int, int]] = []
    again = make_index()
    report = again.refresh(shelf.listing, shelf.load, lambda n, total: done.append((n, total)))
    assert (report.embedded_now, report.vectors, asked) == (300, 1000, [1000, 300])
    assert done[-1] == (300, 300)
