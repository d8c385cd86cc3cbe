"""Changes: why a file was changed, kept until the commit that carries it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from kagura_git.errors import InvalidRecord
from kagura_git.git import edit_content
from kagura_git.model import inputs
from kagura_git.model.mapping import change_from_mapping, to_mapping
from kagura_git.model.records import Change
from kagura_git.workspace import Workspace

# What a waiting reason has beside the fields of a change.
_OWN: Final = ("kind", "at", "head", "content")


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
    if (content := _content(ws, change.path)) is not None:
        fact["content"] = content
    ws.working.add_pending(change.id, fact)
    return RecordedChange(change, tuple(redacted))


def _content(ws: Workspace, path: str) -> dict[str, Any] | None:
    """Return what is kept of the edit that a reason is for, by which its commit is known."""
    edit = edit_content.observed(ws.repo.git, path)
    changed = edit is not None and edit.base != edit.blob
    # Thousands of reasons, as of an import, are not read again for each one more.
    others = ws.working.pending("C-") if changed and ws.working.is_short("C-") else {}
    return edit_content.fact_of(edit, begun=edit_content.has_begun(edit, others, path))


def waiting(ws: Workspace) -> list[Change]:
    """Return the changes that no commit has taken yet, oldest first."""
    found = []
    for fact in ws.working.pending("C-").values():
        if fact.get("kind") == "change":
            mapping = {n: v for n, v in fact.items() if n not in _OWN}
            with contextlib.suppress(InvalidRecord):  # no file of ours, or a torn one
                found.append(change_from_mapping(mapping, where=str(fact.get("id"))))
    return found
