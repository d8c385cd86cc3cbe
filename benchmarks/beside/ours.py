"""kagura-git, in process and over MCP."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from benchmarks.beside.memory import DRIVERS, Library, served, timed
from benchmarks.beside.wire import Failed, Server
from kagura_git.model.records import AnyRecord, Error

ROOT = Path(__file__).parents[2]


class Kagura(Library):
    """kagura-git in process."""

    name = "kagura-git, in process"

    def install(self) -> None:
        """Use this checkout."""
        here = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        names = {f"GIT_{who}_NAME": "Ada" for who in ("AUTHOR", "COMMITTER")}
        mails = {f"GIT_{who}_EMAIL": "ada@example.org" for who in ("AUTHOR", "COMMITTER")}
        paths = {"PYTHONPATH": str(ROOT), "GIT_CONFIG_GLOBAL": os.devnull}
        self.env = {**here, **names, **mails, **paths}
        self.about = "this checkout; MiniLM as ONNX"

    def driver(self, folder: Path) -> list[str]:
        """Return the command that drives it."""
        return [sys.executable, str(DRIVERS / "drive_kagura.py"), str(folder / "store")]

    def build(self, folder: Path, records: list[AnyRecord], patience: float) -> float:
        """Store and commit everything, and search once, which indexes it."""
        self.open(folder)
        self.wire.limit = patience
        try:
            self.ask("prepare", count=len(records))
            return float(self.ask("build")["seconds"])
        finally:
            self.wire.close()

    def add(self, record: Error) -> str:
        """Record an error through the API."""
        return str(self.ask("add", **_fields(record))["value"])


class KaguraServer(Kagura):
    """kagura-git over MCP, on the repository that was built in process."""

    name = "kagura-git, MCP"
    shared = True

    def open(self, folder: Path) -> None:
        """Start the server."""
        top = str(folder / "store")
        argv = [sys.executable, "-m", "kagura_git", "-C", top, "mcp", "serve"]
        self.wire = served(argv, self.env, folder)

    def find(self, query: str) -> tuple[list[str], float]:
        """Call coding_search."""
        found, took = timed(self.call, "coding_search", query=query, k=5)
        return [hit["id"] for hit in found["results"]], took

    def add(self, record: Error) -> str:
        """Call coding_record_error."""
        done = self.call("coding_record_error", **_fields(record))
        if not done["new"]:
            raise Failed(f"took a new error for {done['id']}")
        return str(done["id"])

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool."""
        assert isinstance(self.wire, Server)
        return self.wire.call(tool, **arguments)


def _fields(record: Error) -> dict[str, Any]:
    return {
        "error_type": record.error_type, "message": record.message,
        "stack_trace": record.stack_trace, "file_path": record.file_path or "",
        "line_number": record.line_number, "solution": record.solution or "",
        "tags": list(record.tags),
    }  # fmt: skip
