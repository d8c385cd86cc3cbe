"""What a project is, in two to four sentences of facts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from kagura_git.model.records import Error, Record, Session
from kagura_git.services.manifests import languages
from kagura_git.services.wording import short
from kagura_git.workspace import Workspace

_MOST_COMMITS: Final = 20_000
_README_BYTES: Final = 8_000
_LONGEST: Final = 480
# Every repetition is bounded: a README is hostile text too.
_IMAGE: Final = re.compile(r"!\[[^\]\[]{0,300}\]\([^)(]{0,500}\)")
_MARKUP: Final = re.compile(r"<[^<>]{1,500}>")
_LINK: Final = re.compile(r"\[([^\]\[]{0,300})\](?:\([^)(]{0,500}\)|\[[^\]\[]{0,100}\])")
_EMPHASIS: Final = re.compile(r"(?<![\w*])\*{1,3}(?=\S)|(?<=\S)\*{1,3}(?![\w*])|`")
_NO_PROSE: Final = ("#", "|", "- ", "* ", "+ ", ".. ", ":", "===", "---", "~~~", "[!")


def summary(
    ws: Workspace,
    records: Sequence[Record],
    paths: Sequence[str],
    read: Callable[[str], bytes | None],
    *,
    unreadable: int = 0,
    size: int = _LONGEST,
) -> str:
    """Return what the project is, how large and old, what it remembers and what goes on.

    Args:
        paths: the tracked files.
        read: returns a file's bytes, or None.
        unreadable: how many records could not be read.
        size: how long the README's part may be.
    """
    readme = next((p for p in paths if re.fullmatch(r"readme(\.\w+)?", p, re.IGNORECASE)), None)
    about = short(first_paragraph(read(readme) if readme else None), min(size, _LONGEST))
    said = (about, _facts(ws, paths), _memory(records, unreadable), _active(ws, records))
    return " ".join(sentence for sentence in said if sentence)


def _facts(ws: Workspace, paths: Sequence[str]) -> str:
    found = languages(paths)[:3]
    told = ", ".join(f"{name} {round(100 * count / total)} %" for name, count, total in found)
    history = _history(ws)
    return "; ".join(part for part in (told, history) if part) + "." if told or history else ""


def _history(ws: Workspace) -> str:
    """Return how many commits by how many people on which branch since when; one bounded walk."""
    if ws.repo.head() is None:
        return ""
    lines = ws.repo.git.text(
        "log", f"--max-count={_MOST_COMMITS}", "--no-show-signature", "--format=%at %aE"
    ).split("\n")
    moments, people = [], set()
    for line in lines:
        moment, _, email = line.partition(" ")
        people.add(email.lower())
        moments.append(int(moment) if moment.isdigit() else 0)
    branch = ws.repo.git.run("symbolic-ref", "--short", "-q", "HEAD", ok=(0, 1)).stdout
    on = short(branch.decode("utf-8", "replace"), 80) or "a detached HEAD"
    count = f"{len(lines)} commit{'s' if len(lines) > 1 else ''}"
    by = f"{len(people)} {'people' if len(people) > 1 else 'person'}"
    if len(lines) == _MOST_COMMITS:
        return f"over {count} on {on}, these by {by}"
    return f"{count} on {on} by {by} since {_day(min(moments))}"


def _day(moment: int) -> str:
    try:
        return datetime.fromtimestamp(moment, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return "an unknown day"


def _memory(records: Sequence[Record], unreadable: int) -> str:
    kinds = [record.kind for record in records]
    waiting = sum(isinstance(record, Error) and not record.resolved for record in records)
    more = f" {unreadable} more cannot be read: `git kagura doctor`." if unreadable else ""
    return (
        f"Memory: {kinds.count('decision')} decisions, {kinds.count('error')} errors "
        f"({waiting} open), {kinds.count('session')} sessions.{more}"
    )


def _active(ws: Workspace, records: Sequence[Record]) -> str:
    active = ws.working.active_session()
    if not active:
        return ""
    session = next((r for r in records if isinstance(r, Session) and r.id == active), None)
    return f"Active session {active}{': ' + short(session.title, 120) if session else ''}."


def first_paragraph(data: bytes | None) -> str:
    """Return the first prose of a README: no title, badge, list, table or code."""
    if data is None:
        return ""
    text = data[:_README_BYTES].decode("utf-8-sig", "replace")
    for block in re.split(r"\n[ \t\r]*\n", _without_code(text)):
        words = _MARKUP.sub("", _LINK.sub(r"\1", _IMAGE.sub("", block)))
        lines = (line.strip().lstrip("> ") for line in words.splitlines())
        prose = " ".join(line for line in lines if line and not line.startswith(_NO_PROSE))
        plain = _EMPHASIS.sub("", prose).strip()
        if len(plain) > 20 or (len(plain) > 8 and not plain.isascii()):
            return plain
    return ""


def _without_code(text: str) -> str:
    kept: list[str] = []
    fence = ""
    for part in text.split("<!--"):
        kept.append(part.partition("-->")[2] if "-->" in part and kept else part)
    lines: list[str] = []
    for line in "".join(kept).split("\n"):
        mark = line.lstrip()[:3]
        if mark in ("```", "~~~") and fence in ("", mark):
            fence = "" if fence else mark
            lines.append("")
        elif not fence and len(line) <= 2000:
            lines.append(line)
    return "\n".join(lines)
