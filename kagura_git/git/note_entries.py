"""What the notes of many commits say, read in bounded memory and time.

Anyone who may push writes notes, and one large note may be that of thousands of
commits: each counts as often as it is told. Light on purpose: the hooks use it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, Final

from kagura_git.errors import GitError
from kagura_git.git import note_reading, note_trees, objects
from kagura_git.git.note_trees import PLACES
from kagura_git.git.note_writing import REF
from kagura_git.git.run import Git
from kagura_git.model import note_lines
from kagura_git.model.entries import LARGEST, parse_entries

# The notes of a history have a kilobyte each; of much more, only the smaller ones are read.
ALTOGETHER: Final = 32 * 1024 * 1024
EACH: Final = 16 * 1024


def read(git: Git, shas: Sequence[str], at: str) -> dict[str, list[dict[str, Any]]]:
    """Return the entries of each commit that has a note; too large a note is passed over.

    Args:
        shas: full commit ids, each once.
        at: the ref or revision of the notes.
    """
    blobs, sizes = _blobs(git, shas, at)
    left = ALTOGETHER + EACH * len(shas)
    weights = {sha: sum(sizes[blob] for blob in held) for sha, held in blobs.items() if held}
    chosen: dict[str, tuple[str, ...]] = {}
    # The smallest first: large ones must not push the others out.
    for sha, weight in sorted(weights.items(), key=lambda item: item[1]):
        left -= weight
        if weight > LARGEST or left < 0:
            break
        chosen[sha] = blobs[sha]
    wanted = dict.fromkeys(blob for held in chosen.values() for blob in held)
    texts = note_reading.texts_of(git, list(wanted))
    parsed = {held: _parsed(held, texts) for held in dict.fromkeys(chosen.values())}
    return {sha: list(parsed[chosen[sha]]) for sha in shas if sha in chosen}


def too_large(git: Git) -> list[str]:
    """Return the commits whose notes are passed over because of their size.

    Raises:
        GitError: the notes cannot be read.
    """
    tip = note_reading.tip_of(git, REF)
    spots = note_trees.listed(git, tip) if tip else {}
    sizes = {head.oid: head.size for head in objects.heads(git, note_reading.blobs_of(spots))}
    return [sha for sha, held in spots.items() if max(sizes.get(s.blob, 0) for s in held) > LARGEST]


def _parsed(held: Sequence[str], texts: Mapping[str, str | None]) -> list[dict[str, Any]]:
    said = [text for blob in held if (text := texts.get(blob)) is not None]
    # Two places at once (two tools wrote): their union is what git would merge to.
    return parse_entries(reduce(note_lines.united, said)) if said else []


def _blobs(
    git: Git, shas: Sequence[str], at: str
) -> tuple[dict[str, tuple[str, ...]], dict[str, int]]:
    """Return the notes of each commit, and the size of each of them."""
    if len(shas) >= note_reading.MANY:
        try:
            return _listed(git, shas, at)
        except GitError:
            pass  # a partial clone that lacks a part of them: the others are told
    names = [f"{at}:{path}" for sha in shas for path in note_trees.candidates(sha)]
    found = objects.heads(git, names)
    held = {
        sha: tuple(head.oid for head in found[PLACES * n : PLACES * (n + 1)] if head.kind == "blob")
        for n, sha in enumerate(shas)
    }
    return held, {head.oid: head.size for head in found}


def _listed(
    git: Git, shas: Sequence[str], at: str
) -> tuple[dict[str, tuple[str, ...]], dict[str, int]]:
    tip = note_reading.tip_of(git, at)
    spots = note_trees.listed(git, tip) if tip else {}
    held = {sha: tuple(spot.blob for spot in spots[sha]) for sha in shas if sha in spots}
    blobs = list(dict.fromkeys(blob for found in held.values() for blob in found))
    # What is not on this machine has no size: it is not read.
    heads = dict(zip(blobs, objects.heads(git, blobs), strict=True))
    sizes = {blob: head.size if head.kind else LARGEST + 1 for blob, head in heads.items()}
    return held, sizes
