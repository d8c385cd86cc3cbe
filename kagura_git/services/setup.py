"""``init`` and ``uninstall``: what kagura-git puts into a repository, and taking it back.

Everything touched is written down first, with the bytes it had, in
``kagura/installed.json`` of the common git directory. ``uninstall`` gives back
these very bytes where nobody changed the file since; where somebody did, only
our own lines go. Records, the journal and the working memory always stay.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Final

from kagura_git.errors import KaguraError
from kagura_git.git import config, driver, notes, sharing, shim_places, shims, untouched
from kagura_git.git.repo import Repository
from kagura_git.git.shims import Program
from kagura_git.git.sparse import Sparse
from kagura_git.lock_file import FALLBACK
from kagura_git.services import ledger as kept
from kagura_git.services import setup_hooks
from kagura_git.services.ledger import Change, Ledger, shown
from kagura_git.services.setup_hooks import Plan
from kagura_git.settings import FILE as TOML
from kagura_git.store.files import FOLDER, RecordFiles
from kagura_git.store.schema import schema_files

README: Final = f"{FOLDER}/README.md"
SCHEMAS: Final = f"{FOLDER}/schemas"
ATTRIBUTES: Final = ".gitattributes"
_BEGIN: Final = "# kagura-git: records are text, merged field by field (added by `git kagura init`)"
_END: Final = "# kagura-git end"
# A merge driver that is named but not configured is git's ordinary text merge.
# What a filter (LFS), $Id$ or another encoding would make of a record is no record.
_BLOCK: Final = (
    _BEGIN,
    f"{FOLDER}/**/*.yaml text eol=lf -filter -ident !working-tree-encoding merge=kagura",
    _END,
)
_BLOCK_AT: Final = re.compile(
    rb"^# kagura-git: records are text[^\r\n]*\r?\n(?s:.*?)^" + _END.encode() + rb"(?:\r?\n|\Z)",
    re.MULTILINE,
)

_DERIVED: Final = (
    "commit-map-read", "index", "journal-held", "kagura.toml", "links.json", "lock", "merging",
    "noted", "reachable", "staged", "strays", "template", "tmp", "trailers", "vectors.sqlite",
)  # fmt: skip
_WORKING: Final = ("at-commit", "pending", "unstaged", "unwritten")


# init


def init(
    repo: Repository,
    *,
    with_hooks: bool = True,
    by_config: bool | None = None,
    dry_run: bool = False,
    program: Program | None = None,
) -> list[Change]:
    """Set a repository up; returns what was changed, nothing where it is set up already.

    Args:
        with_hooks: False leaves git's hooks alone.
        by_config: whether git's configuration is to start the hooks; None: as it does now.
        dry_run: only say what would be changed.
        program: the Python and package that the hooks start; default those running now.

    Raises:
        KaguraError: one of our files is a symbolic link or a folder, or git is too old for
            ``by_config``.
    """
    for path in (FOLDER, SCHEMAS, README, ATTRIBUTES, TOML):
        _refuse_odd(repo, path, folder=path in (FOLDER, SCHEMAS))
    ledger = kept.load(repo)
    program = program or shims.this_program()
    hooks = setup_hooks.plan(repo, ledger, program, by_config=by_config) if with_hooks else None
    files = list(_wanted_files(repo, ledger))
    values = [*_wanted_values(repo), *driver.wanted(repo)]
    changes = [Change(what, path) for path, _, what in files]
    changes += [Change(f"added {value}", f"git config {name}") for name, value in values]
    if driver.outdated(repo, program):
        changes.append(Change("merge driver written", shown(repo, driver.file(repo))))
    changes += setup_hooks.changes(repo, hooks) if hooks else []
    changes += [Change("permissions corrected", shown(repo, it)) for it in sharing.outdated(repo)]
    if dry_run or not changes:
        return changes
    sharing.apply(repo)
    ledger.put({os.path.join(repo.top, path): data for path, data, _ in files}, repo.tree)
    driver.install(repo, program)
    if hooks:
        setup_hooks.apply(repo, ledger, hooks)
    if values or (hooks and hooks.configures):
        _configure(repo, ledger, values, hooks)
    untouched.keep(repo.git, repo.git_dir)
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


def _wanted_files(repo: Repository, ledger: Ledger) -> Iterator[tuple[str, bytes, str]]:
    """Yield path, new content and what it is, for each file that is not as it should be."""
    owned = {README: shims.source("template-README.md")}
    owned.update({f"{SCHEMAS}/{name}": text for name, text in schema_files().items()})
    left_out = Sparse(repo)
    for path, text in owned.items():
        full, data = os.path.join(repo.top, path), text.encode()
        now = kept.content(full)
        if now is None and left_out.holds(path):
            continue  # a sparse checkout has it all the same
        # A file from a colleague's version, or edited, is not ours to replace.
        if now is None or (now != data and ledger.unchanged(full)):
            yield path, data, "written"
    if kept.content(os.path.join(repo.top, TOML)) is None and not left_out.holds(TOML):
        yield TOML, shims.source("template.toml").encode(), "written, every setting commented out"
    now = kept.content(os.path.join(repo.top, ATTRIBUTES)) or b""
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


def _configure(
    repo: Repository, ledger: Ledger, values: list[tuple[str, str]], hooks: Plan | None
) -> None:
    path = os.path.join(repo.common_dir, "config")
    ledger.starting(path)
    values = [*values, *((name, shim_places.FILE) for name in hooks.include)] if hooks else values
    ledger.values += [pair for pair in values if pair not in ledger.values]
    ledger.save()
    for name, value in values:
        config.add(repo.git, name, value)
    if hooks:
        setup_hooks.configure(repo, ledger, hooks)
    ledger.done(path)


# uninstall


def uninstall(repo: Repository) -> list[Change]:
    """Take back what init did; returns what was changed, and what was left and why.

    Records stay, and so do the journal, the working memory and an edited
    ``kagura.toml``; without any record ``.kagura`` goes away entirely.
    Without ``installed.json`` (init ran in another clone) the files of the work
    tree are someone's commits and stay; hooks and git settings go.
    """
    ledger = kept.load(repo)
    changes = list(_unconfigure(repo, ledger))
    changes += setup_hooks.take_back(repo, ledger)
    if driver.remove(repo):
        changes.append(Change("merge driver removed", shown(repo, driver.file(repo))))
    inside = repo.top + os.sep
    for path in [path for path in ledger.files if path.startswith(inside)]:
        changes += _take_back(repo, ledger, path)
        del ledger.files[path]
    _discard_derived(repo)
    for folder in (SCHEMAS, FOLDER):
        if folder != FOLDER or not any(RecordFiles(repo.top).entries()):
            kept.remove_empty(os.path.join(repo.top, folder))
    others = [path for path in ledger.files if os.path.exists(path)]
    if others:  # other worktrees have files of ours
        ledger.values, ledger.hooks_path = [], None
        ledger.save()
    else:
        kept.discard(ledger.path)
        kept.remove_empty(repo.shared, itself_only=True)
        kept.remove_empty(repo.private, itself_only=True)
    return changes


def _discard_derived(repo: Repository) -> None:
    for folder in {repo.private, repo.shared}:
        names = os.listdir(folder) if os.path.isdir(folder) else []
        for name in names:
            if name in _DERIVED or name.endswith((".lock", FALLBACK)):
                kept.discard(os.path.join(folder, name))
        for name in _WORKING:
            kept.remove_empty(os.path.join(folder, name))
    untouched.forget(repo.git_dir)


def _unconfigure(repo: Repository, ledger: Ledger) -> Iterator[Change]:
    path = os.path.join(repo.common_dir, "config")
    touched = ledger.files.pop(path, None)
    intact = touched and touched.exact and touched.after == kept.digest(path)
    if touched and intact and touched.before is not None:
        config.restore(path, touched.before)
        yield Change("as it was before init", shown(repo, path))
        return
    known = ledger.values
    if not os.path.exists(ledger.path) and shims.present(repo):
        # The ledger is lost: what init would add, and the repository's own file has, was ours.
        known = [pair for pair in _all_values(repo) if pair[1] in config.own(repo.git, pair[0])]
    for name, value in known:
        if config.remove(repo.git, name, value):
            yield Change(f"removed {value}", f"git config {name}")
    if setup_hooks.give_back(repo, ledger):
        yield Change("as it was before init", "git config core.hooksPath")


def _all_values(repo: Repository) -> Iterator[tuple[str, str]]:
    yield "notes.rewriteRef", notes.REF
    yield "notes.displayRef", notes.REF
    yield from driver.VALUES
    for name in shim_places.included(repo):
        yield name, shim_places.FILE
    for remote in config.remotes(repo.git):
        yield f"remote.{remote}.fetch", f"{notes.REF}*:refs/notes/remotes/{remote}/kagura*"


def _take_back(repo: Repository, ledger: Ledger, path: str) -> Iterator[Change]:
    touched = ledger.files[path]
    place = shown(repo, path)
    try:
        repo.tree.resolve(path)
        now = kept.content(path)
    except KaguraError as problem:
        yield Change(f"kept: {problem.message}", place)
        return
    if now is None:
        return
    if touched.exact and touched.after == kept.digest(path):
        if touched.before is None:
            repo.tree.remove(path)
            yield Change("removed", place)
        else:
            kept.write(path, touched.before, tree=repo.tree)
            yield Change("as it was before init", place)
    elif os.path.basename(path) == ATTRIBUTES:
        rest = _BLOCK_AT.sub(b"", now, count=1)
        if rest or touched.before is not None:
            kept.write(path, rest, tree=repo.tree)
        else:
            repo.tree.remove(path)
        yield Change("our lines removed; it was edited since init", place)
    else:
        yield Change("kept: it was edited since init", place)
