"""Which repository this is: its folders, its identity, its name."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kagura_git.errors import GitError, NotFound
from kagura_git.fs.safe_path import WorkTree
from kagura_git.git import path_input
from kagura_git.git.guarded import guarded
from kagura_git.git.run import Git, decode, named_repository, revision, scrubbed
from kagura_git.model.printable import one_line

_LONGEST_PATH: Final = 16 * 1024
_LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository as seen from one of its worktrees; all paths absolute.

    Attributes:
        top: the top of the work tree.
        git_dir: this worktree's git directory.
        common_dir: the git directory that all worktrees share.
    """

    git: Git
    top: str
    git_dir: str
    common_dir: str

    @property
    def tree(self) -> WorkTree:
        """The work tree as a place to write into."""
        return WorkTree(self.top, (self.git_dir, self.common_dir))

    @property
    def private(self) -> str:
        """The folder for what belongs to this worktree alone."""
        return os.path.join(self.git_dir, "kagura")

    @property
    def shared(self) -> str:
        """The folder for what all worktrees share."""
        return os.path.join(self.common_dir, "kagura")

    def refs_mark(self, *refs: str) -> tuple[object, ...]:
        """Return a value that changes whenever HEAD or one of these refs may have moved.

        Looks at the files git replaces when a ref moves (loose refs, packed-refs,
        HEAD's log, reftable's list): a few ``stat`` calls where a process costs 2 ms.
        """
        head = os.path.join(self.git_dir, "HEAD")
        try:
            with open(head, "rb") as file:
                branch = file.read(4096)
        except OSError:
            branch = b""
        name = branch.removeprefix(b"ref: ").strip().decode("utf-8", "surrogateescape")
        files = (
            os.path.join(self.git_dir, "logs", "HEAD"),
            *(
                os.path.join(self.common_dir, ref)
                for ref in (name, *refs)
                if ref.startswith("refs/")
            ),
            os.path.join(self.common_dir, "packed-refs"),
            os.path.join(self.common_dir, "reftable", "tables.list"),
            os.path.join(self.git_dir, "reftable", "tables.list"),
        )
        return (branch, *(_file_mark(path) for path in files))

    def head(self) -> str | None:
        """Return the commit of HEAD, or None before the first commit."""
        done = self.git.run("rev-parse", "--verify", "--quiet", "HEAD", ok=(0, 1, 128))
        return done.stdout.decode().strip() or None if done.returncode == 0 else None

    def commit(self, name: str) -> str:
        """Return the full id of a commit given by name; raises ``NotFound``."""
        done = self.git.run(
            "rev-parse", "--verify", "--quiet", f"{revision(name)}^{{commit}}", ok=(0, 1, 128)
        )
        if done.returncode != 0:
            raise NotFound(f"no commit {name!r}", hint="`git log` shows the commits.", where=name)
        return done.stdout.decode().strip()

    def identity(self) -> str:
        """Return ``Name <email>`` as git would sign a commit, or ``unknown``."""
        done = self.git.run("var", "GIT_AUTHOR_IDENT", ok=(0, 1, 128))
        if done.returncode != 0:
            return os.environ.get("USER") or "unknown"
        text = done.stdout.decode("utf-8", "replace")
        return text[: text.rfind(">") + 1].strip() or "unknown"

    def name(self) -> str:
        """Return the repository's name: of ``origin`` if it has one, else of the main folder."""
        url = self.git.config("remote.origin.url")
        if url:
            address = url.rstrip("/").replace("\\", "/")
            _, scheme, host = address.partition("://")
            if scheme and "/" not in host:  # no path: the name is the host's, never the password
                return _shown(host.rpartition("@")[2].split(":", 1)[0])
            last = address.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
            if last.removesuffix(".git"):
                return _shown(last.removesuffix(".git"))
        if os.path.basename(self.common_dir) == ".git":
            return _shown(os.path.basename(os.path.dirname(self.common_dir)))
        return _shown(os.path.basename(self.common_dir).removesuffix(".git"))

    def read(self, path: str) -> bytes:
        """Return the head of a work tree's file, 256 KiB at most; links are not followed.

        Raises:
            OSError: it is gone, a link or no regular file.
        """
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(os.path.join(self.top, *path.split("/")), flags)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(f"not a regular file: {path}")
            return file.read(256 * 1024)

    def relative(self, path: str, cwd: str | None = None) -> str:
        """Return a path given by a caller as ``/``-separated path below the top.

        Relative paths count from ``cwd`` (default: the top). The file itself
        need not exist; a symbolic link as last part is kept as it is. A path that names
        no file to the letter may be a URI, one of Windows, or decomposed Unicode.

        Raises:
            GitError: the path is empty, endless, holds a NUL, or leaves the repository.
        """
        if not path or "\0" in path or len(path) > _LONGEST_PATH:
            raise GitError(f"not a path: {one_line(repr(path[:200]), 200)}")
        if not path_input.is_plain(path):
            found = path_input.find(
                path, self.top, lambda reading: self._inside(reading, cwd), self._tracked
            )
            if found is not None:
                return found
        return self._inside(path, cwd)

    def _tracked(self) -> frozenset[str]:
        """Return the paths that git tracks."""
        names = decode(self.git.run("ls-files", "-z").stdout).split("\0")
        return frozenset(filter(None, names))

    def _inside(self, path: str, cwd: str | None) -> str:
        full = os.path.normpath(os.path.join(cwd or self.top, path))
        parent = os.path.realpath(os.path.dirname(full))
        inside = os.path.relpath(os.path.join(parent, os.path.basename(full)), self.top)
        if inside == ".." or inside.startswith(f"..{os.sep}") or os.path.isabs(inside):
            raise GitError(
                f"{one_line(path)} is outside the repository",
                hint="Give a path below the top of the repository.",
                where=self.top,
            )
        return inside.replace(os.sep, "/")


