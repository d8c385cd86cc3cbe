"""The record kinds and their fields, in the order in which they are written.

The structs are the single source: the YAML files, the JSON Schemas and the
validation all come from them. They stay mutable because the public API hands
them out to be edited and stored again (``error.resolved = True``); everything
inside the package treats them as values and uses ``msgspec.structs.replace``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta, Struct, field

from kagura_git.model.ids import Kind

Json = None | bool | int | float | str | list[Any] | dict[str, Any]
Time = Annotated[datetime, Meta(tz=True, description="UTC, ISO 8601")]
Text = Annotated[str, Meta(min_length=1)]
Conflicts = Annotated[
    dict[str, list[Any]],
    Meta(description="By field: what a merge could not choose between. Removing one settles it."),
]
Signature = Annotated[
    str,
    Meta(
        description="Armored SSH, OpenPGP or X.509 signature of the acceptance, made with git's "
        "own setup: over the text, the files it governs, the verdict, the reviewer, the moment "
        "and the note."
    ),
]
# Python's $ also matches before a newline at the end, hence (?!\n).
DecisionId = Annotated[str, Meta(pattern=r"^D-[0-9a-hjkmnp-tv-z]{8}(?!\n)$")]
ErrorId = Annotated[str, Meta(pattern=r"^E-[0-9a-hjkmnp-tv-z]{8}(?!\n)$")]
SessionId = Annotated[str, Meta(pattern=r"^S-[0-9a-hjkmnp-tv-z]{8}(?!\n)$")]
PatternId = Annotated[str, Meta(pattern=r"^P-[0-9a-hjkmnp-tv-z]{8}(?!\n)$")]
ChangeId = Annotated[str, Meta(pattern=r"^C-[0-9a-hjkmnp-tv-z]{8}(?!\n)$")]
Status = Literal["proposed", "accepted", "rejected", "superseded"]
Severity = Literal["info", "low", "medium", "high"]
Action = Literal["create", "edit", "delete", "rename", "refactor", "test"]

STATUSES: Final[tuple[Status, ...]] = ("proposed", "accepted", "rejected", "superseded")
ACTIONS: Final[tuple[Action, ...]] = ("create", "edit", "delete", "rename", "refactor", "test")
ACTION_ALIASES: Final[dict[str, Action]] = {
    "add": "create",
    "new": "create",
    "modify": "edit",
    "update": "edit",
    "remove": "delete",
    "move": "rename",
}


class Occurrence(Struct, kw_only=True, omit_defaults=True):
    """One time an error was seen."""

    at: Time
    session: SessionId | None = None
    # The fields of newer versions, here too.
    extra: dict[str, Any] = field(default_factory=dict)


class _Common(Struct, kw_only=True, omit_defaults=True):
    """What every record carries; ``extra`` keeps the fields of newer versions."""

    extra: dict[str, Any] = field(default_factory=dict)


class _Stored(_Common, kw_only=True, omit_defaults=True):
    """What every record file carries besides.

    ``conflicts`` holds, by field, the values that a merge could not choose
    between; the field shows one of them. Removing an entry settles it.
    """

    conflicts: Conflicts = field(default_factory=dict)


class Decision(_Stored, kw_only=True, omit_defaults=True):
    """A design decision with its rationale."""

    kind: ClassVar[Kind] = "decision"

    id: DecisionId
    decision: Text
    status: Status = "proposed"
    rationale: Text
    alternatives: list[str] = field(default_factory=list)
    impact: str | None = None
    tags: list[str] = field(default_factory=list)
    related_files: list[str] = field(default_factory=list)
    confidence: Annotated[float, Meta(ge=0, le=1)] = 0.8
    supersedes: list[DecisionId] = field(default_factory=list)
    superseded_by: DecisionId | None = None
    reviewed_by: str | None = None
    reviewed_at: Time | None = None
    review_note: str | None = None
    # Over what was accepted: see model/acceptance.py.
    signature: Signature | None = None
    # Of one read from a file: which, its blob, its own word for the status, and by field a
    # digest of what was written, so that what a person edits since is told apart.
    imported_from: str | None = None
    imported_blob: str | None = None
    imported_status: str | None = None
    imported_fields: dict[str, str] = field(default_factory=dict)
    session: SessionId | None = None
    project_id: str | None = None
    author: str
    created_at: Time

    @property
    def title(self) -> str:
        """The first line of the decision."""
        return first_line(self.decision)


class Error(_Stored, kw_only=True, omit_defaults=True):
    """A problem met while working, and its solution once there is one."""

    kind: ClassVar[Kind] = "error"

    id: ErrorId
    error_type: Text
    message: str
    file_path: str | None = None
    line_number: Annotated[int, Meta(ge=0)] | None = None
    resolved: bool = False
    solution: str | None = None
    resolved_at: Time | None = None
    resolved_commit: str | None = None
    stack_trace: str = ""
    screenshot: str | None = None
    # Read from the screenshot: the code that can be seen in it, and what may be the cause.
    visible_code: str | None = None
    suggested_cause: str | None = None
    tags: list[str] = field(default_factory=list)
    occurrences: Annotated[int, Meta(ge=1)] = 1
    last_seen: Time | None = None
    seen: list[Occurrence] = field(default_factory=list)
    fingerprint: str | None = None
    session: SessionId | None = None
    project_id: str | None = None
    author: str
    created_at: Time

    @property
    def title(self) -> str:
        """The type and the first line of the message."""
        head = first_line(self.message)
        return f"{self.error_type}: {head}" if head else self.error_type


class Session(_Stored, kw_only=True, omit_defaults=True):
    """A stretch of work; what belongs to it is joined, never copied here."""

    kind: ClassVar[Kind] = "session"

    id: SessionId
    description: Text
    tags: list[str] = field(default_factory=list)
    started_at: Time
    ended_at: Time | None = None
    success: bool | None = None
    summary: str | None = None
    # Of a summary that a language model wrote: which one, by which prompt, for how many dollars.
    summary_model: str | None = None
    summary_prompt: str | None = None
    summary_cost: Annotated[float, Meta(ge=0)] | None = None
    project_id: str | None = None
    author: str
    created_at: Time

    @property
    def title(self) -> str:
        """The first line of the description."""
        return first_line(self.description)


class LearnedPattern(_Stored, kw_only=True, omit_defaults=True):
    """A habit of the project, as it was last measured or as a model saw it.

    ``frequency`` of ``total`` places show it; ``confidence`` is how sure that makes it.
    """

    kind: ClassVar[Kind] = "pattern"

    id: PatternId
    pattern_type: Text
    name: Text
    description: Text
    frequency: Annotated[int, Meta(ge=0)] = 0
    total: Annotated[int, Meta(ge=0)] = 0
    confidence: Annotated[float, Meta(ge=0, le=1)] = 0.8
    severity: Severity = "info"
    examples: list[str] = field(default_factory=list)
    recommendation: str | None = None
    # "measured", or the model that saw it.
    source: Text = "measured"
    tags: list[str] = field(default_factory=list)
    learned_at: Time
    session: SessionId | None = None
    project_id: str | None = None
    author: str
    created_at: Time

    @property
    def title(self) -> str:
        """The type and the name."""
        return f"{self.pattern_type}: {first_line(self.name)}"


class Change(_Common, kw_only=True, omit_defaults=True):
    """Why one file was changed: working memory before the commit, a note after it."""

    kind: ClassVar[Kind] = "change"

    id: ChangeId
    path: Text
    action: Action
    reason: str
    old_path: str | None = None
    related_files: list[str] = field(default_factory=list)
    line_range: Annotated[list[int], Meta(min_length=2, max_length=2)] | None = None
    diff: str = ""
    session: SessionId | None = None
    project_id: str | None = None
    author: str
    created_at: Time

    @property
    def title(self) -> str:
        """The action, the path and the first line of the reason."""
        return f"{self.action} {self.path}: {first_line(self.reason)}"


Record = Decision | Error | Session | LearnedPattern
AnyRecord = Record | Change

RECORD_TYPES: Final[dict[Kind, type[Record]]] = {
    "decision": Decision,
    "error": Error,
    "session": Session,
    "pattern": LearnedPattern,
}
SCHEMA_VERSION: Final = 1


def schema_name(kind: Kind) -> str:
    """Return the value of a record's ``schema`` field, such as ``kagura/decision/1``."""
    return f"kagura/{kind}/{SCHEMA_VERSION}"


def first_line(text: str) -> str:
    """Return the first line of a text that is not blank, stripped."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def governs(related: str, path: str) -> bool:
    """Tell whether a related file is the path itself or a folder above it."""
    folder = related.rstrip("/")
    return path == folder or path.startswith(f"{folder}/")


def text_fields(record: AnyRecord) -> dict[str, str | list[str]]:
    """Return the fields that hold free text, as a person or an assistant wrote it."""
    names: tuple[str, ...]
    match record:
        case Decision():
            names = ("decision", "rationale", "alternatives", "impact", "tags", "review_note")
        case Error():
            names = (
                "error_type", "message", "stack_trace", "solution", "visible_code",
                "suggested_cause", "tags", "file_path",
            )  # fmt: skip
        case Session():
            names = ("description", "summary", "tags")
        case LearnedPattern():
            names = ("pattern_type", "name", "description", "examples", "recommendation", "tags")
        case Change():
            names = ("reason", "diff")
    return {name: value for name in names if (value := getattr(record, name))}
