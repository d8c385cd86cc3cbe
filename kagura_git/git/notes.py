"""The note on a commit: what is remembered about it, on ``refs/notes/kagura``.

``git notes add`` reads, edits and overwrites, so concurrent writers lose each
other's notes. Here every write is a set union on top of one known tip, and git
takes it only while that tip still is the tip: ``git fast-import`` without
``--force`` refuses a ref that moved. Light on purpose: the hooks use it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from kagura_git.errors import GitError
from kagura_git.git.run import Git, decode
from kagura_git.model.entries import format_entries, parse_entries

REF: Final = "refs/notes/kagura"
Entry = dict[str, Any]

# A round in which another writer wins takes about 30 ms; 40 writers need some 2 s.
_PATIENCE: Final = 30.0
# A lock under which nothing moves for this long is a dead one, or something else is in the way.
_LOCKED: Final = 2.0
# The limit is git's own default: a smaller one would make a pack file for every commit.
_IMPORT: Final = (
    "-c", "fastimport.unpackLimit=100", "fast-import", "--quiet", "--date-format=now",
)  # fmt: skip
_LONGEST_WAIT: Final = 0.4
# From here on listing the whole notes tree is cheaper than asking for each commit.
_MANY: Final = 500


def read(git: Git, commits: Iterable[str]) -> dict[str, list[Entry]]:
    """Return the entries of each commit that has a note; full commit ids are asked for."""
    wanted = list(dict.fromkeys(commits))
    if len(wanted) >= _MANY:
        asked = set(wanted)
        return {sha: found for sha, found in all_notes(git).items() if sha in asked}
    _, texts = _lookup(git, wanted)
    return {sha: parse_entries(text) for sha, text in texts.items()}


def all_notes(git: Git) -> dict[str, list[Entry]]:
    """Return the entries of every note, by commit."""
    done = git.run("ls-tree", "-r", "-z", REF, ok=(0, 128))
    if done.returncode != 0:
        return {}
    blobs: dict[str, str] = {}
    for line in decode(done.stdout).split("\0")[:-1]:
        meta, _, path = line.partition("\t")
        sha = path.replace("/", "")
        if len(sha) in (40, 64) and not sha.strip("0123456789abcdef"):
            blobs[sha] = meta.split(" ")[2]
    texts = _objects(git, list(blobs.values()))
    return {
        sha: parse_entries(text)
        for sha, (_, _, text) in zip(blobs, texts, strict=True)
        if text is not None
    }


def add(
    git: Git,
    notes: Mapping[str, Sequence[Mapping[str, Any]]],
    identity: str,
    *,
    patience: float = _PATIENCE,
) -> None:
    """Add entries to the notes of commits; what a note holds already stays, in its order.

    Args:
        notes: per full commit id, the entries to add.
        identity: ``Name <email>`` that signs the notes commit.
        patience: for how many seconds to try again while other writers win.

    Raises:
        GitError: no such commit, or the notes could not be written.
    """
    wanted = {sha: list(entries) for sha, entries in notes.items() if entries}
    if not wanted:
        return
    started = moved = time.monotonic()
    last: str | None = None
    attempt = 0
    while True:
        tip, texts = _lookup(git, list(wanted), commits=True)
        united = {
            sha: text
            for sha, entries in wanted.items()
            if (text := _united(texts.get(sha, ""), entries)) is not None
        }
        if not united:
            return
        stream = _stream(tip, united, identity)
        done = git.run(*_IMPORT, stdin=stream, ok=range(256))
        if done.returncode == 0:
            return
        said = decode(done.stderr).strip()
        now = time.monotonic()
        if tip != last:
            last, moved = tip, now
        retry = "Not updating" in said or ("lock" in said and now - moved < _LOCKED)
        if not retry or now - started > patience:
            raise GitError(f"the note could not be written: {said}", where=REF)
        attempt += 1
        import random  # 2 ms that a writer alone never pays

        time.sleep(random.uniform(0.0, min(_LONGEST_WAIT, 0.01 * 2**attempt)))


def _united(text: str, entries: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the note with the entries that it lacks, or None if it has them all."""
    held = set(text.split("\n"))
    lines = [line for line in format_entries(entries).split("\n") if line and line not in held]
    if not lines:
        return None
    # What stands there is kept to the letter: a person may have written beside our lines.
    before = f"{text}\n" if text and not text.endswith("\n") else text
    return before + "".join(f"{line}\n" for line in lines)


def _stream(tip: str | None, texts: Mapping[str, str], identity: str) -> bytes:
    message = f"Notes of kagura-git for {len(texts)} commit{'s' if len(texts) > 1 else ''}\n"
    parts = [f"commit {REF}\ncommitter {_signature(identity)} now\n".encode(), _data(message)]
    if tip is not None:
        parts.append(f"from {tip}\n".encode())
    for sha, text in texts.items():
        parts += [f"N inline {sha}\n".encode(), _data(text)]
    return b"".join(parts)


def _data(text: str) -> bytes:
    content = text.encode("utf-8", "surrogateescape")
    return b"data %d\n%s\n" % (len(content), content)


def _signature(identity: str) -> str:
    name, _, email = identity.partition("<")
    clean = [
        "".join(sign for sign in part if sign not in "<>" and sign.isprintable()).strip()
        for part in (name, email)
    ]
    return f"{clean[0] or 'unknown'} <{clean[1]}>"


def _lookup(
    git: Git, shas: Sequence[str], *, commits: bool = False
) -> tuple[str | None, dict[str, str]]:
    """Return the tip of the notes and the text of each commit's note, in one spawn.

    The tip is read first: a ref that moves in between makes the texts newer
    than the tip, and a write on top of that tip is then refused.

    Raises:
        GitError: with ``commits=True``, one of the shas is not a commit here.
    """
    names = [REF]
    for sha in shas:
        if len(sha) not in (40, 64) or sha.strip("0123456789abcdef"):
            raise GitError(f"not a full commit id: {sha!r}")
        names += [f"{REF}:{sha}", f"{REF}:{sha[:2]}/{sha[2:]}"]
        names.append(f"{REF}:{sha[:2]}/{sha[2:4]}/{sha[4:]}")
    if commits:
        names += shas
    answers = _objects(git, names)
    tip = answers[0][0] if answers[0][1] == "commit" else None
    texts: dict[str, str] = {}
    for number, sha in enumerate(shas):
        for _, kind, text in answers[1 + 3 * number : 4 + 3 * number]:
            if kind == "blob" and text is not None:
                # Two fanouts at once (two tools wrote): their union is what git would merge to.
                texts[sha] = texts.get(sha, "") + text
    if commits:
        for sha, (_, kind, _) in zip(shas, answers[1 + 3 * len(shas) :], strict=True):
            if kind != "commit":
                raise GitError(f"no such commit: {sha}")
    return tip, texts


def _objects(git: Git, names: Sequence[str]) -> list[tuple[str, str | None, str | None]]:
    """Return the id, the kind and the text of each named object; kind None where there is none."""
    asked = "".join(f"{name}\n" for name in names).encode("ascii")
    out = git.run("cat-file", "--batch", stdin=asked).stdout
    answers: list[tuple[str, str | None, str | None]] = []
    at = 0
    for _ in names:
        end = out.index(b"\n", at)
        header = out[at:end].decode("utf-8", "replace").split(" ")
        at = end + 1
        if len(header) != 3 or not header[2].isdigit():  # "<name> missing"
            answers.append(("", None, None))
            continue
        size = int(header[2])
        answers.append((header[0], header[1], decode(out[at : at + size])))
        at += size + 1
    return answers
