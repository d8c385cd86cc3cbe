"""A copy of every version of every record, in the common git directory.

``reset --hard``, ``clean -fd`` or a deleted branch take record files away;
what was acknowledged must not go with them. One file a version:
``journal/<YYYY-MM>/<id>.<blob>.yaml``, written before the work tree's file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from kagura_git import atomic
from kagura_git.model.ids import is_id
from kagura_git.store.files import blob_id


@dataclass(frozen=True, slots=True)
class Version:
    """One kept version of a record, and when it was written (seconds since 1970)."""

    id: str
    blob: str
    path: str
    written: float


class Journal:
    """The journal below ``folder``."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def keep(self, record_id: str, data: bytes, at: datetime, *, durable: bool = True) -> None:
        """Keep one version, durably; the same bytes are kept once."""
        month = os.path.join(self.folder, f"{at:%Y-%m}")
        path = os.path.join(month, f"{record_id}.{blob_id(data)}.yaml")
        if os.path.exists(path):
            return
        os.makedirs(month, exist_ok=True)
        atomic.write(path, data, durable=durable)

    def versions(self) -> Iterator[Version]:
        """Yield every kept version, oldest month first."""
        try:
            months = sorted(os.listdir(self.folder))
        except FileNotFoundError:
            return
        for month in months:
            folder = os.path.join(self.folder, month)
            if not os.path.isdir(folder):
                continue
            with os.scandir(folder) as entries:
                for entry in sorted(entries, key=lambda item: item.name):
                    record_id, _, rest = entry.name.partition(".")
                    if is_id(record_id) and rest.endswith(".yaml"):
                        blob = rest.removesuffix(".yaml")
                        yield Version(record_id, blob, entry.path, entry.stat().st_mtime)
