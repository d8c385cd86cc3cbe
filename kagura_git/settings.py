"""Settings: the user's own file, the repository's ``kagura.toml``, the environment.

A repository is untrusted: its file travels with every clone and every branch.
What each of its keys may do is in one table (:data:`KEYS`): set a convention of
the project, only lower what its user allows, or nothing at all. Approval and
spending come from the user's file and from ``CODING_MEMORY_*`` alone.
Standard library only: the hooks read it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from kagura_git.errors import KaguraError
from kagura_git.setting_keys import (
    ENVIRONMENT,
    KEYS,
    OWNERS,
    YES,
    Key,
    Name,
    Repository,
    read_text,
)
from kagura_git.setting_keys import wrong as wrong_value
from kagura_git.toml_file import read, stay_inside

FILE: Final = "kagura.toml"
DEFAULT_MODEL: Final = "all-MiniLM-L6-v2"
_SHOWN: Final = 5
# A name on the model hub; no folder, no URL, nothing that climbs.
_HUB_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(?:/[A-Za-z0-9][\w.-]{0,95})?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Settings:
    """What is in force; see ``kagura.toml`` as ``git kagura init`` writes it for each meaning.

    Attributes:
        sign_reviews: None leaves it to whether git signs commits.
        stage: whether a record is staged when it is written; or ``commit``: by pre-commit.
        model_named_by: who chose the model; nothing is downloaded on a repository's word.
        ignored: what the repository's file says and may not, a sentence each.
        problem: why a file could not be used; then nothing may be recorded.
    """

    stage: bool | Literal["commit"] = True
    hooks_enabled: bool = True
    trailers: bool = True
    model: str = DEFAULT_MODEL
    reranker: str = ""
    offline: bool = False
    project_id: str | None = None
    sign_reviews: bool | None = None
    require_signatures: bool = False
    enabled: bool = True
    max_session_hours: int = 24
    push_notes: bool = False
    push_seconds: int = 10
    llm_model: str = ""
    vision_model: str = ""
    api_base: str = ""
    llm_seconds: int = 120
    auto_approve: bool = False
    cost_threshold: float = 0.10
    monthly_budget: float = 500.0
    warn_at: float = 80.0
    summarize_on_end: bool = True
    learn_patterns: bool = True
    model_named_by: Literal["default", "repository", "user"] = field(
        default="default", compare=False
    )
    ignored: tuple[str, ...] = field(default=(), compare=False)
    problem: KaguraError | None = field(default=None, compare=False)


def load(top: str, environ: Mapping[str, str]) -> Settings:
    """Return the settings for the repository whose work tree starts at ``top``.

    Raises:
        KaguraError: a settings file is not valid TOML, too large, holds a wrong type, or
            the repository's is a link to something outside it.
    """
    path = os.path.join(top, FILE)
    stay_inside(path, top, FILE)
    return _settings(environ, read(path, FILE))


def load_or_careful(top: str, environ: Mapping[str, str]) -> Settings:
    """Return the settings; where a file cannot be used, without it, and with a ``problem``.

    What was recorded can then still be read, as its reader has set it; to write,
    the owner must be asked: the file may say that nothing is to be recorded.
    """
    try:
        return load(top, environ)
    except KaguraError as problem:
        try:
            plain = _settings(environ, {})
        except KaguraError:  # the user's own
            plain = Settings()
        return replace(plain, offline=True, problem=problem)


def _settings(environ: Mapping[str, str], repository: Mapping[str, Any]) -> Settings:
    own_path = user_file(environ)
    own = _known(read(own_path, own_path), own_path) if own_path else {}
    own |= dict(_said(environ))
    values, ignored = combined(KEYS, own, _known(repository, FILE), _defaults())
    said_by: Literal["default", "repository", "user"] = "default"
    if ("search", "model") in own:
        said_by = "user"
    elif "model" in values:
        said_by = "repository"
    if environ.get("HF_HUB_OFFLINE", "").lower() in YES:
        values["offline"] = True
    passed_over = (*ignored, *_unknown(repository))
    return Settings(**values, model_named_by=said_by, ignored=passed_over)


def _said(environ: Mapping[str, str]) -> Iterator[tuple[Name, Any]]:
    """Yield what the environment sets; raises ``KaguraError`` for a value that is unfit."""
    for variable, name in ENVIRONMENT.items():
        text = environ.get(variable, "").strip()
        if text:
            key = KEYS[name]
            value = read_text(text, key.type)
            wrong = wrong_value(key, value)
            if wrong:
                raise KaguraError(
                    f"{variable} is {text!r:.80}, not {wrong}",
                    hint="Correct the value, or unset the variable to use the default.",
                    where=variable,
                )
            yield name, value


def user_file(environ: Mapping[str, str]) -> str | None:
    """Return the path of the user's own settings, the same tables as ``kagura.toml``."""
    home = environ.get("HOME") or environ.get("USERPROFILE")
    folder = environ.get("XDG_CONFIG_HOME")
    if not folder and home:
        mac = sys.platform == "darwin"
        folder = os.path.join(home, "Library/Application Support" if mac else ".config")
    return os.path.join(folder, "kagura-git", FILE) if folder else None


