"""Run 40 processes that ask a model at once, and kill some of them at random points.

Usage: spenders.py LEDGER BUDGET SEED KILLS. The processes are forked after litellm is imported,
which takes each of them seconds otherwise. One that is killed counts what it asks of the
system (opening, writing, flushing, locking, sending, receiving) and ends itself, as SIGKILL
does, at a number that the seed gives; a write may be cut then. Prints how each one ended.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from kagura_git.llm import client
from kagura_git.llm.approval import Policy
from kagura_git.llm.ledger import Ledger
from kagura_git.llm.operation import Purse, messages_of, run
from kagura_git.services.summaries import SESSION_SUMMARY

PROCESSES, CALLS, MODEL = 40, 3, "gpt-4o"
# One call asks the system for some 30 things.
_LAST_POINT = 90


def purse_of(folder: str, repository: str, budget: float) -> Purse:
    policy = Policy(auto_approve=True, monthly_budget=budget)
    return Purse(Ledger(Path(folder)), repository, policy, model=MODEL, seconds=30.0)


def spend(folder: str, number: int, budget: float) -> None:
    for call in range(CALLS):
        tag = f"call-{number}-{call}"
        run(SESSION_SUMMARY, purse_of(folder, tag, budget), {"session": tag})


def kill_at(point: int, cut: float) -> None:
    """Kill this process when it asks the system for the ``point``-th time from now on."""
    left = point

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if not left:
                if function is write:
                    write(args[0], args[1][: int(len(args[1]) * cut)])
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **options)

        return call

    write = os.write
    for owner, names in ((os, ("write", "open", "fsync", "close")), (fcntl, ("flock",)),
                         (socket.socket, ("send", "sendall", "recv", "connect"))):  # fmt: skip
        for name in names:
            setattr(owner, name, counted(getattr(owner, name)))


def main(folder: str, budget: str, seed: str, kills: str) -> None:
    client._FIRST_WAIT = 0.01  # type: ignore[misc]
    client._litellm()
    purse_of(folder, "", 0.0).estimate(SESSION_SUMMARY, messages_of(SESSION_SUMMARY, {}))
    rng = Random(seed)
    points = [(rng.randint(1, _LAST_POINT), rng.random()) for _ in range(PROCESSES)]
    children = []
    for number in range(PROCESSES):
        child = os.fork()
        if child:
            children.append(child)
            continue
        try:
            if kills == "True" and number % 4:
                kill_at(*points[number])
            spend(folder, number, float(budget))
            os._exit(0)
        finally:
            os._exit(1)  # whatever it was, it is not to run on as the parent
    print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]))


if __name__ == "__main__":
    main(*sys.argv[1:])
