"""A bare repository, clones of it, and what their notes say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from git_repo import Sandbox, new

from kagura_git.git import notes
from kagura_git.services import sync
from kagura_git.services.sync import SyncReport
from kagura_git.workspace import Workspace, open_workspace

WHO = "Ada <ada@example.org>"
TRACKING = "refs/notes/remotes/origin/kagura"


def fact(name: str) -> dict[str, Any]:
    return {"kind": "change", "id": name, "path": "a"}


class Clone(Sandbox):
    """A work tree whose notes can be written, compared and exchanged."""

    @property
    def ws(self) -> Workspace:
        return open_workspace(str(self.top), self.env)

    @property
    def tip(self) -> str:
        """The commit of the notes; empty without any."""
        return self.run("rev-parse", "--verify", "--quiet", notes.REF, ok=False).stdout.strip()

    def note(self, rev: str, *names: str) -> str:
        """Add entries to the note of a commit; returns the commit."""
        sha = self.out("rev-parse", rev)
        notes.add(self.repo.git, {sha: [fact(name) for name in names]}, WHO)
        return sha

    def said(self) -> dict[str, set[str]]:
        """Return the names of all entries, by commit."""
        return {
            sha: {str(entry["id"]) for entry in entries}
            for sha, entries in notes.all_notes(self.repo.git).items()
        }

    def sync(self, remote: str | None = None, **more: Any) -> SyncReport:
        return sync.sync(self.ws, remote, **more)

    def plumb(self, texts: Mapping[str, bytes], *, ref: str = notes.REF, parent: str = "") -> str:
        """Let a ref hold a tree with these paths and contents, as another tool might write it."""
        parts = [f"commit {ref}\ncommitter {WHO} 1700000000 +0000\ndata 2\nx\n".encode()]
        if parent:
            parts.append(f"from {parent}\n".encode())
        for path, text in texts.items():
            parts.append(f"M 100644 inline {path}\ndata {len(text)}\n".encode() + text + b"\n")
        self.run(
            "fast-import", "--quiet", "--force",
            stdin=b"".join(parts).decode("utf-8", "surrogateescape"),
        )  # fmt: skip
        return self.out("rev-parse", ref)


class Hub:
    """A bare repository with the commits that notes are about."""

    def __init__(self, folder: Path, env: dict[str, str], *options: str) -> None:
        self.folder, self.env = folder, env
        self.bare = new(folder / "hub.git", env, "--bare", *options)
        start = new(folder / "start", env, *options)
        for name in ("one", "two", "three"):
            start.commit(name, a=f"{name}\n")
        start.run("push", "-q", str(self.bare.top), "HEAD:main")
        self.commits = start.out("rev-list", "--reverse", "HEAD").split()

    @property
    def url(self) -> str:
        return f"file://{self.bare.top}"

    def clone(self, name: str, *options: str) -> Clone:
        top = self.folder / name
        self.bare.run("clone", "-q", *options, self.url, str(top))
        return Clone(top, self.env)

    def tip(self) -> str:
        """The commit of the hub's notes; empty without any."""
        done = self.bare.run("rev-parse", "--verify", "--quiet", notes.REF, ok=False)
        return done.stdout.strip()

    def hook(self, name: str, text: str) -> None:
        self.bare.script(f"hooks/{name}", f"#!/bin/sh\n{text}\n")


def same(*clones: Clone) -> bool:
    """Tell whether all have the very same notes."""
    return len({clone.tip for clone in clones}) == 1
