"""``init`` and ``uninstall``: what kagura-git puts into a repository, and taking it back.

Everything touched is written down first, with the bytes it had, in
``kagura/installed.json`` of the common git directory. ``uninstall`` gives back
these very bytes where nobody changed the file since; where somebody did, only
our own lines go. Records, the journal and the working memory always stay.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from kagura_git import atomic
from kagura_git.errors import KaguraError
from kagura_git.git import config, notes, shims
from kagura_git.git.repo import Repository
from kagura_git.git.shims import Program
from kagura_git.settings import FILE as TOML
from kagura_git.store.files import FOLDER, RecordFiles
from kagura_git.store.schema import schema_files

README: Final = f"{FOLDER}/README.md"
SCHEMAS: Final = f"{FOLDER}/schemas"
ATTRIBUTES: Final = ".gitattributes"
_BEGIN: Final = "# kagura-git: records are text, merged line by line (added by `git kagura init`)"
_END: Final = "# kagura-git end"
# A merge driver that is named but not configured is git's ordinary text merge.
_BLOCK: Final = (_BEGIN, f"{FOLDER}/**/*.yaml text eol=lf merge=kagura", _END)
_BLOCK_AT: Final = re.compile(
    rb"^" + re.escape(_BEGIN.encode()) + rb"\r?\n(?s:.*?)^" + _END.encode() + rb"(?:\r?\n|\Z)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was (or would be) changed: what, and in which file or setting."""

    what: str
    where: str


@dataclass
class _Touched:
    """A file as it was before us, and what we made of it.

    ``before`` is None where there was no file; ``exact`` says that nobody else
    changed it between two of our changes, so that ``before`` may come back.
    """

    before: bytes | None
    after: str | None = None
    exact: bool = True


@dataclass
class _Ledger:
    """What init changed: files by absolute path, values of the git configuration."""

    path: str
    files: dict[str, _Touched] = field(default_factory=dict)
    values: list[tuple[str, str]] = field(default_factory=list)
    hooks_path: str | None = None  # the repository's own core.hooksPath that ours replaced

    def save(self) -> None:
        state = {
            "version": 1,
            "files": {path: _dumped(touched) for path, touched in self.files.items()},
            "values": self.values,
            "hooks_path": self.hooks_path,
        }
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        atomic.write(self.path, json.dumps(state, indent=1).encode())

    def unchanged(self, path: str) -> bool:
        """Tell whether a file still is exactly what we made of it."""
        touched = self.files.get(path)
        return touched is not None and touched.after == _digest(path)

    def starting(self, path: str) -> None:
        """Keep a file that is about to change."""
        if path not in self.files:
            self.files[path] = _Touched(_bytes(path))
        elif not self.unchanged(path):
            self.files[path].exact = False
        self.save()

    def done(self, path: str) -> None:
        """Keep what a file has become."""
        self.files[path].after = _digest(path)
        self.save()


def _dumped(touched: _Touched) -> dict[str, Any]:
    before = None if touched.before is None else base64.b64encode(touched.before).decode()
    return {"before": before, "after": touched.after, "exact": touched.exact}


def _ledger(repo: Repository) -> _Ledger:
    path = os.path.join(repo.shared, "installed.json")
    data = _bytes(path)
    if data is None:
        return _Ledger(path)
    try:
        state = json.loads(data)
        files = {
            name: _Touched(
                None if kept["before"] is None else base64.b64decode(kept["before"]),
                kept["after"],
                kept["exact"],
            )
            for name, kept in state["files"].items()
        }
        values = [(name, value) for name, value in state["values"]]
        return _Ledger(path, files, values, state["hooks_path"])
    except (ValueError, KeyError, TypeError) as error:
        raise KaguraError(
            f"cannot be read: {error}",
            hint="Move the file away; uninstall then removes the hooks and settings it recognizes.",
            where=path,
        ) from None


# init


def init(
    repo: Repository,
    *,
    with_hooks: bool = True,
    dry_run: bool = False,
    program: Program | None = None,
) -> list[Change]:
    """Set a repository up; returns what was changed, nothing where it is set up already.

    Args:
        with_hooks: False leaves git's hooks alone.
        dry_run: only say what would be changed.
        program: the Python and package that the hooks start; default those running now.

    Raises:
        KaguraError: one of our files is a symbolic link or a folder.
    """
    program = program or shims.this_program()
    for path in (FOLDER, SCHEMAS, README, ATTRIBUTES, TOML):
        _refuse_odd(repo, path, folder=path in (FOLDER, SCHEMAS))
    ledger = _ledger(repo)
    files = list(_wanted_files(repo, ledger))
    values = list(_wanted_values(repo))
    hooks = shims.pending(repo, program) if with_hooks else []
    takes_over = with_hooks and _takes_over(repo)
    changes = [Change(what, path) for path, _, what in files]
    changes += [Change(f"added {value}", f"git config {name}") for name, value in values]
    changes += [Change("hook installed", _shown(repo, path)) for path in hooks]
    if takes_over:
        changes.append(Change(f"set to {shims.own_folder(repo)}", "git config core.hooksPath"))
    if dry_run or not changes:
        return changes
    for path, data, _ in files:
        _put(ledger, os.path.join(repo.top, path), data)
    if hooks:
        shims.install(repo, program)
    if values or takes_over:
        _configure(repo, ledger, values, takes_over=takes_over)
    return changes


