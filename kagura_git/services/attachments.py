"""Pictures kept beside the records, by what they hold: only on their owner's word."""

from __future__ import annotations

import hashlib
import os
from typing import Final

from kagura_git import atomic
from kagura_git.llm import pictures
from kagura_git.store.files import FOLDER
from kagura_git.workspace import Workspace

ATTACHMENTS: Final = f"{FOLDER}/attachments"


def keep(ws: Workspace, picture: str) -> str:
    """Keep a picture without its metadata and stage it; returns its path in the repository.

    Raises:
        KaguraError: it is no picture, or too large.
        CannotWrite: the disk is full or read-only.
    """
    found = pictures.load(picture)
    ws.require_init()
    digest = hashlib.sha256(found.data).hexdigest()[:32]
    path = f"{ATTACHMENTS}/{digest}.{found.kind}"
    place = os.path.join(ws.repo.top, path)
    if not os.path.lexists(place):
        atomic.make_folder(os.path.dirname(place), tracked=True)
        atomic.write(place, found.data, tracked=True)
    ws.stage([path])
    return path
