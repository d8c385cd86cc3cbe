"""Changes: why a file was changed, kept until the commit that carries it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from kagura_git.errors import InvalidRecord
from kagura_git.model import inputs
from kagura_git.model.mapping import change_from_mapping, to_mapping
from kagura_git.model.records import Change
from kagura_git.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """What :func:`track` kept."""

    change: Change
    redacted: tuple[str, ...]


def track(
    ws: Workspace,
    file_path: str,
    action: str,
    reason: str,
    *,
    diff: str = "",
    related_files: inputs.Texts = None,
    line_range: Sequence[int] | str | None = None,
    old_path: str | None = None,
    session: str | None = None,
    cwd: str | None = None,
) -> RecordedChange:
    """Keep the reason for a change; the next commit of that path takes it into its note.

    Raises:
        UsageError: an unknown action, an empty reason, a broken line range.
        GitError: a path outside the repository.
    """
    ws.require_init()
    related = inputs.paths(related_files, "related_files")
    change = Change(
        id=ws.new_id("change"),
        path=ws.repo.relative(inputs.path(file_path, "file_path"), cwd),
        action=inputs.action(action),
        reason=inputs.required(reason, "reason"),
        old_path=ws.repo.relative(old_path, cwd) if old_path else None,
        related_files=[ws.repo.relative(path, cwd) for path in related],
        line_range=inputs.line_range(line_range),
        diff=inputs.text(diff),
        session=session,
        project_id=ws.project_id,
        author=ws.author,
        created_at=ws.now(),
    )
    change, redacted = inputs.checked(change)
    mapping = to_mapping(change)
    fact = {**mapping, "kind": "change", "at": mapping["created_at"], "head": ws.repo.head()}
    ws.working.add_pending(change.id, fact)
    return RecordedChange(change, tuple(redacted))


def waiting(ws: Workspace) -> list[Change]:
    """Return the changes that no commit has taken yet, oldest first."""
    found = []
    for fact in ws.working.pending("C-").values():
        if fact.get("kind") == "change":
            mapping = {n: v for n, v in fact.items() if n not in ("kind", "at", "head")}
            with contextlib.suppress(InvalidRecord):  # no file of ours, or a torn one
                found.append(change_from_mapping(mapping, where=str(fact.get("id"))))
    return found
