"""The one way to write into a work tree: the path is resolved, and one that leaves is refused.

A repository is untrusted: a folder in it may be a symbolic link to anywhere, also into the
git directory, where a file can become a ref, a hook or configuration. Parent folders are
opened one by one without following links, so that none can be exchanged between check and
write. Standard library only: the hooks use it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kagura_git import atomic
from kagura_git.disk import explained
from kagura_git.errors import KaguraError

# HFS+ leaves these out when it compares names: git refuses `.g\u200cit` for that reason.
_IGNORED: Final = dict.fromkeys(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF]
)
_BY_DESCRIPTOR: Final = {os.open, os.mkdir, os.stat, os.unlink, os.rename} <= os.supports_dir_fd
_FOLDER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)


class UnsafePath(KaguraError):
    """A path that leads out of the work tree, through a link, or into a git directory."""


@dataclass(frozen=True, slots=True)
class WorkTree:
    """A work tree to write into; all paths absolute and without links.

    Attributes:
        top: its top folder.
        git_dirs: the repository's git directories, wherever they lie.
    """

    top: str
    git_dirs: tuple[str, ...] = ()

    def resolve(self, path: str, *, follow: bool = False) -> str:
        """Return the absolute path of a target that may be written.

        Args:
            path: relative to the top, or absolute below it.
            follow: links may lead to another place inside the work tree.

        Raises:
            UnsafePath: it leaves the work tree, enters a git directory or another
                repository, or (without ``follow``) a folder on the way is a link.
        """
        full = os.path.normpath(os.path.join(self.top, path))
        if follow:
            full = os.path.join(os.path.realpath(os.path.dirname(full)), os.path.basename(full))
        parts = _parts(full, self.top)
        shown = path if not os.path.isabs(path) else "/".join(_parts(path, self.top) or [path])
        if parts is None:
            raise UnsafePath(
                "leads out of the repository",
                hint="Replace the symbolic link on the way, or name another place.",
                where=shown,
            )
        for depth, name in enumerate(parts):
            if is_git_dir_name(name):
                raise self._inside_git(shown)
            here = os.path.join(self.top, *parts[: depth + 1])
            if depth + 1 == len(parts):
                break
            if os.path.islink(here):
                raise UnsafePath(
                    "a symbolic link; nothing is written through links",
                    hint="Replace the link with a folder.",
                    where="/".join(parts[: depth + 1]),
                )
            if os.path.lexists(os.path.join(here, ".git")):
                raise UnsafePath(
                    "belongs to another repository",
                    hint="Name a folder outside of submodules and nested repositories.",
                    where="/".join(parts[: depth + 1]),
                )
        self.refuse_git_dir(full, shown)
        return full

    def refuse_git_dir(self, path: str, shown: str = "") -> None:
        """Raise ``UnsafePath`` if a path, resolved, lies in a git directory."""
        real = os.path.realpath(path)
        below = _parts(real, self.top)
        # A work tree may itself lie inside a git directory: there only what is below counts.
        folders = [f for f in self.git_dirs if below is None or _parts(f, self.top) is not None]
        inside = any(_parts(real, folder) is not None for folder in folders)
        if inside or any(map(is_git_dir_name, real.split(os.sep) if below is None else below)):
            raise self._inside_git(shown or path)

    @staticmethod
    def _inside_git(where: str) -> UnsafePath:
        return UnsafePath(
            "leads into a git directory, where files control git",
            hint="Replace the symbolic link on the way, or name another place.",
            where=where,
        )

    def make_folder(self, path: str, *, follow: bool = False) -> str:
        """Make a folder, and those above it, unless it exists; returns its absolute path.

        Raises:
            UnsafePath: see :meth:`resolve`.
            CannotWrite: the disk is full, read-only ...
        """
        full = os.path.dirname(self.resolve(os.path.join(path, "x"), follow=follow))
        with self._opened(full):
            return full

    def write(
        self,
        path: str,
        data: bytes,
        *,
        follow: bool = False,
        durable: bool = True,
        settled: bool = True,
        aside: str | None = None,
    ) -> None:
        """Replace a file with ``data``, atomically; folders on the way are made.

        A link at the target itself is replaced, not followed. See :func:`atomic.write`.

        Raises:
            UnsafePath: see :meth:`resolve`.
            CannotWrite: the disk is full, read-only ...
        """
        full = self.resolve(path, follow=follow)
        with self._opened(os.path.dirname(full)) as folder:
            atomic.write(
                full,
                data,
                durable=durable,
                settled=settled,
                aside=aside,
                tracked=True,
                folder_fd=folder,
            )

    def remove(self, path: str) -> bool:
        """Remove a file; False if there is none, or a folder on the way is a link."""
        try:
            full = self.resolve(path)
        except UnsafePath:
            return False
        if not os.path.lexists(full):
            return False
        with self._opened(os.path.dirname(full)) as folder, explained(full):
            os.unlink(full if folder is None else os.path.basename(full), dir_fd=folder)
        return True

    @contextlib.contextmanager
    def _opened(self, folder: str) -> Iterator[int | None]:
        """Yield a descriptor of a folder, made if it is missing; no link is followed.

        Yields None where the system opens nothing by descriptor (Windows).
        """
        if not _BY_DESCRIPTOR:
            atomic.make_folder(folder, tracked=True)
            yield None
            return
        if not os.path.isdir(self.top):
            atomic.make_folder(self.top, tracked=True)
        with explained(folder):
            descriptor = os.open(self.top, _FOLDER)
            try:
                for name in _parts(folder, self.top) or []:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(name, dir_fd=descriptor)
                    below = os.open(name, _FOLDER, dir_fd=descriptor)
                    os.close(descriptor)
                    descriptor = below
            except BaseException:
                os.close(descriptor)
                raise
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def chosen(tree: WorkTree, path: str, cwd: str) -> str:
    """Return the absolute path of a target that the user named, which may lie anywhere.

    Only what the repository could have put on the way is refused.

    Raises:
        UnsafePath: it is named inside the work tree and a link leads out of it, or it lies
            in a git directory.
    """
    full = os.path.normpath(os.path.join(os.path.realpath(cwd), path))
    real = os.path.join(os.path.realpath(os.path.dirname(full)), os.path.basename(full))
    if os.path.isdir(full):
        real = os.path.realpath(full)
    if _parts(full, tree.top) is not None and _parts(real, tree.top) is None:
        raise UnsafePath(
            "a symbolic link leads out of the repository",
            hint=f"Name the place itself: {real}",
            where=path,
        )
    tree.refuse_git_dir(real, path)
    return real


def is_git_dir_name(name: str) -> bool:
    """Return True for a name that some file system takes for ``.git``.

    Case, trailing dots and spaces, streams (``.git:x``) and short names as on NTFS, and
    the characters that HFS+ ignores; see git's own ``is_ntfs_dotgit`` and ``is_hfs_dotgit``.
    """
    plain = name.translate(_IGNORED).split(":", 1)[0].rstrip(". ").casefold()
    return plain in (".git", "git~1")


def _parts(path: str, folder: str) -> list[str] | None:
    """Return a path's parts below a folder, or None if it is not inside."""
    if path == folder:
        return []
    start = folder.rstrip(os.sep) + os.sep
    return path[len(start) :].split(os.sep) if path.startswith(start) else None
