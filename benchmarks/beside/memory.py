"""What a memory is to this benchmark, and how a library or a server becomes one."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.beside import install, texts
from benchmarks.beside.wire import Driver, Failed, Server
from kagura_git.model.records import AnyRecord, Error

DRIVERS = Path(__file__).parent / "drivers"
ANSWER = 180.0  # seconds until an answer is given up


class Memory(ABC):
    """A memory: installed once, built in a folder, opened there as a process of its own."""

    name: str
    about = ""
    shared = False  # what the memory before it built is its own, too

    def __init__(self, work: Path) -> None:
        self.work = work
        self.env = install.environment(work / "home")

    @abstractmethod
    def install(self) -> None:
        """Install it and note its version in ``about``; raises ``Failed`` with the reason."""

    @abstractmethod
    def build(self, folder: Path, records: list[AnyRecord], patience: float) -> float:
        """Store the records in an empty folder; return seconds until all can be found."""

    @abstractmethod
    def open(self, folder: Path) -> None:
        """Start its process on what was built."""

    @abstractmethod
    def find(self, query: str) -> tuple[list[str], float]:
        """Return the ids of the five best, and the seconds that took."""

    @abstractmethod
    def add(self, record: Error) -> str:
        """Store one more record and return its id."""

    wire: Driver | Server


class Library(Memory):
    """A library, driven by a script in its own environment."""

    batch = 100
    python: Path

    def driver(self, folder: Path) -> list[str]:
        """Return the command that drives it."""
        raise NotImplementedError

    def open(self, folder: Path) -> None:
        """Start the driver."""
        self.wire = Driver(self.driver(folder), self.env, folder / "log", ANSWER)

    def build(self, folder: Path, records: list[AnyRecord], patience: float) -> float:
        """Store the records in batches, and ask once."""
        self.open(folder)
        try:
            self.find("what loads a model is not counted")
            start = time.perf_counter()
            for done in range(0, len(records), self.batch):
                some = records[done : done + self.batch]
                self.ask("store", ids=[r.id for r in some], texts=[texts.text(r) for r in some])
                spent = time.perf_counter() - start
                whole = spent / (done + len(some)) * len(records)
                if spent > 30 and whole > patience:
                    raise Failed(f"storing all would take {whole / 60:.0f} min")
            self.find("nothing in particular")
            return time.perf_counter() - start
        finally:
            self.wire.close()

    def ask(self, do: str, **given: Any) -> dict[str, Any]:
        """Ask the driver."""
        assert isinstance(self.wire, Driver)
        return self.wire.ask(do, **given)

    def find(self, query: str) -> tuple[list[str], float]:
        """Ask, timed inside the driver."""
        answer = self.ask("find", query=query)
        return answer["value"], answer["seconds"]

    def add(self, record: Error) -> str:
        """Add one text."""
        self.ask("store", ids=[record.id], texts=[texts.text(record)])
        return record.id


class Served(Memory):
    """A memory that is an MCP server."""

    def find(self, query: str) -> tuple[list[str], float]:
        """Ask, timed over the pipe and back."""
        return timed(self.best, query)

    @abstractmethod
    def best(self, query: str) -> list[str]:
        """Return the ids of the five best."""

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool."""
        assert isinstance(self.wire, Server)
        return self.wire.call(tool, **arguments)


def timed(call: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[Any, float]:
    """Return what a call returns, and the seconds it took."""
    start = time.perf_counter()
    result = call(*args, **kwargs)
    return result, time.perf_counter() - start


def served(argv: list[str], env: dict[str, str], folder: Path) -> Server:
    """Start an MCP server."""
    server = Server(argv, env, folder / "log", ANSWER)
    server.handshake()
    return server
