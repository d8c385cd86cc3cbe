"""Objects in bulk: one process, answers in the order asked, memory bounded.

Nothing here uses the network: an object that a partial clone would have to
fetch counts as unreadable. Light on purpose: the hooks use it.
"""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Iterator, Sequence
from typing import IO, Final, NamedTuple

from kagura_git.errors import GitError
from kagura_git.git.run import Git

LARGEST: Final = 16 * 1024 * 1024
_ALTOGETHER: Final = 512 * 1024 * 1024
_CHUNK: Final = 1024 * 1024
# What a pipe surely takes before anyone reads from it.
_FITS_A_PIPE: Final = 4096
_BATCH: Final = ("git", "-c", "protocol.allow=never", "cat-file")
# Each one that cannot be read ends git, and costs another process.
_MOST_FAILURES: Final = 64


class Found(NamedTuple):
    """What goes by a name.

    Attributes:
        oid: its id; empty where there is nothing, or git cannot tell.
        kind: blob, tree, commit or tag; None where there is nothing; empty where git cannot tell.
        data: its bytes; None where there is nothing, or it is too large or not on this machine.
        size: how many bytes it has.
    """

    oid: str
    kind: str | None
    data: bytes | None
    size: int = 0

    @property
    def unreadable(self) -> bool:
        """Tell whether there is something that cannot be read."""
        return self.kind is not None and self.data is None


_NOTHING: Final = Found("", None, None)
_CANNOT_TELL: Final = Found("", "", None)


def read(git: Git, names: Sequence[str], *, largest: int = LARGEST) -> list[Found]:
    """Return what goes by each name (an id, a ref, ``<revision>:<path>``).

    Args:
        largest: of an object with more bytes only id and kind are returned.
    """
    return _all_answers(git, names, largest)


def heads(git: Git, names: Sequence[str]) -> list[Found]:
    """Return id, kind and size of what goes by each name, and none of its bytes."""
    return _all_answers(git, names, None)


def _all_answers(git: Git, names: Sequence[str], largest: int | None) -> list[Found]:
    answers: list[Found] = []
    for _ in range(_MOST_FAILURES):
        answers += _answers(git, names[len(answers) :], largest)
        if len(answers) == len(names):
            break
        answers.append(_CANNOT_TELL)  # git gave up at this one
    return answers + [_CANNOT_TELL] * (len(names) - len(answers))


def _answers(git: Git, names: Sequence[str], largest: int | None) -> Iterator[Found]:
    if not names:
        return
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            [*_BATCH, "--batch-check" if largest is None else "--batch"],
            cwd=git.cwd, env=dict(git.env), stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        raise GitError(f"git could not be started: {error.strerror}", where=git.cwd) from None
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        asked = "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")
        feeder = threading.Thread(target=_feed, args=(process.stdin, asked), daemon=True)
        if len(asked) <= _FITS_A_PIPE:
            feeder.run()
        else:
            feeder.start()
        yield from _parsed(process.stdout, len(names), largest)


def _feed(stdin: IO[bytes], asked: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), stdin:  # git gave up
        stdin.write(asked)


def _parsed(out: IO[bytes], count: int, largest: int | None) -> Iterator[Found]:
    left = _ALTOGETHER
    for _ in range(count):
        line = out.readline()
        if not line.endswith(b"\n"):
            return
        header = line.decode("utf-8", "replace").rstrip("\n").split(" ")
        if len(header) != 3 or not header[2].isdigit():  # "<name> missing"
            yield _NOTHING
            continue
        size = int(header[2])
        if largest is None or size > largest or size > left:
            if largest is not None:
                _skip(out, size + 1)
            yield Found(header[0], header[1], None, size)
            continue
        data = out.read(size + 1)
        if len(data) <= size:
            return
        left -= size
        yield Found(header[0], header[1], data[:-1], size)


def _skip(out: IO[bytes], size: int) -> None:
    while size > 0 and (read := len(out.read(min(size, _CHUNK)))):
        size -= read
