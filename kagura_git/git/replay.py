"""Whether a change is another one, made again on other ground.

Where the files had drifted apart, git merged: the same three blobs, merged
again, must give the very blob that is there.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from typing import Final

from kagura_git.git.patches import Step, Steps
from kagura_git.git.run import Git
from kagura_git.git.versions import blobs

_MOST_FILES: Final = 50
_MOST_BYTES: Final = 1024 * 1024


def same(mine: Steps, theirs: Steps) -> bool:
    """Tell whether two changes took the same blobs to the same blobs, and took some."""
    return bool(mine) and mine == theirs


def replays(git: Git, mine: Steps, theirs: Steps) -> bool:
    """Tell whether a change does to its files exactly what merging the other into them does."""
    if not mine or mine.keys() != theirs.keys():
        return False
    drifted = [path for path in mine if mine[path] != theirs[path]]
    steps = [(mine[path], theirs[path]) for path in drifted]
    if len(steps) > _MOST_FILES or not all(_mergeable(*pair) for pair in steps):
        return False
    texts = blobs(git, _named(steps), _MOST_BYTES + 1)
    if any(len(texts.get(name, b"")) > _MOST_BYTES or name not in texts for name in _named(steps)):
        return False
    with tempfile.TemporaryDirectory(prefix="kagura-") as folder:
        return all(
            _merged(git, folder, texts[own.old], texts[other.old], texts[other.new])
            == texts[own.new]
            for own, other in steps
        )


def _mergeable(own: Step, other: Step) -> bool:
    """Tell whether both are edits of a regular file that is there, with the same mode change."""
    modes = (own.old_mode, own.mode) == (other.old_mode, other.mode)
    return modes and own.old_mode.startswith("100") and own.mode.startswith("100")


def _named(steps: Iterable[tuple[Step, Step]]) -> list[str]:
    return [blob for own, other in steps for blob in (own.old, own.new, other.old, other.new)]


def _merged(git: Git, folder: str, ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
    """Return the merge of three texts, or None where git finds a conflict."""
    paths = [os.path.join(folder, name) for name in ("ours", "base", "theirs")]
    for path, text in zip(paths, (ours, base, theirs), strict=True):
        with open(path, "wb") as file:
            file.write(text)
    done = git.run("merge-file", "-p", "-q", *paths, ok=range(256))
    return done.stdout if done.returncode == 0 else None
