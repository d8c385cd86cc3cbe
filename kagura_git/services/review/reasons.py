"""How much of a change is explained: the reasons of its commits, and its own decisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from kagura_git.git.log import Commit
from kagura_git.model.records import governs
from kagura_git.services.review.report import DecisionChange, Finding, Reason, Reasons, finding
from kagura_git.services.review.trees import Trees

_SHOWN: Final = 5


def reasons(
    trees: Trees, commits: Iterable[Commit], decisions: Iterable[DecisionChange]
) -> Reasons:
    """Return the reasons told for files of the change, and the files without any."""
    names = {file.path: file.path for file in trees.files}
    names |= {file.old_path: file.path for file in trees.files if file.old_path}
    told = [
        Reason(
            path=names[entry["path"]],
            action=str(entry.get("action") or "edit"),
            reason=entry["reason"],
            commit=commit.sha,
        )
        for commit in commits
        for entry in commit.changes()
        if isinstance(entry.get("reason"), str) and entry["path"] in names
    ]
    explained = {reason.path for reason in told}
    decided = [path for d in decisions if d.change != "deleted" for path in d.related_files]
    explained |= {
        path for path in names.values() if any(governs(related, path) for related in decided)
    }
    left = [file.path for file in trees.files if file.path not in explained]
    return Reasons(
        files=len(trees.files),
        explained=len(trees.files) - len(left),
        told=told,
        unexplained=left,
    )


def findings(found: Reasons) -> Iterator[Finding]:
    """Yield one finding for all files without a reason."""
    left: Sequence[str] = found.unexplained
    if left:
        more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        yield finding(
            "unexplained",
            f"{len(left)} of {found.files} files have no recorded reason: "
            f"{', '.join(left[:_SHOWN])}{more}",
            "`git kagura change add PATH --action A --reason R`, before the commit.",
            path=left[0],
        )
