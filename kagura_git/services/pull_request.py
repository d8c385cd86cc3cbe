"""What a pull request says for itself: its sessions, decisions, errors and reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from kagura_git.errors import InvalidRecord, UsageError
from kagura_git.git import versions
from kagura_git.git.log import Commit, commits
from kagura_git.git.patch_text import patch_texts
from kagura_git.git.run import Git
from kagura_git.git.trailers import format_trailers
from kagura_git.llm.operation import Operation, Outcome, Purse, Sent, run
from kagura_git.model.printable import in_brief, one_line
from kagura_git.model.records import Session, first_line
from kagura_git.services.review import review
from kagura_git.services.review.report import Report
from kagura_git.store import codec
from kagura_git.store.strict_yaml import MAX_BYTES

_LONG: Final = 1_000
_MOST: Final = 60
_DIFFS: Final = 12_000
_TITLE: Final = 100


class Polished(msgspec.Struct, frozen=True):
    """What a model makes of it."""

    title: str
    summary: list[str]
    look_at: list[str]


PULL_REQUEST: Final = Operation(
    name="pull_request",
    purpose="Write the description of a pull request",
    answer=Polished,
    typical_out=350,
    most_out=2_000,
    kept=True,
)


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What is known of a range of commits.

    Attributes:
        title: of its one session, else of its first commit.
        trailers: the lines that link one commit to all that these are linked to: a server
            that squashes them into one takes their own messages away.
    """

    title: str
    sessions: tuple[Session, ...]
    commits: tuple[Commit, ...]
    report: Report
    trailers: tuple[str, ...]


def describe(git: Git, base: str, head: str) -> PullRequest:
    """Return what the commits that ``head`` brings to ``base`` are about.

    Raises:
        NotFound: one of the two is no commit here.
    """
    report = review(git, base, head)
    start = report.merge_base or report.base
    made = list(reversed(commits(git, [f"{start}..{report.head}"])))
    names = dict.fromkeys(name for commit in made for name in commit.ids("session"))
    decided = dict.fromkeys(name for commit in made for name in commit.ids("decision"))
    sessions = tuple(_sessions(git, report.head, names))
    return PullRequest(
        title=_title(sessions, made),
        sessions=sessions,
        commits=tuple(made),
        report=report,
        trailers=(
            *(line for name in names for line in format_trailers(name, ())),
            *format_trailers(None, decided),
        ),
    )


def _sessions(git: Git, head: str, names: Iterable[str]) -> Iterator[Session]:
    tree = versions.tree(git, head)
    wanted = [tree[name] for name in names if name in tree and tree[name].is_file]
    data = versions.blobs(git, {version.blob for version in wanted}, MAX_BYTES + 1)
    for version in wanted:
        try:
            record = codec.loads(data[version.blob], version.path)
        except (InvalidRecord, KeyError):
            continue
        if isinstance(record, Session):
            yield record


def _title(sessions: Sequence[Session], made: Sequence[Commit]) -> str:
    if len(sessions) == 1:
        return one_line(sessions[0].title, _TITLE)
    return one_line(made[0].subject, _TITLE) if made else "Nothing to merge"


def sent(git: Git, range_: str) -> Sent:
    """Return what would be sent for a range, ``BASE...HEAD``.

    Raises:
        UsageError: it is no range.
        NotFound: one of the two is no commit here.
    """
    base, _, head = range_.partition("...")
    if not base or not head:
        raise UsageError(
            f"no range of commits: {one_line(range_, 80)!r}",
            hint="Such as --for main...HEAD.",
            where="target",
        )
    return Sent(PULL_REQUEST, blocks(git, describe(git, base, head)))


def ask(git: Git, purse: Purse, found: PullRequest) -> Outcome[Polished]:
    """Return what the user's model makes of it, or why it was not asked."""
    return run(PULL_REQUEST, purse, blocks(git, found))


def blocks(git: Git, found: PullRequest) -> dict[str, str]:
    """Return what a model is given: sessions, commits, reasons, decisions, errors, diffs."""
    report = found.report
    diffs = patch_texts(git, (commit.sha for commit in found.commits), _DIFFS)
    return {
        "sessions": "\n".join(
            f"{s.id} {_short(s.description)}: {_short(s.summary or '(no summary)')}"
            for s in found.sessions
        ),
        "commits": "\n".join(f"{c.sha[:12]} {_short(c.subject)}" for c in found.commits[:_MOST]),
        "reasons": "\n".join(
            f"{r.action} {r.path}: {_short(r.reason)}" for r in report.reasons.told[:_MOST]
        ),
        "decisions": "\n".join(
            f"{d.id} {d.change} ({d.status}) {_short(d.title)}: {_short(d.rationale)}"
            for d in report.decisions[:_MOST]
        ),
        "errors": "\n".join(
            f"{e.id} {e.change} {_short(e.title)}"
            + (f": {_short(e.solution)}" if e.solution else "")
            for e in report.errors[:_MOST]
        ),
        "governing": "\n".join(
            f"{g.id} {_short(g.title)}: {', '.join(f.path for f in g.files[:10])}"
            for g in report.governing[:_MOST]
        ),
        "diffs": "\n".join(f"commit {sha[:12]}\n{text}" for sha, text in diffs),
    }


def checked(answer: Polished) -> Polished:
    """Return a model's words in the form that a description has room for."""
    return Polished(
        title=one_line(" ".join(answer.title.split()), _TITLE),
        summary=[in_brief(item, _LONG) for item in answer.summary[:8] if item.strip()],
        look_at=[in_brief(item, _LONG) for item in answer.look_at[:8] if item.strip()],
    )


def offline(found: PullRequest) -> Polished:
    """Return the same from the records alone."""
    if found.sessions:
        said = [_about(session) for session in found.sessions]
    else:
        said = [in_brief(commit.subject, _LONG) for commit in found.commits[:8]]
    return Polished(found.title, said, [])


def _about(session: Session) -> str:
    told = in_brief(session.description, _LONG)
    summary = first_line(session.summary or "")
    # A summary that was made of records begins with the description itself.
    return f"{told} {in_brief(summary, _LONG)}" if summary and told not in summary else told


def to_dict(found: PullRequest, said: Polished, body: str, outcome: Outcome[Any]) -> dict[str, Any]:
    """Return a description as JSON-ready values."""
    out: dict[str, Any] = {
        "title": said.title,
        "body": body,
        "trailers": list(found.trailers),
        "sessions": [session.id for session in found.sessions],
        "decisions": [change.id for change in found.report.decisions],
        "errors": [change.id for change in found.report.errors],
        "commits": len(found.commits),
        "source": "model" if outcome.answer is not None else "records",
    }
    return out | ({} if outcome.status == "no_model" else {"llm": outcome.to_dict()})


def _short(text: str) -> str:
    return one_line(text, _LONG)
