"""What of Markdown matters here: where headings, lists and code stand. Nothing is rendered."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_MARKER: Final = re.compile(r"\s{0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$)")
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_LINK: Final = re.compile(r"!?\[((?:[^\[\]\n]|\[[^\[\]\n]{0,200}\]){0,500})\](?:\([^()\s]{0,2000}"
                          r"(?:\([^()\s]{0,200}\)[^()\s]{0,500})?(?:\s[^()\n]{0,300})?\)"
                          r"|\[[^\]\n]{0,200}\])")  # fmt: skip
_RST_LINK: Final = re.compile(r"`([^`<\n]{1,300}?)\s*<[^>`\n]{1,1000}>`__?")
_EMPHASIS: Final = re.compile(r"(?<![\w*\\])(\*{1,3}|_{1,3})(?=\S)(.{1,500}?)(?<=\S)\1(?![\w*])")


class Heading(NamedTuple):
    """A heading: its level, its text, its first line and the line after it."""

    level: int
    title: str
    start: int
    end: int


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # 30 ms that no other command need spend

    parser = MarkdownIt("commonmark", {"maxNesting": 20})
    # Blocks alone: what stands inside a line is none of ours, and costs the most.
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def _tokens(text: str) -> list[Token]:
    return _parser().parse(text)


def headings(text: str) -> list[Heading]:
    """Return the headings of a document, but for those inside lists and quotes."""
    tokens = _tokens(text)
    return [
        Heading(int(token.tag[1:]), tokens[i + 1].content.strip(), *token.map)
        for i, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]


def code_lines(text: str) -> set[int]:
    """Return the numbers of the lines that are code."""
    return {
        line
        for token in _tokens(text)
        if token.type in ("fence", "code_block") and token.map
        for line in range(*token.map)
    }


def html_lines(text: str) -> set[int]:
    """Return the numbers of the lines that are blocks of HTML."""
    return {
        line
        for token in _tokens(text)
        if token.type == "html_block" and token.map
        for line in range(*token.map)
    }


def items(text: str) -> list[str]:
    """Return the items of a text's outermost lists, each without its marker and indentation."""
    lines = text.split("\n")
    found = []
    for token in _tokens(text):
        if token.type == "list_item_open" and token.level == 1 and token.map:
            found.append(_item(lines[token.map[0] : token.map[1]]))
    return found


def _item(lines: list[str]) -> str:
    marker = _MARKER.match(lines[0])
    width = marker.end() if marker else 0
    rest = (line[width:] if not line[:width].strip() else line.lstrip() for line in lines[1:])
    return "\n".join([lines[0][width:], *rest]).strip("\n")


def without_comments(text: str) -> str:
    """Return a text without HTML comments; code keeps its own."""
    if "<!--" not in text:
        return text
    code = code_lines(text)
    if not code:
        return _COMMENT.sub("", text)
    parts: list[tuple[bool, list[str]]] = []
    for number, line in enumerate(text.split("\n")):
        is_code = number in code
        if not parts or parts[-1][0] != is_code:
            parts.append((is_code, []))
        parts[-1][1].append(line)
    joined = ["\n".join(lines) for _, lines in parts]
    return "\n".join(
        part if is_code else _COMMENT.sub("", part)
        for (is_code, _), part in zip(parts, joined, strict=True)
    )


def plain(text: str) -> str:
    """Return a line without links' addresses, emphasis and outer blanks; code keeps its marks."""
    text = _LINK.sub(r"\1", text[:4000])
    text = _RST_LINK.sub(r"\1", text)
    text = _EMPHASIS.sub(r"\2", text)
    return " ".join(_EMPHASIS.sub(r"\2", text).split())
