"""basic-memory and the reference memory of MCP: servers over stdio."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.beside import install, models, texts
from benchmarks.beside.memory import Served, served
from benchmarks.beside.wire import Failed
from kagura_git.model.records import AnyRecord, Error

WORDS = re.compile(r"\w{4,}")


class BasicMemory(Served):
    """basic-memory: markdown notes, indexed by its command, asked through its server."""

    name = "basic-memory, MCP"
    mode: str | None = None

    def __init__(self, work: Path, python312: str | None) -> None:
        super().__init__(work)
        self.python312 = python312

    def install(self) -> None:
        """Install it; fastembed, inside it, gets MiniLM in its cache."""
        interpreter = install.newer_python(self.python312)
        needs = [["basic-memory"], ["basic-memory<0.24"]]
        python = install.python(self.work / "basic-memory", needs, interpreter)
        self.command = str(python.parent / "basic-memory")
        models.for_fastembed(self.work / "fastembed", self.work)
        self.env |= {
            "FASTEMBED_CACHE_PATH": str(self.work / "fastembed"),
            "BASIC_MEMORY_SEMANTIC_EMBEDDING_MODEL": models.DEFAULT,
            # Its least similarity is made for another model; MiniLM's numbers are lower.
            "BASIC_MEMORY_SEMANTIC_MIN_SIMILARITY": "0",
        }
        version = install.package_version(python, "basic-memory")
        mode = self.mode or "hybrid, its default"
        self.about = f"{version}; {mode}; MiniLM in place of bge-small, no least similarity"

    def build(self, folder: Path, records: list[AnyRecord], patience: float) -> float:
        """Write the notes and run its reindex."""
        self._at(folder)
        notes = folder / "store" / "notes"
        notes.mkdir(parents=True)
        start = time.perf_counter()
        for record in records:
            head = f"---\ntitle: {json.dumps(texts.title(record))}\ntype: note\n---\n\n"
            (notes / f"{record.id}.md").write_text(f"{head}{texts.text(record)}\n")
        with (folder / "log").open("ab") as log:
            argv = [self.command, "reindex"]
            try:
                subprocess.run(
                    argv, env=self.env, stdout=log, stderr=log, check=True, timeout=patience
                )
            except subprocess.TimeoutExpired:
                raise Failed(f"storing all takes more than {patience / 60:.0f} min") from None
            except subprocess.CalledProcessError as error:
                raise Failed(f"reindex ended with {error.returncode}") from None
        return time.perf_counter() - start

    def open(self, folder: Path) -> None:
        """Start the server."""
        self._at(folder)
        self.wire = served([self.command, "mcp"], self.env, folder)

    def best(self, query: str) -> list[str]:
        """Call search_notes."""
        kind = {"search_type": self.mode} if self.mode else {}
        answer = self.call("search_notes", query=query, page_size=5, output_format="json", **kind)
        found = answer.get("result", answer)
        if not isinstance(found, dict):
            raise Failed(str(found).strip().splitlines()[0])
        return [Path(item["file_path"]).stem for item in found["results"]]

    def add(self, record: Error) -> str:
        """Call write_note; its title names its file."""
        self.call("write_note", title=record.id, content=texts.text(record), directory="")
        return record.id

    def _at(self, folder: Path) -> None:
        store = folder / "store"
        self.env["BASIC_MEMORY_HOME"] = str(store / "notes")
        self.env["BASIC_MEMORY_CONFIG_DIR"] = str(store / "config")


class BasicMemoryVectors(BasicMemory):
    """The same, asked to search by vectors alone."""

    name = "basic-memory, MCP, vector"
    mode = "vector"
    shared = True


class Reference(Served):
    """The MCP reference memory, asked with the whole question."""

    name = "server-memory, whole question"

    def install(self) -> None:
        """Install it by npm."""
        package = "@modelcontextprotocol/server-memory"
        folder, version = install.node(self.work / "node", package)
        self.argv = ["node", str(folder / "dist" / "index.js")]
        self.about = f"{version}; one entity with one observation per record"

    def build(self, folder: Path, records: list[AnyRecord], patience: float) -> float:
        """Create the entities, 500 in a call: one at a time it writes the whole file each time."""
        self.open(folder)
        try:
            start = time.perf_counter()
            for done in range(0, len(records), 500):
                some = [_entity(record) for record in records[done : done + 500]]
                self.call("create_entities", entities=some)
            return time.perf_counter() - start
        finally:
            self.wire.close()

    def open(self, folder: Path) -> None:
        """Start the server."""
        (folder / "store").mkdir(exist_ok=True)
        self.env["MEMORY_FILE_PATH"] = str(folder / "store" / "memory.jsonl")
        self.wire = served(self.argv, self.env, folder)

    def best(self, query: str) -> list[str]:
        """Call search_nodes; what it finds has no order of its own."""
        return self._nodes(query)[:5]

    def add(self, record: Error) -> str:
        """Create one entity."""
        self.call("create_entities", entities=[_entity(record)])
        return record.id

    def _nodes(self, query: str) -> list[str]:
        return [entity["name"] for entity in self.call("search_nodes", query=query)["entities"]]


class ReferenceByWord(Reference):
    """The same, asked once for each word; what holds most of the words comes first."""

    name = "server-memory, word by word"
    shared = True

    def best(self, query: str) -> list[str]:
        """Call search_nodes for every word of four letters or more."""
        words = dict.fromkeys(word.lower() for word in WORDS.findall(query))
        votes = Counter(name for word in words for name in self._nodes(word))
        return [name for name, _ in votes.most_common(5)]


def _entity(record: AnyRecord) -> dict[str, Any]:
    return {
        "name": record.id, "entityType": record.kind, "observations": [texts.text(record)],
    }  # fmt: skip
