"""A cross-encoder that reads the first hits again: a tiny one, made here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from kagura_git.memory import SyncCodingMemory
from kagura_git.search.embed import HASH_MODEL
from kagura_git.search.rerank import DEPTH, LazyReranker, reordered, reranker_name

needs_library = pytest.mark.skipif(
    find_spec("sentence_transformers") is None, reason="the semantic extra is not installed"
)
# A network of random weights has an order of its own, as good as any for these tests.
MAKE = """
import sys
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast
top = sys.argv[1]
words = "[PAD] [UNK] [CLS] [SEP] we keep records in files a database would lose merges".split()
words += list("abcdefghijklmnopqrstuvwxyz0123456789")
plain = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))
plain.normalizer = normalizers.Lowercase()
plain.pre_tokenizer = pre_tokenizers.Whitespace()
plain.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
    special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
)
marks = dict(pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]")
tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, model_max_length=64, **marks)
for labels in (1, 2):
    tokenizer.save_pretrained(f"{top}/{labels}")
    torch.manual_seed(5)
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, num_labels=labels, max_position_embeddings=64, initializer_range=0.3,
    )
    BertForSequenceClassification(config).save_pretrained(f"{top}/{labels}")
"""
ROOT = Path(__file__).parents[2]
TEXTS = (
    "we keep records in files",
    "a database would lose merges",
    "records in a database",
    "files lose records",
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of two cross-encoders, by how many numbers they give for a pair."""
    top = tmp_path_factory.mktemp("rerankers")
    # A process of its own: torch stays out of this one.
    done = subprocess.run([sys.executable, "-c", MAKE, str(top)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return top


@pytest.fixture
def tiny(models: Path, tmp_path: Path) -> Path:
    """A cross-encoder's folder that a test may change."""
    return Path(shutil.copytree(models / "1", tmp_path / "tiny"))


def test_a_bare_name_means_the_cross_encoder_organisation() -> None:
    assert reranker_name("ms-marco-MiniLM-L6-v2") == "cross-encoder/ms-marco-MiniLM-L6-v2"
    assert reranker_name("BAAI/bge-reranker-base") == "BAAI/bge-reranker-base"
    assert reranker_name("./mine") == "./mine"


def test_the_first_places_are_filled_anew_and_keep_their_probabilities() -> None:
    ranked = [(7, 1.0), (3, 0.8), (5, 0.5), (9, 0.1)]
    better = {3: 0.2, 5: 0.9, 9: 0.4}
    found = reordered(ranked, frozenset({7}), lambda numbers: [better[n] for n in numbers])
    assert found == [(7, 1.0), (5, 0.8), (9, 0.5), (3, 0.1)]


def test_what_stands_further_back_is_not_read() -> None:
    ranked = [(number, 0.5) for number in range(DEPTH + 5)]
    asked: list[int] = []

    def score(numbers: object) -> list[float]:
        asked.extend(numbers)  # type: ignore[call-overload]
        return [float(number) for number in asked]

    found = reordered(ranked, frozenset(), score)
    assert asked == list(range(DEPTH))
    assert [number for number, _ in found] == [*reversed(range(DEPTH)), *range(DEPTH, DEPTH + 5)]


def test_without_a_model_the_order_stays(tmp_path: Path) -> None:
    absent = LazyReranker("cross-encoder/nowhere", cache_dir=tmp_path)
    ranked = [(1, 0.9), (2, 0.1)]
    assert reordered(ranked, frozenset(), lambda _: absent.scores("q", ["a", "b"])) == ranked
    assert "git kagura model pull cross-encoder/nowhere" in absent.reason


BOTH = """
import json, sys
from pathlib import Path
from sentence_transformers import CrossEncoder
from kagura_git.search.rerank import LazyReranker
texts = json.loads(sys.argv[2])
ours = LazyReranker(sys.argv[1], cache_dir=Path(sys.argv[1])).scores("lose records", texts)
original = CrossEncoder(sys.argv[1], device="cpu", local_files_only=True)
theirs = original.predict([("lose records", text) for text in texts])
print(json.dumps([ours.tolist(), theirs.tolist()]))
"""


@needs_library
class TestRealModel:
    @pytest.mark.slow
    def test_scores_are_those_of_sentence_transformers(self, tiny: Path) -> None:
        argv = [sys.executable, "-c", BOTH, str(tiny), json.dumps(TEXTS)]
        done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=ROOT)
        ours, theirs = json.loads(done.stdout)
        assert ours == pytest.approx(theirs, abs=1e-6)
        assert len({round(score, 4) for score in theirs}) > 1

    def test_a_search_gives_the_order_of_the_reranker(self, tiny: Path, tmp_path: Path) -> None:
        plain = opened(tmp_path)
        for text in TEXTS:
            plain.record_decision(text, "because of that")
        hits = plain.search("lose records")
        again = opened(tmp_path, KAGURA_SEARCH_RERANKER=str(tiny)).search("lose records")
        scores = LazyReranker(str(tiny), cache_dir=tiny).scores(
            "lose records", [f"{hit.title}\nbecause of that" for hit in hits]
        )
        assert scores is not None
        order = sorted(range(len(hits)), key=lambda place: -scores[place])
        assert [hit.id for hit in again] == [hits[place].id for place in order]
        assert order != sorted(order)
        assert [hit.score for hit in again] == [hit.score for hit in hits]

    def test_a_classifier_of_many_labels_is_refused(self, models: Path, tmp_path: Path) -> None:
        other = LazyReranker(str(models / "2"), cache_dir=tmp_path)
        assert other.scores("q", ["a", "b"]) is None
        assert "2 numbers for a pair" in other.reason

    def test_damaged_files_are_named_and_leave_the_order(self, tiny: Path) -> None:
        (tiny / "config.json").write_text("{")
        other = LazyReranker(str(tiny), cache_dir=tiny)
        assert other.scores("q", ["a", "b"]) is None
        assert "does not load" in other.reason

    def test_a_model_with_code_of_its_own_is_refused(self, tiny: Path) -> None:
        (tiny / "modules.json").write_text('[{"type": "mine.Module", "path": ""}]')
        other = LazyReranker(str(tiny), cache_dir=tiny)
        assert other.scores("q", ["a", "b"]) is None
        assert "code of its own" in other.reason


def opened(folder: Path, **more: str) -> SyncCodingMemory:
    top = folder / "shop"
    if not top.exists():
        subprocess.run(["git", "init", "--quiet", "-b", "main", str(top)], check=True)
        (top / ".kagura").mkdir()
    return SyncCodingMemory(
        top, user_id="ada", environ={**os.environ, "KAGURA_SEARCH_MODEL": HASH_MODEL, **more}
    )


def test_only_the_user_names_one(tmp_path: Path) -> None:
    opened(tmp_path)
    (tmp_path / "shop" / "kagura.toml").write_text('[search]\nreranker = "org/model"\n')
    assert opened(tmp_path).recaller.reranker is None
    own = tmp_path / "config" / "kagura-git"
    own.mkdir(parents=True)
    (own / "kagura.toml").write_text('[search]\nreranker = "ms-marco-MiniLM-L6-v2"\n')
    named = opened(tmp_path, XDG_CONFIG_HOME=str(tmp_path / "config")).recaller.reranker
    assert named is not None
    assert named.model == "cross-encoder/ms-marco-MiniLM-L6-v2"
