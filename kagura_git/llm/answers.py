"""Answers that were paid for, by their question: what has not changed is not asked twice."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from kagura_git import atomic
from kagura_git.errors import KaguraError

T = TypeVar("T")
_MOST: Final = 200


def place(folder: Path, model: str, messages: Sequence[Mapping[str, Any]]) -> Path:
    """Return where the answer of a model to these messages is kept."""
    asked = msgspec.json.encode([model, *messages])
    return folder / f"{hashlib.blake2b(asked, digest_size=16).hexdigest()}.json"


def kept(file: Path, form: type[T]) -> T | None:
    """Return the answer that is kept there; None if there is none of that form."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=form)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def keep(file: Path, answer: Any) -> None:
    """Keep an answer, and drop the oldest of very many."""
    with contextlib.suppress(OSError, KaguraError):  # it would only be paid for again
        atomic.make_folder(str(file.parent))
        others = sorted(file.parent.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for old in others[: max(0, len(others) - _MOST)]:
            old.unlink(missing_ok=True)
        atomic.write(file, msgspec.json.encode(answer), durable=False)
