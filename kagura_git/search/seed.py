"""Beginning an index with what another one holds, so that nothing is read or counted twice."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from kagura_git import permissions
from kagura_git.search import manifest


def seed(folder: Path, source: Path) -> None:
    """Give a folder without an index the generation of ``source``, by links where that works.

    The files of a generation never change. What does not work out only costs
    time: the next refresh builds the index from nothing.
    """
    if manifest.stamp(folder) is not None:
        return
    found = manifest.read(source)
    if found is None:
        return
    with suppress(OSError):
        permissions.make_folder(str(folder))
        for piece in found.pieces:
            for suffix in piece.files:
                os.link(manifest.path(source, piece, suffix), manifest.path(folder, piece, suffix))
        # Last, as always: a manifest stands for files that are there.
        os.link(source / manifest.NAME, folder / manifest.NAME)
