"""What git prints between NULs, read piece by piece: of a field of any size only the beginning."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Generator, Iterator, Sequence
from typing import IO, Final

from kagura_git.errors import GitError
from kagura_git.git.run import Git

_PIECE: Final = 1024 * 1024


def read(git: Git, args: Sequence[str], largest: int, *, stdin: bytes = b"") -> Generator[bytes]:
    """Yield the NUL-separated fields that ``git ARGS`` prints, each cut at ``largest`` bytes.

    Raises:
        GitError: git failed; after what it printed until then.
    """
    # Files, not pipes: whatever git reads and says first, nobody waits for the other.
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(stdin)
        given.seek(0)
        try:
            process = subprocess.Popen(
                ["git", *args], cwd=git.cwd, env=dict(git.env),
                stdin=given, stdout=subprocess.PIPE, stderr=said,
            )  # fmt: skip
        except OSError as error:
            raise GitError(f"git could not be started: {error.strerror}", where=git.cwd) from None
        with process:
            assert process.stdout is not None
            yield from _split(process.stdout, largest)
        if process.returncode != 0:
            said.seek(0)
            words = said.read(_PIECE).decode("utf-8", "replace").strip().removeprefix("fatal: ")
            raise GitError(f"git {args[0]} failed ({process.returncode}): {words}", where=git.cwd)


def _split(out: IO[bytes], largest: int) -> Iterator[bytes]:
    field = bytearray()
    while piece := out.read(_PIECE):
        *ended, begun = piece.split(b"\0")
        for part in ended:
            yield bytes(field + part[: largest - len(field)])
            field.clear()
        field += begun[: largest - len(field)]
