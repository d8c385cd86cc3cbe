"""Pictures kept beside the records, by what they hold: only on their owner's word."""

from __future__ import annotations

import hashlib
import os
from typing import Final

from kagura_git.llm import pictures
from kagura_git.store.files import FOLDER
from kagura_git.workspace import Workspace

ATTACHMENTS: Final = f"{FOLDER}/attachments"


def keep(ws: Workspace, picture: str) -> str:
    """Keep a picture without its metadata and stage it; returns its path in the repository.

    Raises:
        KaguraError: it is no picture, or too large.
        UnsafePath: the folder is a symbolic link.
        CannotWrite: the disk is full or read-only.
    """
    found = pictures.load(picture)
    ws.require_init()
    digest = hashlib.sha256(found.data).hexdigest()[:32]
    path = f"{ATTACHMENTS}/{digest}.{found.kind}"
    place = ws.repo.tree.resolve(path)
    if os.path.islink(place) or not os.path.isfile(place):
        ws.repo.tree.write(path, found.data)
    ws.stage([path])
    return path
