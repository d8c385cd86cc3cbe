"""kagura-git in process: ``CodingMemory`` on a repository."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from lines import serve

from kagura_git import CodingMemory

TOP = Path(sys.argv[1])
HELD: list[Any] = []


def prepare(count: int) -> None:
    """Make a repository and the records, before the clock runs."""
    from benchmarks.beside.texts import many

    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(TOP)], check=True)
    (TOP / ".kagura").mkdir()
    HELD.extend(many(count))


def build() -> None:
    """Store and commit the records, and search, which indexes them."""
    memory = CodingMemory.sync(TOP)
    memory.record_many(HELD)
    subprocess.run(["git", "commit", "--quiet", "--message", "records"], cwd=TOP, check=True)
    memory.search("nothing in particular", 5)


class Opened:
    """The memory, opened by the first call: that is what a cold answer waits for."""

    memory: Any = None

    @classmethod
    def get(cls) -> Any:
        """Return the memory."""
        cls.memory = cls.memory or CodingMemory.sync(TOP)
        return cls.memory


def find(query: str) -> list[str]:
    """Return the ids of the five best."""
    return [hit.id for hit in Opened.get().search(query, 5)]


def add(**fields: Any) -> str:
    """Record an error as the API is meant to be used, and return its id."""
    done = Opened.get().record_error(**fields)
    assert done.new, f"took a new error for {done.id}"
    return str(done.id)


serve(prepare=prepare, build=build, find=find, add=add)
