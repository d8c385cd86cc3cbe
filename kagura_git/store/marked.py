"""Files that a text merge has left behind: conflict markers, fields that stand twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from kagura_git.model.text_merge import merge_lines

_START: Final = re.compile(rb"<{7,}(?: |\r?\n|\Z)")
_SIZE: Final = 7
_MOST_VERSIONS: Final = 16
_FIELD: Final = re.compile(rb"([^\s#:\-][^:\n]*?)[ \t]*:(?:[ \t\r\n]|\Z)")

Sides = tuple[bytes | None, bytes, bytes]


def sides(data: bytes) -> Sides | None:
    """Return base, ours and theirs from a file with conflict markers, whatever their style.

    The base is None where a conflict does not hold it (``merge.conflictStyle``
    ``merge``). Returns None for a file without conflicts, and for one whose
    markers are nested or do not pair up.
    """
    lines = _lines(data)
    size = next((len(line) - len(line.lstrip(b"<")) for line in lines if _START.match(line)), 0)
    parts: dict[bytes, list[bytes]] = {b"<": [], b"|": [], b"=": []}
    now, with_base, based = b"", True, False
    for line in lines if size else ():
        sign = _marker(line, size)
        if sign == b"" and now == b"":
            for part in parts.values():
                part.append(line)
        elif sign == b"":
            parts[now].append(line)
        elif (now, sign) not in _NEXT:
            return None
        else:
            based = sign == b"|" or (based and sign != b"<")
            if sign == b">":
                with_base = with_base and based
            now = b"" if sign == b">" else sign
    if not size or now:
        return None
    ours, base, theirs = (b"".join(part) for part in parts.values())
    return (base if with_base else None), ours, theirs


# Which marker may follow in which part of the file; "" is outside of any conflict.
_NEXT: Final = {
    (b"", b"<"), (b"<", b"|"), (b"<", b"="), (b"|", b"="), (b"=", b">"),
}  # fmt: skip


def _marker(line: bytes, size: int) -> bytes:
    """Return the sign of a marker line (``<``, ``|``, ``=``, ``>``), or nothing."""
    sign = line[:1]
    if sign not in (b"<", b"|", b"=", b">") or line[:size] != sign * size:
        return b""
    rest = line[size:].rstrip(b"\r\n")
    return sign if not rest or (rest[:1] == b" " and sign != b"=") else b""


def marked(base: bytes | None, ours: bytes, theirs: bytes) -> bytes:
    """Return the line-by-line merge of texts, with git's conflict markers where it has none.

    The markers are longer than any that stand in the texts already.
    """
    old, mine, yours = (_lines(text or b"") for text in (base, ours, theirs))
    if base is not None:
        merged = merge_lines(*(_decoded(lines) for lines in (old, mine, yours)))
        if merged is not None:
            return "".join(merged).encode("latin-1")
    head = _alike(old, mine, yours)
    ends = (lines[head:][::-1] for lines in (old, mine, yours))
    tail = _alike(*ends)
    size = _SIZE
    while any(_marker(line, size) for line in (*old, *mine, *yours)):
        size += 2
    out = mine[:head]
    parts = [("<", " ours", mine), ("|", " base", old), ("=", "", yours)]
    for sign, label, lines in parts if base is not None else [parts[0], parts[2]]:
        out.append(f"{sign * size}{label}\n".encode())
        out += _ended(lines[head : len(lines) - tail])
    out.append(f"{'>' * size} theirs\n".encode())
    return b"".join([*out, *mine[len(mine) - tail :]])


def _lines(data: bytes) -> list[bytes]:
    return re.findall(rb"[^\n]*\n|[^\n]+", data)


def _decoded(lines: Iterable[bytes]) -> list[str]:
    return [line.decode("latin-1") for line in lines]  # any byte, and back again


def _alike(*sides: Sequence[bytes]) -> int:
    """Return how many lines all sides begin with."""
    count = 0
    for lines in zip(*sides, strict=False):
        if len(set(lines)) > 1:
            break
        count += 1
    return count


def _ended(lines: list[bytes]) -> list[bytes]:
    return [line if line.endswith(b"\n") else line + b"\n" for line in lines]


def doubled(data: bytes) -> list[bytes]:
    """Return the versions that stand in one file whose fields stand several times.

    The first has the first of each field, and so on; the last of a field that
    stands less often stands in for the rest. One version for a file in which
    every field stands once, none for one that is not made of fields, or in which
    a field stands more often than merges explain.
    """
    head: list[bytes] = []
    fields: dict[bytes, list[list[bytes]]] = {}
    now = head
    for line in _lines(data):
        match = _FIELD.match(line)
        if match:
            now = [line]
            fields.setdefault(match[1].strip(b"\"'"), []).append(now)
        elif line[:3] in (b"---", b"...") or line[:1] not in b" \t\r\n#-":
            return []
        else:
            now.append(line)
    number = max(map(len, fields.values()), default=0)
    if number > _MOST_VERSIONS:
        return []
    return [
        b"".join(head + [line for many in fields.values() for line in many[min(i, len(many) - 1)]])
        for i in range(number)
    ]
