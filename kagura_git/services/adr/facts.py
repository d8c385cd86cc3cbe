"""What a document says of a decision beside its text: status, date, links, people."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from kagura_git.model.records import Status
from kagura_git.services.adr import dates, references, roles, statuses
from kagura_git.services.adr.document import Document
from kagura_git.services.adr.markdown import plain
from kagura_git.services.adr.references import Named


def status(found: Document) -> tuple[Status | None, str, str]:
    """Return the status, the file's word for it, and the whole text that tells it."""
    texts = [found.value("status")]
    texts += [section.whole for section in roles.of(found, "status")]
    word = ""
    means: Status | None = None
    for text in texts:
        read_, said = statuses.read(text)
        word = word or said
        if read_ and (means is None or statuses.later(read_, means)):
            means, word = read_, said
    if found.said.get("superseded by") and means in (None, "accepted", "proposed"):
        means, word = "superseded", word or "superseded"
    return means, word, "\n\n".join(text for text in texts if text)


def day(
    found: Document, status_text: str, path: str, near: datetime | None
) -> tuple[datetime | None, str]:
    """Return the day a document names, and where it does."""
    told = [("the date it names", found.value("date"))]
    told += [("the date it names", section.own) for section in roles.of(found, "date")]
    told.append(("its status", status_text))
    for source, text in told:
        first = next(dates.found(text, near), None)
        if first:
            return first, source
    for section in roles.of(found, "changes"):
        days = list(dates.found(section.whole, near))
        if days:
            return min(days), "its list of changes"
    first = next(dates.found(found.value("updated"), near), None)
    if first:
        return first, "the date of its last change"
    name = re.match(
        r"(?:adr[-_]?)?((?:19|20)\d\d-?\d\d-?\d\d)[-_.]", posixpath.basename(path), re.IGNORECASE
    )
    if name is None:  # one folder a decision
        name = re.match(
            r"((?:19|20)\d\d-?\d\d-?\d\d)[-_.]", posixpath.basename(posixpath.dirname(path))
        )
    when = next(dates.found(name[1]), None) if name else None
    return when, "its name" if when else ""


def links(found: Document, status_text: str) -> Named:
    """Return the decisions that a document names as its elders and successors."""
    fields = references.in_field(found.value("supersedes"), found.value("superseded by"))
    linked = [section.whole for section in roles.of(found, "links")]
    told = [
        references.in_text(text)
        for text in (status_text, found.value("links"), found.intro, *linked)
    ]
    return references.together(fields, *told, references.anywhere(found.plain))


def people(found: Document, name: str) -> tuple[str, ...]:
    """Return the names under a heading or in a field, separated by commas there."""
    said = list(found.said.get(name, ()))
    if not said:
        for section in roles.of(found, name):
            said += [line.strip(" -*+") for line in section.own.split("\n") if line.strip()]
    return tuple(dict.fromkeys(_split(said)))


def _split(said: Sequence[str]) -> Iterator[str]:
    for text in said:
        if re.search(
            r"(?i)list everyone|\[.{0,60}names?.{0,60}\]|\{.{3,200}\}|comma separated", text
        ):
            continue  # left as the template has it
        for part in re.split(
            r"\s*[,;]\s*", plain(re.sub(r"[{}\[\]\"]", "", text) if "](" not in text else text)
        ):
            name = part.strip(" -*").removeprefix("@")
            name = name if re.search(r"\b\w\.$", name) else name.rstrip(" .")
            if name and not re.fullmatch(r"(?i)n/?a|tbd|none|null|-+|", name):
                yield name[:200]