def anywhere(start: str, environ: Mapping[str, str]) -> Git:
    """Return git for a folder in any repository, a bare one too; GIT_DIR as for :func:`discover`.

    Raises:
        GitError: no repository there.
    """
    git = Git(os.path.abspath(start), guarded({**scrubbed(environ), **_absolute(start, environ)}))
    if git.run("rev-parse", "--git-dir", ok=(0, 128)).returncode != 0:
        discover(start, environ)  # it knows why
        raise GitError("not in a git repository", where=start)
    return git


def _shown(name: str) -> str:
    """Return a name as a label: a folder may be called anything, a record holds plain text."""
    return one_line(name.strip(), _LONGEST_NAME) or "repository"


def _file_mark(path: str) -> tuple[int, int, int] | None:
    try:
        info = os.stat(path)
    except OSError:
        return None
    return info.st_mtime_ns, info.st_ino, info.st_size


def discover(start: str, environ: Mapping[str, str]) -> Repository:
    """Return the repository that git itself works on in a folder.

    ``GIT_DIR`` and ``GIT_WORK_TREE``, as ``git --git-dir=D --work-tree=W`` sets them, win over
    the folder; relative ones count from it. Where the work tree does not lead to the git
    directory by itself (these variables, ``core.worktree``), the repository's ``git`` names both.

    Raises:
        GitError: no repository there, or a bare one, which has no records to write.
    """
    named = named_repository(environ)
    git = Git(start, guarded({**scrubbed(environ), **named}))
    # What rev-parse does not know it repeats: a mark between paths that may hold line breaks.
    mark = f"--{os.urandom(8).hex()}"
    done = git.run(
        "rev-parse", "--is-bare-repository", mark, "--absolute-git-dir", mark, "--git-common-dir",
        mark, "--show-toplevel", ok=(0, 128),
    )  # fmt: skip
    found = decode(done.stdout).removesuffix("\n").split(f"\n{mark}\n")
    if done.returncode != 0 or len(found) != 4:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise _not_found(found[0], said, start, named)
    top, git_dir = os.path.realpath(found[3]), os.path.realpath(found[1])
    # Not normpath: where `start` is a link, git's ".." counts from what it points to.
    common = os.path.realpath(os.path.join(start, found[2]))
    env = guarded(scrubbed(environ))
    if named.keys() - {"GIT_DIR"} or not _leads_to(top, git_dir):
        env |= {"GIT_DIR": git_dir, "GIT_WORK_TREE": top}
        if "GIT_COMMON_DIR" in named:
            env["GIT_COMMON_DIR"] = common
    return Repository(git=Git(top, env), top=top, git_dir=git_dir, common_dir=common)


def _not_found(bare: str, said: str, start: str, named: Mapping[str, str]) -> GitError:
    if bare == "true":
        hint = "Run this in one of its worktrees (`git worktree list`)."
        if "GIT_DIR" in named:
            hint = f"{hint[:-1]}, or name one: `git --git-dir=D --work-tree=W kagura ...`."
        return GitError("a bare repository has no work tree", hint=hint, where=start)
    hint = "Run this inside a repository, or `git init` first."
    if "dubious ownership" in said:
        hint = said.split("\n", 1)[-1].strip()
    elif named:
        given = ", ".join(f"{name}={value}" for name, value in named.items())
        hint = (
            f"The environment names the repository ({one_line(given, 500)}): correct or unset it."
        )
    elif bare == "false":
        hint = "Run this in the work tree, not inside its git directory."
    return GitError("not in a git work tree", hint=hint, where=start)


def _leads_to(top: str, git_dir: str) -> bool:
    """Return whether git, started at the top of the work tree, finds this git directory."""
    link = os.path.join(top, ".git")
    try:
        with open(link, "rb") as file:
            text = decode(file.read(65536))
    except IsADirectoryError:
        return os.path.realpath(link) == git_dir
    except OSError:
        return False
    path = text.removeprefix("gitdir: ").rstrip("\n")
    return os.path.realpath(os.path.join(top, path)) == git_dir


def _absolute(start: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return GIT_DIR and the like with relative paths resolved from a folder."""
    named = named_repository(environ)
    return {name: os.path.join(os.path.abspath(start), path) for name, path in named.items()}
