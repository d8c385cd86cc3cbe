"""``git kagura merge-driver``: merge a record that both sides changed.

Started by ``hooks/merge-driver`` with ``python -I -S``, without click: git
waits for it, file by file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from kagura_git import atomic
from kagura_git.errors import KaguraError
from kagura_git.model.printable import one_line
from kagura_git.stderr import write_line
from kagura_git.store.merging import merge_bytes

_MOST: Final = 16 * 2**20
TEXT: Final = 10  # a conflict left in the text; no code that a crash gives


def main(argv: Sequence[str]) -> int:
    """Merge one file: ``BASE OURS THEIRS PATH [MARKER-SIZE [BASE-LABEL OURS-LABEL THEIRS-LABEL]]``.

    The result replaces the file OURS. Returns 0, also where a conflict is kept
    inside the record; ``TEXT`` where no side could be read, and git's own merge
    has left its conflict in the text.
    """
    base, ours, theirs, path, *rest = argv
    if max(map(os.path.getsize, (base, ours, theirs))) > _MOST:  # no record is that large
        return TEXT if _merge_texts(base, ours, theirs, rest) else 0
    sides = [_read(name) for name in (base, ours, theirs)]
    # git gives an empty file for a base that does not exist.
    # Of a rename into a name that the other side has too, it tells the old name: then, and only
    # then, the marker is one longer than it would be.
    moved = rest[:1] not in ([], ["%L"]) and rest[0].isdigit() and int(rest[0]) % 2 == 0
    merged = merge_bytes(sides[0] or None, sides[1], sides[2], path, moved=moved)
    # A longer marker: git merges the bases of a criss-cross, nothing that anybody will see.
    if rest[:1] in ([], ["7"], ["8"]):  # 8: both sides have renamed it
        for line in merged.said:
            write_line(f"kagura: {one_line(line)}")
        if merged.stray is not None:
            _keep(*merged.stray)
    if merged.record is None:
        return TEXT if _merge_texts(base, ours, theirs, rest) else 0
    atomic.write(ours, merged.data, durable=False, tracked=True)
    return 0


def _keep(record_id: str, data: bytes) -> None:
    """Keep a record that git took for another one: the next hook, or doctor, looks after it."""
    from kagura_git.git import strays
    from kagura_git.git.run import Git

    try:
        strays.keep(Git(os.getcwd(), os.environ), record_id, data)
    except KaguraError as error:
        write_line(f"kagura: {record_id}: {one_line(str(error))}")


def _read(name: str) -> bytes:
    with open(name, "rb") as file:
        return file.read()


def _merge_texts(base: str, ours: str, theirs: str, rest: Sequence[str]) -> int:
    import subprocess  # 5 ms, rarely needed

    size = rest[0] if rest and rest[0].isdigit() else "7"
    labels = [label for label in rest[1:4] if not label.startswith("%")]  # an older git
    base_label, our_label, their_label = labels if len(labels) == 3 else ("base", "ours", "theirs")
    return subprocess.run(
        ["git", "merge-file", "-q", f"--marker-size={size}", "-L", our_label, "-L", base_label,
         "-L", their_label, "--", ours, base, theirs],
        stdin=subprocess.DEVNULL, check=False, env={**os.environ, "LC_ALL": "C"},
    ).returncode  # fmt: skip
