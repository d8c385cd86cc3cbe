"""What ``init`` changed, kept beside the repository so that ``uninstall`` gives back every byte.

Each file is kept with the bytes it had before us, and with the digest of what
we made of it: only a file that nobody changed since gets its bytes back.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kagura_git import atomic
from kagura_git.errors import KaguraError
from kagura_git.fs import regular_file
from kagura_git.fs.safe_path import WorkTree
from kagura_git.git.repo import Repository

_MOST: Final = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was (or would be) changed: what, and in which file or setting."""

    what: str
    where: str


@dataclass
class Touched:
    """A file as it was before us, and what we made of it.

    ``before`` is None where there was no file; ``exact`` says that nobody else
    changed it between two of our changes, so that ``before`` may come back.
    """

    before: bytes | None
    after: str | None = None
    exact: bool = True


@dataclass
class Ledger:
    """What init changed: files by absolute path, values of the git configuration.

    ``hooks_path`` is the repository's own ``core.hooksPath``, which an older version replaced;
    ``made`` is the hooks folder, if there was none.
    """

    path: str
    files: dict[str, Touched] = field(default_factory=dict)
    values: list[tuple[str, str]] = field(default_factory=list)
    hooks_path: str | None = None
    made: str | None = None

    @property
    def _base(self) -> str:
        return os.path.dirname(os.path.dirname(self.path))

    def save(self) -> None:
        """Write the ledger down, before anything that it speaks of is changed."""
        state = {
            "version": 1,
            # From the git directory on, so that the repository may be moved.
            "files": {os.path.relpath(p, self._base): _dumped(t) for p, t in self.files.items()},
            "values": self.values,
            "hooks_path": self.hooks_path,
            "made": self.made and os.path.relpath(self.made, self._base),
        }
        atomic.make_folder(os.path.dirname(self.path))
        atomic.write(self.path, json.dumps(state, indent=1).encode())

    def unchanged(self, path: str) -> bool:
        """Tell whether a file still is exactly what we made of it."""
        touched = self.files.get(path)
        return touched is not None and touched.after == digest(path)

    def starting(self, path: str) -> None:
        """Note a file that is about to change; :meth:`save` makes it last."""
        if path not in self.files:
            self.files[path] = Touched(content(path))
        elif not self.unchanged(path):
            self.files[path].exact = False

    def done(self, path: str) -> None:
        """Keep what a file has become."""
        self.files[path].after = digest(path)
        self.save()

    def put(self, files: Mapping[str, bytes], tree: WorkTree) -> None:
        """Write files of the work tree, having kept what they were.

        A file that is new may be lost with the power.

        Raises:
            UnsafePath: a folder on the way is a symbolic link.
        """
        for path, data in files.items():
            self.starting(path)
            self.files[path].after = hashlib.sha256(data).hexdigest()
        self.save()
        for path, data in files.items():
            write(path, data, durable=self.files[path].before is not None, tree=tree)


def _dumped(touched: Touched) -> dict[str, Any]:
    before = None if touched.before is None else base64.b64encode(touched.before).decode()
    return {"before": before, "after": touched.after, "exact": touched.exact}


def load(repo: Repository) -> Ledger:
    """Return the repository's ledger, empty where init has not run.

    Raises:
        KaguraError: the file cannot be read.
    """
    path = os.path.join(repo.shared, "installed.json")
    data = content(path)
    if data is None:
        return Ledger(path)
    try:
        state = json.loads(data)
        files = {
            os.path.normpath(os.path.join(repo.common_dir, name)): Touched(
                None if kept["before"] is None else base64.b64decode(kept["before"]),
                kept["after"],
                kept["exact"],
            )
            for name, kept in state["files"].items()
        }
        values = [(name, value) for name, value in state["values"]]
        made = state.get("made")
        made = made and os.path.normpath(os.path.join(repo.common_dir, made))
        return Ledger(path, files, values, state["hooks_path"], made)
    except (ValueError, KeyError, TypeError) as error:
        raise KaguraError(
            f"cannot be read: {error}",
            hint="Move the file away; uninstall then removes the hooks and settings it recognizes.",
            where=path,
        ) from None


# files


def content(path: str) -> bytes | None:
    """Return a file's bytes, or None where there is no file.

    Raises:
        KaguraError: it is no regular file, over 16 MiB, or cannot be read.
    """
    try:
        data = regular_file.read(path, _MOST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise KaguraError(
            f"cannot be read: {error.strerror}", hint="Move it to another name.", where=path
        ) from None
    if len(data) > _MOST:
        raise KaguraError(f"over {_MOST // 2**20} MiB", hint="Move it to another name.", where=path)
    return data


def digest(path: str) -> str | None:
    """Return the SHA-256 of a file's bytes, or None where there is no file."""
    data = content(path)
    return None if data is None else hashlib.sha256(data).hexdigest()


def write(path: str, data: bytes, *, durable: bool = True, tree: WorkTree | None = None) -> None:
    """Replace a file's content; it keeps its mode.

    Args:
        tree: the work tree that the file lies in; None for a file of the git directory.

    Raises:
        UnsafePath: a folder of the work tree on the way is a symbolic link.
    """
    mode = os.stat(path).st_mode & 0o7777 if os.path.isfile(path) else None
    if tree is None:
        atomic.write(path, data, durable=durable, tracked=True)
    else:
        tree.write(path, data, durable=durable)
    if mode is not None:
        os.chmod(path, mode)


def discard(path: str) -> None:
    """Remove something derived, if it is there."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def remove_empty(folder: str, *, itself_only: bool = False) -> None:
    """Remove a folder, with the empty ones in it, if nothing is left inside."""
    if os.path.islink(folder):
        return
    for path, _, _ in os.walk(folder, topdown=False) if not itself_only else [(folder, [], [])]:
        with contextlib.suppress(OSError):
            os.rmdir(path)


def shown(repo: Repository, path: str) -> str:
    """Return a path as a person wants to read it: below the top where it is there."""
    inside = os.path.relpath(path, repo.top)
    return path if inside.startswith("..") else inside
