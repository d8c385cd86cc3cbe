"""One round: start a process, kill its whole group at a random moment, look at what is left."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.faults import checks
from tests.faults.checks import Trouble
from tests.faults.faultline import KILLS, Fault, Faultline, library
from tests.faults.jobs import JOBS, Job
from tests.faults.place import Place

_LONGEST: Final = 120.0


@dataclass(frozen=True)
class Extent:
    """How long a job takes when nobody kills it, and how many changes of files it makes."""

    seconds: float
    events: int


@dataclass
class Outcome:
    """What became of one round."""

    job: str
    seed: int
    moment: str
    killed: bool
    acknowledged: int
    left: list[str]
    reported: list[str]
    warnings: list[str]


@dataclass
class Run:
    """A finished process: its words, its exit code and how long it took."""

    words: list[bytes]
    complaint: str
    code: int
    seconds: float


def run(place: Place, job: Job, command: tuple[list[str], bytes], env: dict[str, str],
        after: float | None = None) -> Run:  # fmt: skip
    """Run a job's command in a process group of its own; kill the group after so many seconds."""
    argv, stdin = command
    complaint = place.top.parent / "stderr"
    started = time.monotonic()
    with complaint.open("wb") as errors:
        process = subprocess.Popen(
            argv, cwd=place.top, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=errors, start_new_session=True,
        )  # fmt: skip
    words: list[bytes] = []
    reader = threading.Thread(target=_listen, args=(process, words, stdin, job.answers))
    reader.start()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_LONGEST if after is None else after)
    seconds = time.monotonic() - started
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    reader.join()
    if after is None and seconds >= _LONGEST:
        raise Trouble(f"{argv} did not end")
    said = complaint.read_text("utf-8", "replace")
    return Run(words, said, process.returncode, seconds)


def _listen(
    process: subprocess.Popen[bytes], words: list[bytes], stdin: bytes, answers: int
) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(stdin)
        process.stdin.flush()
    if not answers:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    for line in process.stdout:
        words.append(line)
        if answers and len(words) == answers:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
    process.stdout.close()


def measure(template: Place, name: str, folder: Path) -> Extent:
    """Run a job to its end once."""
    place = template.copy(folder)
    job = JOBS[name]
    command = job.prepare(place, random.Random(0))
    env, line = dict(place.box.env), None
    if library() is not None:
        line = Faultline(folder / "faultline", place.top.parent)
        env = line.environment(env)
    done = run(place, job, command, env)
    if done.code != 0:
        raise Trouble(f"{name}: {command[0]} ended with {done.code}: {done.complaint}")
    return Extent(done.seconds, line.events if line else 0)


def play(template: Place, name: str, seed: int, folder: Path, extent: Extent) -> Outcome:
    """Play one round; raises ``Trouble`` with everything needed to play it again."""
    rng = random.Random(f"{name} {seed}")
    place = template.copy(folder)
    job = JOBS[name]
    kills = rng.choice((1, 1, 1, 2, 3))
    acknowledged, killed, moment = 0, False, ""
    try:
        for _ in range(kills):
            command = job.prepare(place, rng)
            done, moment = _killed(place, job, command, rng, extent)
            killed = done.code == -signal.SIGKILL
            if done.code not in (0, -signal.SIGKILL):
                raise Trouble(f"{command[0]} ended with {done.code}: {done.complaint}")
            acknowledged += job.hear(place, done.words)
            if kills > 1:
                checks.clear_way(place)
        found = checks.after(place, rng, merges=job.merges)
    except Exception as trouble:
        raise Trouble(
            f"{name} seed {seed}, killed at {moment or 'no moment'}: {trouble!r}"
        ) from trouble
    return Outcome(name, seed, moment, killed, acknowledged, *found)


def _killed(place: Place, job: Job, command: tuple[list[str], bytes], rng: random.Random,
            extent: Extent) -> tuple[Run, str]:  # fmt: skip
    if library() is None or rng.random() < 0.4:
        moment = rng.uniform(0.0, extent.seconds * 1.05)
        return run(place, job, command, dict(place.box.env), moment), f"{moment:.3f} s"
    at = rng.randint(1, extent.events + 2)
    fault: Fault = rng.choice(KILLS)
    line = Faultline(place.top.parent / "faultline", place.top.parent, fault, at)
    done = run(place, job, command, line.environment(place.box.env))
    return done, f"{fault.name} {at}: {line.happened}"
