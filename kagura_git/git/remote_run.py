"""One git process that talks to another machine: progress, a time limit, no questions asked.

GitPython reads its progress. The process is our own: GitPython would give it all of
``os.environ``, and its time limit ends git and the children it can find; ours ends
the whole process group, with ssh and whatever ssh has started.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from kagura_git.errors import GitError
from kagura_git.git.guarded import unguarded
from kagura_git.git.run import Git, decode

if TYPE_CHECKING:
    from git.util import RemoteProgress

Progress = Callable[[int, int], None]

# Nobody can be asked: not on the terminal, not by a window.
_SILENT: Final = {
    "GIT_TERMINAL_PROMPT": "0",
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
    "KAGURA_DISABLE": "1",  # hooks of ours that this git starts do nothing
}
_GRACE: Final = 2.0
_LINES, _LONGEST_LINE, _MOST_OUTPUT = 200, 1000, 1024 * 1024
_CREDENTIALS: Final = re.compile(r"(?<=://)[^/@\s]+@")


class Done(NamedTuple):
    """How it ended: the exit code (None: it took too long), its output, its last words."""

    code: int | None
    out: str
    err: list[str]


def run(
    git: Git, *args: str, seconds: float | None = None, progress: Progress | None = None
) -> Done:
    """Run a git command that uses the network; after so many seconds it is ended.

    Raises:
        GitError: git could not be started.
    """
    process = _started(git, args)
    out: deque[bytes] = deque()
    err: deque[str] = deque(maxlen=_LINES)
    readers = [
        threading.Thread(target=_keep, args=(process.stdout, out), daemon=True),
        threading.Thread(target=_listen, args=(process.stderr, err, progress), daemon=True),
    ]
    code: int | None = None
    try:
        for reader in readers:
            reader.start()
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = process.wait(seconds)
    finally:
        if code is None:
            _end(process)
    for reader in readers:
        # Not until the end of the streams: an ssh that stays for the next call holds them open.
        reader.join(_GRACE)
    return Done(code, decode(b"".join(out)), list(err))


def without_credentials(text: str) -> str:
    """Return a text in which no address shows a user or password."""
    return _CREDENTIALS.sub("", text)


def _started(git: Git, args: tuple[str, ...]) -> subprocess.Popen[bytes]:
    own = unguarded(git).env.items()  # its user asked for the network, and has set it up
    env = {name: value for name, value in own if name != "SSH_ASKPASS"} | _SILENT
    try:
        return subprocess.Popen(
            ["git", *args], cwd=git.cwd, env=env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=os.name == "posix",
        )  # fmt: skip
    except OSError as error:
        raise GitError(f"git could not be started: {error}", where=git.cwd) from None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it has started: gently, so that git removes its locks."""
    _signal(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(process.pid, number)
        else:
            process.terminate()


def _keep(stream: IO[bytes], out: deque[bytes]) -> None:
    size = 0
    with contextlib.suppress(ValueError, OSError):
        for line in stream:
            size += len(line)
            if size <= _MOST_OUTPUT:
                out.append(line)


def _listen(stream: Any, err: deque[str], progress: Progress | None) -> None:
    """Keep git's last words; what the other side sends may be endless."""
    watch = _watch(progress) if progress else None
    rest = b""
    with contextlib.suppress(ValueError, OSError):
        while chunk := stream.read1(65536):
            *whole, rest = re.split(rb"[\r\n]", rest + chunk)
            rest = rest[:_LONGEST_LINE]
            for line in whole:
                text = decode(line[:_LONGEST_LINE]).strip()
                if "% (" in text:
                    if watch is not None:
                        watch.new_message_handler()(text)
                elif text:
                    err.append(without_credentials(text))
    if rest:
        err.append(without_credentials(decode(rest).strip()))


def _watch(progress: Progress) -> RemoteProgress:
    from git.util import RemoteProgress

    class Watch(RemoteProgress):
        def update(
            self,
            op_code: int,
            cur_count: str | float,
            max_count: str | float | None = None,
            message: str = "",
        ) -> None:
            progress(int(float(cur_count or 0)), int(float(max_count or 0)))

    return Watch()
