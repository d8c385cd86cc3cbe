"""git where it starts programs that may wait for a person: a time limit, and who can be asked."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from typing import Final, NamedTuple

from kagura_git.errors import GitError
from kagura_git.git.run import Git

_GRACE: Final = 2.0


class Ended(NamedTuple):
    """How it ended: the exit code (None: it took too long) and what was said."""

    code: int | None
    out: bytes
    err: str


def run(git: Git, args: Sequence[str], *, seconds: float, terminal: bool = False) -> Ended:
    """Run git; after so many seconds it is ended with all that it has started.

    Args:
        terminal: programs that git starts may ask on this process's terminal. Without it
            there is none for them: a question fails at once instead of waiting unseen.

    Raises:
        GitError: git could not be started.
    """
    apart = not terminal and os.name == "posix"
    env = dict(git.env)
    if not terminal:
        env.pop("GPG_TTY", None)
    try:
        process = subprocess.Popen(
            ["git", *args], cwd=git.cwd, env=env,
            stdin=None if terminal else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=apart,
        )  # fmt: skip
    except OSError as error:
        raise GitError(f"git could not be started: {error.strerror}", where=git.cwd) from None
    try:
        out, err = process.communicate(timeout=seconds)
        return Ended(process.returncode, out, err.decode("utf-8", "replace"))
    except subprocess.TimeoutExpired as late:
        return Ended(None, late.stdout or b"", (late.stderr or b"").decode("utf-8", "replace"))
    finally:
        if process.poll() is None:
            _end(process, apart)
        for stream in (process.stdout, process.stderr):
            if stream is not None:  # an agent that was started may hold the other end
                stream.close()


def _end(process: subprocess.Popen[bytes], apart: bool) -> None:
    for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if apart:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
            return
