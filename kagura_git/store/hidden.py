"""Records of the branch that are not in the work tree, because a sparse checkout left them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Hidden(Protocol):
    """Where such records are read from."""

    def paths(self) -> Mapping[str, str]:
        """Return path and blob id of each."""
        ...

    def read(self, path: str) -> bytes:
        """Return the bytes of one; raises ``FileNotFoundError``."""
        ...


class Nothing:
    """No records but those in the work tree."""

    def paths(self) -> Mapping[str, str]:
        """Return none."""
        return {}

    def read(self, path: str) -> bytes:
        """Raise ``FileNotFoundError``."""
        raise FileNotFoundError(path)
