"""What there is to set, and what a repository may do with each of it.

A repository is untrusted: its file travels with every clone and every branch.
Each key says whether it may set a convention of the project, only lower what
its user allows, or nothing at all. Standard library only: the hooks read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, NamedTuple


class Repository(Enum):
    """What a repository's file may do with a key."""

    SETS = "a convention of the project"
    LOWERS = "a repository may only lower it"
    RAISES = "a repository may only turn it on"  # a restriction: on is the careful side
    NEVER = "only your own settings may say it"


class Key(NamedTuple):
    """One setting: its field in :class:`Settings` (empty: none yet), its type, its rule.

    Attributes:
        words: what it may say beside values of its type.
    """

    field: str
    type: type
    repository: Repository
    smallest: int = 0
    largest: int = 0
    words: tuple[str, ...] = ()


Name = tuple[str, str]
KEYS: Final[Mapping[Name, Key]] = {
    ("store", "stage"): Key("stage", bool, Repository.SETS, words=("commit",)),
    ("store", "project_id"): Key("project_id", str, Repository.SETS),
    ("hooks", "enabled"): Key("hooks_enabled", bool, Repository.LOWERS),
    ("hooks", "trailers"): Key("trailers", bool, Repository.SETS),
    # It sends notes only to where their user is pushing at that moment.
    ("notes", "push"): Key("push_notes", bool, Repository.SETS),
    ("notes", "push_seconds"): Key("push_seconds", int, Repository.SETS, 1, 600),
    ("search", "model"): Key("model", str, Repository.SETS),
    # It costs every search a second look: whose time it is decides.
    ("search", "reranker"): Key("reranker", str, Repository.NEVER),
    ("search", "offline"): Key("offline", bool, Repository.RAISES),
    # Whose key it is decides.
    ("review", "sign"): Key("sign_reviews", bool, Repository.NEVER),
    ("review", "require_signatures"): Key("require_signatures", bool, Repository.RAISES),
    ("coding_memory", "enabled"): Key("enabled", bool, Repository.LOWERS),
    ("coding_memory", "max_session_duration_hours"): Key(
        "max_session_hours", int, Repository.SETS, 1, 10**9
    ),
    ("coding_memory", "auto_summarize_on_end"): Key("summarize_on_end", bool, Repository.LOWERS),
    ("coding_memory", "enable_pattern_learning"): Key("learn_patterns", bool, Repository.LOWERS),
    # Whose money, and where to: no repository ever decides it, but it may be stricter.
    ("coding_memory.defaults", "model"): Key("llm_model", str, Repository.NEVER),
    ("coding_memory.defaults", "vision_model"): Key("vision_model", str, Repository.NEVER),
    ("coding_memory.defaults", "auto_approve"): Key("auto_approve", bool, Repository.LOWERS),
    ("coding_memory.defaults", "cost_threshold"): Key(
        "cost_threshold", float, Repository.LOWERS, 0, 10**6
    ),
    ("coding_memory.costs", "max_monthly_budget_usd"): Key(
        "monthly_budget", float, Repository.LOWERS, 0, 10**9
    ),
    ("coding_memory.costs", "warn_at_percentage"): Key("warn_at", float, Repository.LOWERS, 0, 100),
    ("llm", "api_base"): Key("api_base", str, Repository.NEVER),
    ("llm", "timeout_seconds"): Key("llm_seconds", int, Repository.NEVER, 1, 3_600),
    **{
        (table, name): Key("", object, Repository.NEVER)
        for table in ("coding_memory", "coding_memory.costs", "llm")
        for name in ("auto_approve", "model", "vision_model", "api_key")
    },
}
# What the environment says stands above every file: it is the user's own.
ENVIRONMENT: Final[Mapping[str, Name]] = {
    "KAGURA_SEARCH_MODEL": ("search", "model"),
    "KAGURA_SEARCH_RERANKER": ("search", "reranker"),
    "CODING_MEMORY_MODEL": ("coding_memory.defaults", "model"),
    "CODING_MEMORY_VISION_MODEL": ("coding_memory.defaults", "vision_model"),
    "CODING_MEMORY_AUTO_APPROVE": ("coding_memory.defaults", "auto_approve"),
    "CODING_MEMORY_COST_THRESHOLD": ("coding_memory.defaults", "cost_threshold"),
}
YES: Final = frozenset({"1", "true", "yes", "on"})
_NO: Final = frozenset({"0", "false", "no", "off"})
OWNERS: Final = {("search", "model"), ("notes", "push"), ("notes", "push_seconds")}


def read_text(text: str, kind: type) -> Any:
    """Return what a variable of the environment says, or the text if it is not of that type."""
    if kind is bool:
        low = text.lower()
        return True if low in YES else False if low in _NO else text
    if kind is float:
        try:
            return float(text)
        except ValueError:
            return text
    return text


def wrong(key: Key, value: Any) -> str:
    """Return what a value should have been; empty if it is fit."""
    if isinstance(value, str) and value in key.words:
        return ""
    whole = key.type is float and type(value) is int  # not converted: it may have 400 digits
    if key.type is not object and type(value) is not key.type and not whole:
        said = {bool: "true or false", str: "text in quotes", int: "a whole number"}
        kind = said.get(key.type, "a number")
        words = "".join(f' or "{word}"' for word in key.words)
        return kind.replace(" or ", ", ") + words if words else kind
    # A NaN is in no range, and would pass every comparison with a price.
    if key.largest and not key.smallest <= value <= key.largest:
        return f"a number from {key.smallest} to {key.largest:,}"
    if key.type is str and not (value.isprintable() and 0 < len(value.strip()) <= 200):
        return "one line of text"
    return ""
