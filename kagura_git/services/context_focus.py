"""How close records, files and commits are to what somebody is about to work on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from kagura_git import graph
from kagura_git.git.history import FileTouch
from kagura_git.model.records import Decision, Error, Record, governs, text_fields
from kagura_git.search.tokens import tokens

Related = Callable[[str], Mapping[str, float]]

_MOST_PATHS: Final = 500
_SAID: Final = 0.6
_STRONG: Final = 0.3
# What is meant or said beats what only lies beside it.
_BESIDE: Final = 0.8
_MOST_TEXT: Final = 2000
# From this length on the head of a word will do: "auth" for "authentication".
_HEAD: Final = 4


def nearness(
    focus: str,
    records: Sequence[Record],
    paths: Sequence[str],
    history: Sequence[FileTouch],
    links: Mapping[str, Sequence[str]],
    related: Related | None,
) -> dict[str, float]:
    """Return how close ids, paths and commits are to the focus, from 0 to 1.

    The closest of three counts: by meaning or by words, by path, and in the
    graph of records, files and commits.

    Args:
        focus: a topic or a path.
        paths: the tracked files.
        links: per commit, the record ids linked to it.
        related: returns how close records are by meaning.
    """
    place, named = _named(focus, paths)
    meant = dict(related(focus)) if related else {}
    said = _said(focus, records)
    around = set(named)
    placed = {record.id: 1.0 for record in records if _is_about(record, place, around)}
    direct = {
        key: max(meant.get(key, 0.0), said.get(key, 0.0), placed.get(key, 0.0))
        for key in (*meant, *said, *placed)
    }
    starts = {key: score for key, score in direct.items() if score >= _STRONG}
    starts.update(dict.fromkeys(named, 1.0))
    changed = {touch.sha: touch.paths for touch in history}
    beside = graph.near(graph.build(records, links, changed), starts)
    return {
        key: max(_BESIDE * beside.get(key, 0.0), direct.get(key, 0.0))
        for key in sorted({*beside, *direct})
    }


def _named(focus: str, paths: Sequence[str]) -> tuple[str | None, list[str]]:
    """Return the path that the focus is, if it is one, and the files it names.

    Those are the path itself and what lies below it, else those that hold all its words.
    """
    wanted = focus.strip().removeprefix("./").rstrip("/")
    below = [path for path in paths if governs(wanted, path)] if wanted else []
    if below:
        return wanted, [wanted, *below[:_MOST_PATHS]]
    terms = _terms(focus)
    if not terms:
        return None, []
    found = [path for path in paths if all(term in path.casefold() for term in terms)]
    return None, found[:_MOST_PATHS]


def _is_about(record: Record, place: str | None, named: set[str]) -> bool:
    """Tell whether a record names a file in focus, or a folder above the path in focus."""
    match record:
        case Decision():
            files = record.related_files
        case Error():
            files = [record.file_path] if record.file_path else []
        case _:
            return False
    return any(file.rstrip("/") in named or (place and governs(file, place)) for file in files)


def _said(focus: str, records: Sequence[Record]) -> dict[str, float]:
    """Return records that say the focus' words, by the share of them they say."""
    terms = _terms(focus)
    found: dict[str, float] = {}
    for record in records if terms else ():
        text = _text(record)
        share = sum((f" {t}" if len(t) >= _HEAD else f" {t} ") in text for t in terms) / len(terms)
        if share:
            found[record.id] = _SAID * share
    return found


def _terms(text: str) -> list[str]:
    return list(dict.fromkeys(tokens(text[:_MOST_TEXT])))


def _text(record: Record) -> str:
    parts: list[str] = []
    for value in text_fields(record).values():
        parts += [value] if isinstance(value, str) else value
    return f" {' '.join(_terms(' '.join(parts)))} "
