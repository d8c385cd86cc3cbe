"""Background jobs started by hooks: detached, one at a time, with a time limit."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import threading
from typing import Final

from kagura_git.cli.output import App

SECONDS: Final = 60
# The group goes first, with every git process in it; the alarm is for a main thread that
# hangs in foreign code and lets no other thread run.
_GROUP_SECONDS: Final = SECONDS - 2
_FIRST_FREE: Final = 3
_MOST_DESCRIPTORS: Final = 1024

_short: list[bool] = []


def main() -> None:
    """Run ``git kagura ARGS`` for a hook: ``python -m kagura_git.cli.background ARGS``."""
    # A script that holds a lock open (`exec 9> lock`) and calls git must not wait for us.
    os.closerange(_FIRST_FREE, _MOST_DESCRIPTORS)
    keep_short()
    from kagura_git.cli import main as run

    run()


def keep_short() -> None:
    """Leave the terminal, yield to the person's work, and end in a minute, come what may."""
    if os.name != "posix" or _short:
        return
    _short.append(True)
    with contextlib.suppress(OSError):  # the shim's setsid has done it
        os.setsid()
    os.nice(10)
    # Both may be inherited: an ignored or blocked alarm would never end us.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    signal.alarm(SECONDS)
    if os.getpgrp() == os.getpid():
        watch = threading.Timer(_GROUP_SECONDS, os.killpg, (os.getpid(), signal.SIGKILL))
        watch.daemon = True
        watch.start()


def first_in_background(app: App, *, wait: float = 0.0) -> bool:
    """Tell whether no other process works in this worktree's background; then none will start.

    Args:
        wait: for how many seconds to wait for the other one; only one process waits.
    """
    from kagura_git import atomic, lock_file

    if app.environ.get("KAGURA_BACKGROUND"):
        keep_short()  # the shim did not know our Python, and started `git-kagura`
    folder = app.memory.ws.repo.private
    atomic.make_folder(folder)
    lock, turn = (os.path.join(folder, name) for name in ("refresh.lock", "refresh-next.lock"))
    try:
        with contextlib.ExitStack() as waiting:
            if wait:
                waiting.callback(lock_file.acquire(turn, 0))
            atexit.register(lock_file.acquire(lock, wait))  # held until this process ends
    except lock_file.Held:
        return False
    return True


def settle(app: App) -> bool:
    """Keep what lets the pre-commit hook answer at once; tells whether there is any need."""
    from kagura_git.git import untouched

    repo = app.memory.ws.repo
    return untouched.keep(repo.git, repo.git_dir)


if __name__ == "__main__":
    # Not `main` itself: under this name the module is another one, with a state of its own.
    from kagura_git.cli.background import main as start

    start()
