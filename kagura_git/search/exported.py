"""The exported models in the user's cache, one folder by digest: made once, then opened."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import msgspec

from kagura_git import atomic
from kagura_git.config import import_path
from kagura_git.errors import KaguraError, MissingExtra
from kagura_git.search.embed import Embedder
from kagura_git.search.manifest import Seal, seal, write_file
from kagura_git.search.model_files import ModelFolder
from kagura_git.search.onnx import OnnxEmbedder

# Raised when the export changes in a way that makes another graph.
_VERSION: Final = "onnx-1"
_NOT_EXPORTABLE: Final = 4
_SEALS: Final = "seals.json"
_REFUSED: Final = "not-exportable"
_SECONDS: Final = 900
_WAIT_SECONDS: Final = 2.0 * _SECONDS
# Its own import path first, as an isolated Python knows it; then what this process imports from.
_CHILD: Final = """
import os, sys
sys.path += [path for path in sys.argv.pop(1).split(os.pathsep) if path not in sys.path]
from kagura_git.search.export import main
sys.exit(main(*sys.argv[1:]))
"""


def open_model(model: ModelFolder, cache_dir: Path) -> Embedder:
    """Return the embedder of a model, exporting it if this machine has not done so yet.

    Raises:
        KaguraError: it cannot be loaded at all, or the cache cannot be written to.
        MissingExtra: it has not been exported and sentence-transformers is not installed.
    """
    folder = cache_dir / model.digest / _VERSION
    if not _whole(folder):
        _export_once(model, folder)
    if (folder / _REFUSED).exists():
        from kagura_git.search.original import OriginalEmbedder

        return OriginalEmbedder(model.path, model.digest)
    return OnnxEmbedder(folder, model.digest)


def _whole(folder: Path) -> bool:
    """Tell whether an export is there as it was made; a torn one is made again.

    Asked first, because what the libraries raise on a torn file has no common base.
    """
    try:
        seals = msgspec.json.decode((folder / _SEALS).read_bytes(), type=dict[str, Seal])
        return bool(seals) and all(seal(folder / name) == kept for name, kept in seals.items())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return False


def _export_once(model: ModelFolder, folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with atomic.locked(str(folder.parent / "lock"), _WAIT_SECONDS, "exporting the model"):
            if not _whole(folder):
                _export(model, folder)
    except OSError as error:
        raise KaguraError(
            f"cannot keep the exported model: {error.strerror or error}",
            hint="Make the cache folder writable, or choose another.",
            where=str(folder.parent),
        ) from error


def _export(model: ModelFolder, folder: Path) -> None:
    aside = Path(tempfile.mkdtemp(prefix="export-", dir=folder.parent))
    try:
        _run(model, aside)
        seals = {file.name: seal(file) for file in aside.iterdir()}
        write_file(aside / _SEALS, [msgspec.json.encode(seals)])
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _run(model: ModelFolder, aside: Path) -> None:
    # -I: nothing of the folder the user stands in, which may be a cloned repository, is imported.
    folders = import_path.trusted(sys.path, [import_path.work_tree(os.getcwd())])
    command = [sys.executable, "-I", "-c", _CHILD, os.pathsep.join([import_path.home(), *folders])]
    command += [str(model.path), str(aside)]
    environ = {**os.environ, "HF_HUB_OFFLINE": "1"}
    try:
        done = subprocess.run(
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise KaguraError(
            "exporting the embedding model took too long", where=model.name
        ) from error
    said = done.stderr.decode("utf-8", "replace").strip().splitlines() or [""]
    if done.returncode == _NOT_EXPORTABLE:
        (aside / _REFUSED).write_text(said[-1], "utf-8")
    elif "ModuleNotFoundError" in said[-1]:
        raise MissingExtra(
            f"preparing the embedding model needs more packages ({said[-1]})",
            hint='Install them: pip install "kagura-git[semantic]"',
        )
    elif done.returncode:
        raise KaguraError(
            f"the embedding model cannot be loaded: {said[-1]}",
            hint="Its files may be damaged. Run: git kagura model pull",
            where=str(model.path),
        )
