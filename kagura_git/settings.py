"""Settings: the repository's ``kagura.toml``, the user's own file, the environment.

A repository is untrusted, so its file never decides about money: approval and
spending come from the user's file and from ``CODING_MEMORY_*`` alone; the
repository may only lower a limit. Standard library only: the hooks read it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kagura_git.errors import KaguraError

FILE: Final = "kagura.toml"
DEFAULT_MODEL: Final = "all-MiniLM-L6-v2"


@dataclass(frozen=True, slots=True)
class Settings:
    """What is in force; see ``kagura.toml`` as ``git kagura init`` writes it for each meaning."""

    stage: bool = True
    hooks_enabled: bool = True
    trailers: bool = True
    model: str = DEFAULT_MODEL
    offline: bool = False
    project_id: str | None = None
    enabled: bool = True
    max_session_hours: int = 24


_KNOWN: Final[dict[tuple[str, str], tuple[str, type]]] = {
    ("store", "stage"): ("stage", bool),
    ("store", "project_id"): ("project_id", str),
    ("hooks", "enabled"): ("hooks_enabled", bool),
    ("hooks", "trailers"): ("trailers", bool),
    ("search", "model"): ("model", str),
    ("search", "offline"): ("offline", bool),
    ("coding_memory", "enabled"): ("enabled", bool),
    ("coding_memory", "max_session_duration_hours"): ("max_session_hours", int),
}
# The rest of the file's documented tables, read by the parts that use them.
_TABLES: Final = {"store", "hooks", "search", "notes", "coding_memory"}


def load(top: str, environ: Mapping[str, str]) -> Settings:
    """Return the settings for the repository whose work tree starts at ``top``.

    Raises:
        KaguraError: ``kagura.toml`` is not valid TOML, holds a wrong type, or is a
            link to something outside the repository.
    """
    values: dict[str, Any] = {}
    path = os.path.join(top, FILE)
    if os.path.islink(path):
        # The repository is untrusted: its links may point to a device or a private file.
        real, inside = os.path.realpath(path), os.path.realpath(top)
        if os.path.commonpath([real, inside]) != inside:
            raise KaguraError(
                "a symbolic link that leaves the repository",
                hint="Replace it with a file, or remove it to use the defaults.",
                where=FILE,
            )
    for table, content in read(path).items():
        if table not in _TABLES or not isinstance(content, dict):
            continue
        for name, value in content.items():
            known = _KNOWN.get((table, name))
            if known is None:
                continue
            field, type_ = known
            if type(value) is not type_:
                raise KaguraError(
                    f"[{table}] {name} is {value!r}, not {_said(type_)}",
                    hint="Correct the value, or remove the line to use the default.",
                    where=FILE,
                )
            values[field] = value
    if environ.get("KAGURA_SEARCH_MODEL"):
        values["model"] = environ["KAGURA_SEARCH_MODEL"]
    if environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}:
        values["offline"] = True
    return Settings(**values)


def _said(type_: type) -> str:
    return {bool: "true or false", str: "text in quotes", int: "a whole number"}[type_]


def read(path: str) -> dict[str, Any]:
    """Return a TOML file's content; a missing file, or one of comments alone, is empty."""
    try:
        with open(path, "rb") as file:
            data = file.read(256 * 1024)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return {}
    lines = (line.strip() for line in data.splitlines())
    if all(not line or line[:1] == b"#" or (line[:1] + line[-1:]) == b"[]" for line in lines):
        return {}  # as `init` wrote it: a hook need not pay 10 ms for the TOML parser
    import tomllib

    try:
        return tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise KaguraError(
            f"not valid TOML: {error}", hint="Correct that line.", where=FILE
        ) from None
