"""chromadb and mem0: libraries that live in the process that uses them."""

from __future__ import annotations

from pathlib import Path

from benchmarks.beside import install, models
from benchmarks.beside.memory import DRIVERS, Library


class Chroma(Library):
    """chromadb with its default embedder."""

    name = "chromadb, default embedder"
    embedder = "default"

    def install(self) -> None:
        """Install it; its default embedder gets the network it would download."""
        folder = self.work / self.__class__.__name__.lower()
        self.python = install.python(folder, [self.needs()])
        models.for_chroma(self.work / "home", self.work)
        self.about = f"{install.package_version(self.python, 'chromadb')}; {self.said()}"

    def needs(self) -> list[str]:
        """Return what is to be installed."""
        return ["chromadb"]

    def said(self) -> str:
        """Say what embeds."""
        return "ONNXMiniLM_L6_V2, one collection"

    def driver(self, folder: Path) -> list[str]:
        """Return the command that drives it."""
        script = str(DRIVERS / "drive_chroma.py")
        return [str(self.python), script, str(folder / "store"), self.embedder]


class ChromaTransformers(Chroma):
    """chromadb with sentence-transformers."""

    name = "chromadb, s.-transformers"

    def __init__(self, work: Path) -> None:
        super().__init__(work)
        self.embedder = str(models.folder())

    def needs(self) -> list[str]:
        """Return what is to be installed."""
        return ["chromadb", "sentence-transformers"]

    def said(self) -> str:
        """Say what embeds."""
        return "SentenceTransformerEmbeddingFunction, MiniLM"


class Mem0(Library):
    """mem0 without a language model."""

    name = "mem0"
    batch = 50

    def install(self) -> None:
        """Install it with what it needs to embed here."""
        needs = [["mem0ai", "chromadb", "sentence-transformers"]]
        self.python = install.python(self.work / "mem0", needs)
        self.env["MEM0_DIR"] = str(self.work / "home" / "mem0")
        version = install.package_version(self.python, "mem0ai")
        self.about = f"{version}; infer=False, chroma, sentence-transformers MiniLM"

    def driver(self, folder: Path) -> list[str]:
        """Return the command that drives it."""
        script = str(DRIVERS / "drive_mem0.py")
        return [str(self.python), script, str(folder / "store"), str(models.folder())]
