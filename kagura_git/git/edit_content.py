"""Content of an edit whose reason waits, and whether a commit contains it.

``change add`` keeps which lines of the file differ from HEAD at that moment, as
hashes. A reason that is given before its edit has no content yet: then the
order of the commits alone decides. Light on purpose: the hooks use it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from kagura_git.git.commit_entries import Fact
from kagura_git.git.run import Git, decode

_PATCH: Final = (
    "--literal-pathspecs", "-c", "protocol.allow=never", "-c", "core.bigFileThreshold=16m",
)  # fmt: skip
_FORM: Final = (
    "-r", "-z", "--raw", "-p", "-U0", "--full-index", "--no-renames", "--no-ext-diff",
    "--no-textconv", "--no-color", "--diff-algorithm=myers",
)  # fmt: skip
_HUNK: Final = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")
_INDEX: Final = re.compile(rb"index ([0-9a-f]{40,64})\.\.([0-9a-f]{40,64})")
_LONGEST_ENTRY: Final = 16 * 1024
# What is kept of one edit: enough to know it again, however large it is.
_MOST_LINES: Final = 100
_MOST_SPANS: Final = 50
_LARGEST: Final = 256 * 1024
_MOST_PATHS: Final = 500
_EMPTY: Final = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
# A line of fewer letters and digits (a brace, `pass`) may well be in any other edit too.
_TELLING: Final = 3


class Edit(NamedTuple):
    """The difference between two versions of one file.

    Attributes:
        base: blob before; zeros where there was no file.
        blob: blob after; zeros where there is no file any more.
        lines: hashes of the lines that came or went, with their sign.
        spans: first and last line in the old version of each changed stretch.
    """

    base: str
    blob: str
    lines: Sequence[str] = ()
    spans: Sequence[Sequence[int]] = ()


def observed(git: Git, path: str) -> Edit | None:
    """Return how a file of the work tree differs from HEAD, None where git cannot tell.

    Args:
        path: relative to the top of the work tree, in which git is run.
    """
    found = git.run(*_PATCH, "diff-index", *_FORM, "HEAD", "--", path, ok=(0, 128))
    if found.returncode == 0 and found.stdout:
        edit = dict(_edits(found.stdout)).get(path)
        if edit is not None and edit.base != edit.blob:
            return edit._replace(lines=_telling(edit.lines), spans=edit.spans[:_MOST_SPANS])
    known = git.run("rev-parse", "--verify", "--quiet", f"HEAD:{path}", ok=(0, 1, 128))
    base = known.stdout.decode().strip()
    if base:
        return Edit(base, base)
    return _untracked(git, path)


def _untracked(git: Git, path: str) -> Edit | None:
    full = os.path.join(git.cwd, path)
    if not os.path.lexists(full):
        return Edit("0" * 40, "0" * 40)
    if os.path.islink(full) or not os.path.isfile(full):
        return None
    named = git.run("hash-object", "--", full, ok=(0, 128))
    blob = named.stdout.decode().strip()
    if named.returncode or not blob:
        return None
    with open(full, "rb") as file:
        text = file.read(_LARGEST)
    return Edit("0" * len(blob), blob, _telling(_hashes(b"+", text.split(b"\n"))))


def fact_of(edit: Edit | None, *, begun: bool) -> dict[str, Any] | None:
    """Return an edit as it is kept with a reason.

    Args:
        begun: whether the reason is about what the file holds already.
    """
    if edit is None:
        return None
    kept = {"base": edit.base, "blob": edit.blob}
    if not begun:
        return kept
    return {**kept, "lines": list(edit.lines), "spans": [list(span) for span in edit.spans]}


def has_begun(edit: Edit | None, waiting: Mapping[str, Fact], path: str) -> bool:
    """Tell whether a reason given now is about an edit that is made already.

    Not where the file is as HEAD has it, and not where an earlier reason for the same
    version of HEAD, given before its edit, already explains what differs.
    """
    if edit is None or edit.base == edit.blob:
        return False
    earlier = (_content(fact) for fact in waiting.values() if fact.get("path") == path)
    return not any(
        content is not None
        and "lines" not in content
        and content["base"] == edit.base
        and content["blob"] != edit.blob
        for content in earlier
    )


def fitting(
    git: Git, facts: Mapping[str, Fact], old: str | None, new: str, *, missed: bool = False
) -> dict[str, Fact]:
    """Return the reasons whose content is, or may be, in what one commit changed.

    A reason for a file that is the same in both is returned as well.

    Args:
        old: tree or commit before; None for the first commit of all.
        new: commit after.
        missed: whether the commit was made without hooks, and another may follow.
    """
    paths = {
        path
        for fact in facts.values()
        if _content(fact) is not None and isinstance(path := fact.get("path"), str)
    }
    if not paths:
        return dict(facts)
    edits = changed(git, old or _EMPTY[len(new)], new, paths)
    return {
        key: fact
        for key, fact in facts.items()
        if (edit := edits.get(str(fact.get("path")))) is None or contains(edit, fact, missed=missed)
    }


def changed(git: Git, old: str, new: str, paths: Iterable[str]) -> dict[str, Edit]:
    """Return what lies between two trees in some files, by path."""
    wanted = sorted(paths)
    few_paths = wanted if len(wanted) <= _MOST_PATHS else ()
    done = git.run(*_PATCH, "diff-tree", *_FORM, old, new, "--", *few_paths, ok=(0, 128))
    return dict(_edits(done.stdout)) if done.returncode == 0 else {}


def contains(edit: Edit, fact: Fact, *, missed: bool = False) -> bool:
    """Tell whether an edit contains what a reason is about.

    That is so if it leaves the very same file, or shares a line with it, or touches
    the same lines of the same version: who edits on changes what a reason was given for.
    """
    content = _content(fact)
    if content is None:
        return True
    if "lines" not in content:
        # Given before its edit; or, where HEAD has another version, perhaps after it: then a
        # commit of that version takes it if none can come between.
        perhaps = content["blob"] != content["base"] and not missed
        return bool(edit.blob != content["blob"] or perhaps)
    if edit.blob == content["blob"] or not {*content["lines"]}.isdisjoint(edit.lines):
        return True
    if edit.base != content["base"]:
        return False
    if not content["lines"]:  # binary, or nothing but blanks
        return True
    return any(
        first <= after + 1 and before <= last + 1
        for first, last in content.get("spans") or ((0, 0),)
        for before, after in edit.spans or ((0, 0),)
    )


def _content(fact: Fact) -> dict[str, Any] | None:
    """Return what was kept of an edit; None for what is damaged, or was written by others."""
    content = fact.get("content")
    if not isinstance(content, dict):
        return None
    if not all(isinstance(content.get(name), str) for name in ("base", "blob")):
        return None
    lines, spans = content.get("lines", []), content.get("spans", [])
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        return None
    if not isinstance(spans, list) or not all(_is_span(span) for span in spans):
        return None
    return content


def _is_span(span: object) -> bool:
    return isinstance(span, list) and len(span) == 2 and all(type(end) is int for end in span)


def _edits(out: bytes) -> Iterator[tuple[str, Edit]]:
    """Read a list of changed files, NUL-separated, and the patch that follows it."""
    at = 0
    names: list[str] = []
    blobs: dict[str, tuple[str, str]] = {}
    while out.startswith(b":", at):  # a patch may hold NULs as well: only the list is cut at them
        meta, name = out[at : at + _LONGEST_ENTRY].split(b"\0", 2)[:2]
        path = decode(name)
        _, _, old, new, status = meta.decode().split(" ")
        blobs[path] = (old, new)
        names += [path] * (2 if status[:1] == "T" else 1)
        at += len(meta) + len(name) + 2
    texts = _split(out[at:].lstrip(b"\0"))
    found: dict[str, tuple[list[str], list[list[int]]]] = {path: ([], []) for path in blobs}
    for path, text in zip(names, texts, strict=False):
        named = _INDEX.search(text.split(b"\n@@ ", 1)[0])
        if named is not None and not blobs[path][1].strip("0"):
            blobs[path] = (blobs[path][0], named[2].decode())  # of a file of the work tree
        lines, spans = _hunks(text)
        found[path][0].extend(lines)
        found[path][1].extend(spans)
    with_text = set(names[: len(texts)])
    for path, (old, new) in blobs.items():
        # Listed for its time stamp alone: there is no patch, and it is what it was.
        same = path not in with_text
        yield path, Edit(old, old if same else new, *found[path])


def _split(patch: bytes) -> list[bytes]:
    """Return the patch of each file; no line within one begins like its header."""
    return [b"diff --git " + part for part in (b"\n" + patch).split(b"\ndiff --git ")[1:]]


def _hunks(text: bytes) -> tuple[list[str], list[list[int]]]:
    signed: list[bytes] = []
    spans: list[list[int]] = []
    for line in text.split(b"\n"):
        hunk = _HUNK.match(line)
        if hunk is not None:
            first, count = int(hunk[1]), int(hunk[2] or 1)
            spans.append([first, first + max(1, count) - 1])
        elif spans and line[:1] in (b"+", b"-"):
            signed.append(line)
    return [_hash(line[:1], line[1:]) for line in signed if line[1:].strip()], spans


def _hashes(sign: bytes, lines: Iterable[bytes]) -> list[str]:
    return [_hash(sign, line) for line in lines if line.strip()]


def _hash(sign: bytes, line: bytes) -> str:
    """Return a line's name; blanks do not count, since formatters move them.

    The names of lines that tell little end with a dot.
    """
    text = b"".join(line.split())
    weak = sum(chr(byte).isalnum() or byte > 127 for byte in text) < _TELLING
    name = hashlib.sha1(sign + text, usedforsecurity=False).hexdigest()[:12]
    return f"{name}." if weak else name


def _telling(lines: Sequence[str]) -> list[str]:
    """Return the names worth keeping: those of lines that hardly any other edit has."""
    strong = [line for line in dict.fromkeys(lines) if not line.endswith(".")]
    return (strong or list(dict.fromkeys(lines)))[:_MOST_LINES]
