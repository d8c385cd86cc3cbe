"""A decision as a file in MADR's form, and back again to the letter.

The body says what a reader wants; what MADR has no place for stands in the
front matter under ``kagura``, as JSON on one line. Markdown stays Markdown,
but what would end a section, or is HTML, is written so that it does neither;
where that cannot be undone exactly, the text itself stands in ``exact``, and
holds as long as nobody has edited the file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from kagura_git.errors import InvalidRecord
from kagura_git.model.mapping import from_mapping, to_mapping
from kagura_git.model.printable import printable
from kagura_git.model.records import STATUSES, Decision
from kagura_git.services.adr import markdown

_KEY: Final = "kagura: "
_LINE: Final = re.compile(r"^kagura: (\{.*\})$", re.MULTILINE)
_TEXTS: Final = ("decision", "rationale", "alternatives", "impact")
# What the front matter carries; the rest is in the body, or cannot be carried.
_CARRIED: Final = (
    "id", "confidence", "related_files", "supersedes", "superseded_by", "reviewed_by",
    "reviewed_at", "review_note", "signature", "session", "project_id", "author", "created_at",
    "tags",
)  # fmt: skip
_CONTEXT: Final = "Context and Problem Statement"
_OPTIONS: Final = "Considered Options"
_OUTCOME: Final = "Decision Outcome"
_IMPACT: Final = "Consequences"
_MARKED: Final = re.compile(r"(\s*)\\(\\*[#=`~-])")
_WOULD_MARK: Final = re.compile(r"\s*(?:#|```|~~~|[=-]+\s*$)")
_END: Final = "end of the text"
_TAG: Final = re.compile(r"<(?=[A-Za-z/!?])")


def text_of(decision: Decision) -> str:
    """Return the file of a decision."""
    text = _composed(decision, {})
    found = _parsed(text)
    lost = {
        name: getattr(decision, name)
        for name in _TEXTS
        if found is None or getattr(found, name) != getattr(decision, name)
    }
    return _composed(decision, lost) if lost else text


def _composed(decision: Decision, exact: Mapping[str, Any]) -> str:
    mapping = to_mapping(decision)
    carried: dict[str, Any] = {name: mapping[name] for name in _CARRIED if name in mapping}
    if exact:
        carried["exact"] = dict(exact)
    front = [f"status: {decision.status}", f"date: {decision.created_at:%Y-%m-%d}"]
    who = decision.reviewed_by or decision.author
    front.append(f"decision-makers: {json.dumps(who)}")
    if decision.tags:
        front.append(f"tags: {json.dumps(decision.tags)}")
    body = "\n".join(_body(decision))
    carried["digest"] = _digest("\n".join(front), body)
    return "\n".join(["---", *front, _KEY + json.dumps(carried), "---", "", body])


def _body(decision: Decision) -> list[str]:
    title, _, more = decision.decision.lstrip("\n").partition("\n")
    title = title.strip() or decision.title or "Untitled"
    lines = [f"# {encoded(title)}", ""]
    if more.strip():
        lines += [encoded(more.strip("\n")), ""]
    context, because = _split(decision.rationale)
    if context:
        lines += [f"## {_CONTEXT}", "", encoded(context), ""]
    lines += [f"## {_OPTIONS}", "", *_item(title)]
    for alternative in decision.alternatives:
        lines += _item(alternative)
    lines += ["", f"## {_OUTCOME}", "", f'Chosen option: "{encoded(title)}", because', ""]
    lines += [encoded(because), ""]
    if decision.impact:
        lines += [f"### {_IMPACT}", "", encoded(decision.impact), ""]
    return lines


def _split(rationale: str) -> tuple[str, str]:
    """Return the first paragraph of a rationale, which tells why there is a question, and the rest.

    Of a single paragraph, or one that begins with a list or code, all is the rest.
    """
    first, gap, rest = rationale.partition("\n\n")
    is_text = first[:1].isalnum() and not re.match(r"\d+[.)]\s", first)
    return (first, rest) if gap and rest.strip() and is_text else ("", rationale)


def _item(text: str) -> list[str]:
    first, *rest = encoded(text).split("\n")
    return [f"* {first}", *(f"  {line}" if line else "" for line in rest)]


def encoded(text: str) -> str:
    """Return Markdown that neither begins a section nor holds HTML; :func:`decoded` undoes it."""
    text = printable(text.replace("\r\n", "\n").replace("\r", "\n"))
    marked = _protected(text, fences=False)
    # Code that nobody closed would take in all that follows; a heading that is none any
    # more may be made one by the line below.
    whole = [h.title for h in markdown.headings(f"{marked}\n\n# {_END}")] == [_END]
    return marked if whole else _protected(text, fences=True)


def _protected(text: str, *, fences: bool) -> str:
    lines = text.split("\n")
    code = set() if fences else markdown.code_lines(text)
    html = markdown.html_lines(text)
    # Of an underlined heading it is the line below that makes it one.
    marks = {h.start if _is_atx(lines[h.start]) else h.end - 1 for h in markdown.headings(text)}
    out = []
    for number, line in enumerate(lines):
        fence = fences and _WOULD_MARK.match(line)
        if number in marks or fence or _MARKED.match(line):
            blank = len(line) - len(line.lstrip())
            line = f"{line[:blank]}\\{line[blank:]}"
        tagged = number in html or (number not in code and _TAG.search(line))
        if tagged or _entities_undone(line) != line:
            line = line.replace("&", "&amp;").replace("<", "&lt;")
        out.append(line)
    return "\n".join(out)


def _is_atx(line: str) -> bool:
    return line.lstrip().startswith("#")


def decoded(text: str) -> str:
    """Return a text as it was before :func:`encoded`."""
    return "\n".join(
        _MARKED.sub(r"\1\2", undone, count=1) if _MARKED.match(undone) else undone
        for undone in map(_entities_undone, text.split("\n"))
    )


def _entities_undone(line: str) -> str:
    return line.replace("&lt;", "<").replace("&amp;", "&")


def read_back(text: str) -> Decision | None:
    """Return the decision that a file was written from, with what was edited in it since.

    None for any other file, and for one that is no longer of that form.
    """
    text = text.replace("\r\n", "\n")
    found = _parsed(text)
    if found is None:
        return None
    exact = _carried(text).get("exact")
    if isinstance(exact, dict) and is_untouched(text):
        found = replace(found, **{name: exact[name] for name in _TEXTS if name in exact})
    try:
        checked = from_mapping(to_mapping(found))
    except InvalidRecord:
        return None
    return checked if isinstance(checked, Decision) else None


def written_for(text: str) -> str | None:
    """Return the id of the decision that a file was written for; None for a file of others."""
    found = _carried(text).get("id")
    return found if isinstance(found, str) else None


def is_untouched(text: str) -> bool:
    """Tell whether a file is as it was written."""
    front, body = _parts(text)
    said = "\n".join(line for line in front.split("\n") if not line.startswith(_KEY))
    return _carried(text).get("digest") == _digest(said, body)


def _digest(front: str, body: str) -> str:
    return hashlib.sha256(f"{front}\0{body}".encode()).hexdigest()[:16]


def _parts(text: str) -> tuple[str, str]:
    if not text.startswith("---\n"):
        return "", text
    front, mark, body = text[4:].partition("\n---\n\n")
    return (front, body) if mark else ("", text)


def _carried(text: str) -> dict[str, Any]:
    match = _LINE.search(_parts(text)[0])
    if match is None:
        return {}
    try:
        found = json.loads(match[1])
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _parsed(text: str) -> Decision | None:
    """Return what the body and the front matter say, without the texts kept exactly."""
    carried = _carried(text)
    front, body = _parts(text)
    lines = body.split("\n")
    headings = markdown.headings(body)
    starts = {(h.level, h.title): number for number, h in enumerate(headings)}
    options = starts.get((2, _OPTIONS))
    outcome = starts.get((2, _OUTCOME))
    impact = starts.get((3, _IMPACT))
    context = starts.get((2, _CONTEXT))
    if not carried or options is None or outcome is None or headings[0].level != 1:
        return None

    def below(number: int) -> str:
        end = headings[number + 1].start if number + 1 < len(headings) else len(lines)
        return "\n".join(lines[headings[number].end : end]).removeprefix("\n").rstrip("\n")

    title = decoded(lines[headings[0].start][2:]) or "Untitled"
    more = decoded(below(0))
    because = re.sub(r'\AChosen option: ".*", because\n\n', "", below(outcome), count=1)
    why = [decoded(below(context)) if context is not None else "", decoded(because)]
    # The first is the chosen one.
    others = [decoded(item) for item in markdown.items(below(options))[1:]]
    status = re.search(r"^status: (\w+)$", front, re.MULTILINE)
    mapping: dict[str, Any] = {
        **{name: carried[name] for name in _CARRIED if name in carried},
        "schema": "kagura/decision/1",
        "decision": f"{title}\n{more}" if more else title,
        "status": status[1] if status and status[1] in STATUSES else "proposed",
        "rationale": "\n\n".join(part for part in why if part) or title,
        "alternatives": others,
        "impact": decoded(below(impact)) if impact is not None else None,
    }
    try:
        found = from_mapping(mapping)
    except InvalidRecord:
        return None
    return found if isinstance(found, Decision) else None
