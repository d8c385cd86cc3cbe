"""Answers lines of JSON on stdin, for scripts that run in another memory's own environment."""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any


def serve(**verbs: Callable[..., Any]) -> None:
    """Call the verb that each line names, and answer with what it returns and the time it took."""
    # Libraries talk on stdout; the answers go out through a copy that they do not know.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        given = json.loads(line)
        verb = verbs[given.pop("do")]
        start = time.perf_counter()
        try:
            answer = {"value": verb(**given), "seconds": time.perf_counter() - start}
        except Exception as error:  # noqa: BLE001 - whatever it is, the table says it
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