def _refuse_odd(repo: Repository, path: str, *, folder: bool) -> None:
    full = os.path.join(repo.top, path)
    if os.path.islink(full):
        raise KaguraError(
            "a symbolic link; init writes only into this repository",
            hint=f"Replace the link with a {'folder' if folder else 'file'} of its own.",
            where=path,
        )
    if os.path.lexists(full) and not (os.path.isdir if folder else os.path.isfile)(full):
        kind = "folder" if folder else "file"
        raise KaguraError(f"not a {kind}", hint="Move it to another name.", where=path)


def _wanted_files(repo: Repository, ledger: _Ledger) -> Iterator[tuple[str, bytes, str]]:
    """Yield path, new content and what it is, for each file that is not as it should be."""
    owned = {README: shims.source("template-README.md")}
    owned.update({f"{SCHEMAS}/{name}": text for name, text in schema_files().items()})
    for path, text in owned.items():
        full, data = os.path.join(repo.top, path), text.encode()
        now = _bytes(full)
        # A file from a colleague's version, or edited, is not ours to replace.
        if now is None or (now != data and ledger.unchanged(full)):
            yield path, data, "written"
    if _bytes(os.path.join(repo.top, TOML)) is None:
        yield TOML, shims.source("template.toml").encode(), "written, every setting commented out"
    now = _bytes(os.path.join(repo.top, ATTRIBUTES)) or b""
    data = _with_block(now)
    if data != now:
        yield ATTRIBUTES, data, "attributes of the record files added"


def _with_block(text: bytes) -> bytes:
    newline = b"\r\n" if b"\r\n" in text else b"\n"
    block = b"".join(line.encode() + newline for line in _BLOCK)
    if _BLOCK_AT.search(text):
        return _BLOCK_AT.sub(lambda _: block, text, count=1)
    gap = b"" if not text or text.endswith(b"\n") else newline
    return text + gap + block


def _wanted_values(repo: Repository) -> Iterator[tuple[str, str]]:
    """Yield the git settings that are missing."""
    git = repo.git
    for name in ("notes.rewriteRef", "notes.displayRef"):
        if not {notes.REF, "refs/notes/*"} & {value for _, value in config.values(git, name)}:
            yield name, notes.REF
    for remote in config.remotes(git):
        name = f"remote.{remote}.fetch"
        specs = config.own(git, name)
        # Not forced, and to a name of the remote's own: unpushed notes are never overwritten.
        # With the star: a fetch of an exact name fails as long as the remote has no such ref.
        spec = f"{notes.REF}*:refs/notes/remotes/{remote}/kagura*"
        mirrors = any(known.partition(":")[2] == "refs/*" for known in specs)
        if specs and not mirrors and spec not in specs:
            yield name, spec


def _takes_over(repo: Repository) -> bool:
    """Tell whether core.hooksPath names a folder of someone else."""
    at = shims.place(repo)
    now = config.folder(repo.git, "core.hooksPath")
    return at.former is not None and now != at.folder


def _configure(
    repo: Repository, ledger: _Ledger, values: list[tuple[str, str]], *, takes_over: bool
) -> None:
    path = os.path.join(repo.common_dir, "config")
    ledger.starting(path)
    ledger.values += [pair for pair in values if pair not in ledger.values]
    if takes_over:
        own = config.own(repo.git, "core.hooksPath")
        ledger.hooks_path = own[-1] if own else None
    ledger.save()
    for name, value in values:
        config.add(repo.git, name, value)
    if takes_over:
        config.replace(repo.git, "core.hooksPath", shims.own_folder(repo))
    ledger.done(path)