def combined(
    keys: Mapping[Name, Key],
    own: Mapping[Name, Any],
    repository: Mapping[Name, Any],
    defaults: Mapping[str, Any],
) -> tuple[dict[str, Any], list[str]]:
    """Return values by field, and what the repository says that it may not.

    Args:
        keys: what there is to set, and what a repository may do with each.
        own: what the user's file says.
        repository: what the repository's file says.
        defaults: by field, what holds where nobody says anything.
    """
    values = {keys[name].field: value for name, value in own.items() if keys[name].field}
    ignored = []
    for name, value in repository.items():
        key = keys[name]
        now = values.get(key.field, defaults.get(key.field))
        match key.repository:
            case Repository.SETS:
                refused = _unfit_model(value) if name == ("search", "model") else ""
                # A convention; but what runs on a machine or leaves it is its owner's last word.
                if not refused and not (name in OWNERS and key.field in values):
                    values[key.field] = value
            case Repository.LOWERS:
                refused = key.repository.value if now is None or value > now else ""
                if not refused:
                    values[key.field] = value
            case Repository.RAISES:
                refused = ""
                if value:
                    values[key.field] = value
            case Repository.NEVER:
                refused = key.repository.value
        if refused:
            ignored.append(f"[{name[0]}] {name[1]} is ignored: {refused}")
    return values, ignored


def _defaults() -> dict[str, Any]:
    plain = Settings()
    return {key.field: getattr(plain, key.field) for key in KEYS.values() if key.field}


def _unfit_model(value: str) -> str:
    if _HUB_NAME.match(value) and ".." not in value:
        return ""
    return (
        "a repository may name a model of the hub, no folder and no address "
        "(KAGURA_SEARCH_MODEL or your own settings may)"
    )


def _known(content: Mapping[str, Any], where: str) -> dict[Name, Any]:
    """Return the values of the keys we know; raises ``KaguraError`` for one that is unfit."""
    found: dict[Name, Any] = {}
    for name, value in _flat(content):
        key = KEYS.get(name)
        if key is None:
            continue
        wrong = wrong_value(key, value)
        if wrong:
            shown = f"{value!r}" if len(f"{value!r}") <= 80 else f"{value!r:.80}..."
            raise KaguraError(
                f"[{name[0]}] {name[1]} is {shown}, not {wrong}",
                hint="Correct the value, or remove the line to use the default.",
                where=where,
            )
        found[name] = value
    return found


def _unknown(content: Mapping[str, Any]) -> Iterator[str]:
    """Say which names mean nothing here: misspelt, of another version, or a try."""
    names = [
        f"[{table}] {name}" for (table, name), _ in _flat(content) if (table, name) not in KEYS
    ]
    names += [name for name, inside in content.items() if not isinstance(inside, dict)]
    if names:
        shown = ", ".join(f"{name:.40}" for name in names[:_SHOWN])
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        yield f"{shown}{more}: no setting of this version, so ignored"


def _flat(content: Mapping[str, Any]) -> Iterator[tuple[Name, Any]]:
    for table, inside in content.items():
        for name, value in inside.items() if isinstance(inside, dict) else ():
            if isinstance(value, dict) and (table, name) not in KEYS:
                yield from (((f"{table}.{name}", inner), v) for inner, v in value.items())
            else:
                yield (table, name), value