def _put(ledger: _Ledger, path: str, data: bytes) -> None:
    ledger.starting(path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    _write(path, data)
    ledger.done(path)


# uninstall


def uninstall(repo: Repository) -> list[Change]:
    """Take back what init did; returns what was changed, and what was left and why.

    Records stay, and so do the journal, the working memory and an edited
    ``kagura.toml``; without any record ``.kagura`` goes away entirely.
    Without ``installed.json`` (init ran in another clone) the files of the work
    tree are someone's commits and stay; hooks and git settings go.
    """
    ledger = _ledger(repo)
    changes = list(_unconfigure(repo, ledger))
    changes += [Change("hook removed", _shown(repo, path)) for path in shims.remove(repo)]
    inside = repo.top + os.sep
    for path in [path for path in ledger.files if path.startswith(inside)]:
        changes += _take_back(repo, ledger, path)
        del ledger.files[path]
    for derived in ("index", "links.json"):
        _discard(os.path.join(repo.private, derived))
    _discard(os.path.join(repo.shared, "vectors.sqlite"))
    for folder in (SCHEMAS, FOLDER):
        if folder != FOLDER or not any(RecordFiles(repo.top).entries()):
            _remove_empty(os.path.join(repo.top, folder))
    _remove_empty(shims.own_folder(repo))
    others = [path for path in ledger.files if os.path.exists(path)]
    if others:  # other worktrees have files of ours
        ledger.values, ledger.hooks_path = [], None
        ledger.save()
    else:
        _discard(ledger.path)
        _remove_empty(repo.shared, itself_only=True)
        _remove_empty(repo.private, itself_only=True)
    return changes


def _unconfigure(repo: Repository, ledger: _Ledger) -> Iterator[Change]:
    path = os.path.join(repo.common_dir, "config")
    touched = ledger.files.pop(path, None)
    intact = touched and touched.exact and touched.after == _digest(path)
    if touched and intact and touched.before is not None:
        config.restore(path, touched.before)
        yield Change("as it was before init", _shown(repo, path))
        return
    known = ledger.values
    if not os.path.exists(ledger.path) and shims.present(repo):
        # The ledger is lost: what init would add, and the repository's own file has, was ours.
        known = [pair for pair in _all_values(repo) if pair[1] in config.own(repo.git, pair[0])]
    for name, value in known:
        if config.remove(repo.git, name, value):
            yield Change(f"removed {value}", f"git config {name}")
    ours = shims.own_folder(repo)
    former = ledger.hooks_path
    if former is not None and ours in config.own(repo.git, "core.hooksPath"):
        config.replace(repo.git, "core.hooksPath", former)
        yield Change(f"set back to {former}", "git config core.hooksPath")
    elif config.remove(repo.git, "core.hooksPath", ours):
        yield Change(f"removed {ours}", "git config core.hooksPath")


def _all_values(repo: Repository) -> Iterator[tuple[str, str]]:
    yield "notes.rewriteRef", notes.REF
    yield "notes.displayRef", notes.REF
    for remote in config.remotes(repo.git):
        yield f"remote.{remote}.fetch", f"{notes.REF}*:refs/notes/remotes/{remote}/kagura*"


def _take_back(repo: Repository, ledger: _Ledger, path: str) -> Iterator[Change]:
    touched = ledger.files[path]
    now, shown = _bytes(path), _shown(repo, path)
    if now is None:
        return
    if touched.exact and touched.after == _digest(path):
        if touched.before is None:
            os.unlink(path)
            yield Change("removed", shown)
        else:
            _write(path, touched.before)
            yield Change("as it was before init", shown)
    elif os.path.basename(path) == ATTRIBUTES:
        rest = _BLOCK_AT.sub(b"", now, count=1)
        if rest or touched.before is not None:
            _write(path, rest)
        else:
            os.unlink(path)
        yield Change("our lines removed; it was edited since init", shown)
    else:
        yield Change("kept: it was edited since init", shown)


# files


def _bytes(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _digest(path: str) -> str | None:
    data = _bytes(path)
    return None if data is None else hashlib.sha256(data).hexdigest()


def _write(path: str, data: bytes) -> None:
    """Replace a file's content; it keeps its mode."""
    mode = os.stat(path).st_mode & 0o7777 if os.path.exists(path) else None
    atomic.write(path, data)
    if mode is not None:
        os.chmod(path, mode)


def _discard(path: str) -> None:
    """Remove something derived, if it is there."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def _remove_empty(folder: str, *, itself_only: bool = False) -> None:
    """Remove a folder, with the empty ones in it, if nothing is left inside."""
    if os.path.islink(folder):
        return
    for path, _, _ in os.walk(folder, topdown=False) if not itself_only else [(folder, [], [])]:
        with contextlib.suppress(OSError):
            os.rmdir(path)


def _shown(repo: Repository, path: str) -> str:
    """Return a path as a person wants to read it: below the top where it is there."""
    inside = os.path.relpath(path, repo.top)
    return path if inside.startswith("..") else inside
