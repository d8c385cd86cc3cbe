"""Running git: argument lists, bytes in and out, a scrubbed environment.

Light on purpose (the hooks use it).
"""

from __future__ import annotations

import subprocess
from collections.abc import Collection, Mapping
from typing import Final

from kagura_git.errors import GitError

# Variables that tell git *how* to work (git(1), "Environment Variables"): who commits, which
# configuration holds, how other machines are reached (TLS, proxies, SSH, passwords), what is
# logged. Proxies by http_proxy, ALL_PROXY ... and SSH_* do not start with GIT_ and are always kept.
_HOW: Final = (
    "GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG_", "GIT_ATTR_NOSYSTEM", "GIT_EXEC_PATH",
    "GIT_SSH", "GIT_SSL_", "GIT_PROXY_", "GIT_HTTP_", "GIT_CURL_", "GIT_ASKPASS",
    "GIT_TERMINAL_PROMPT", "GIT_ALLOW_PROTOCOL", "GIT_PROTOCOL", "GIT_LFS_", "GIT_TRACE",
    "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_NO_LAZY_FETCH",
    "GIT_OPTIONAL_LOCKS",
)  # fmt: skip
# Variables that say *where* the repository is: only :func:`kagura_git.git.repo.discover` reads
# them. All others (GIT_INDEX_FILE, GIT_OBJECT_DIRECTORY ...) leak out of hooks and aliases, hold
# for the command that set them, and are dropped.
_WHERE: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR")


def scrubbed(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the variables that say where the repository is."""
    env = {
        name: value
        for name, value in environ.items()
        if not name.startswith("GIT_") or name.startswith(_HOW)
    }
    env["LC_ALL"] = "C"
    return env


def named_repository(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which an environment names a repository: GIT_DIR and the like."""
    return {name: environ[name] for name in _WHERE if environ.get(name)}


class Git:
    """git, run in one folder with one environment."""

    def __init__(self, cwd: str, env: Mapping[str, str]) -> None:
        self.cwd = cwd
        self.env = env

    def run(
        self, *args: str, stdin: bytes | None = None, ok: Collection[int] = (0,)
    ) -> subprocess.CompletedProcess[bytes]:
        """Run ``git ARGS`` and return what it printed and its exit code.

        Raises:
            GitError: git is not installed, or its exit code is not in ``ok``.
        """
        try:
            done = subprocess.run(
                ["git", *args],
                cwd=self.cwd,
                env=dict(self.env),
                input=stdin,
                stdin=None if stdin is not None else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                check=False,
            )
        except FileNotFoundError as error:
            if error.filename == "git":
                raise GitError(
                    "git is not installed or not on the PATH", hint="Install git 2.30 or newer."
                ) from None
            raise GitError(f"no such folder: {self.cwd}") from None
        if done.returncode not in ok:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise GitError(
                f"git {args[0]} failed ({done.returncode}): {said.removeprefix('fatal: ')}",
                where=self.cwd,
            )
        return done

    def text(self, *args: str, stdin: bytes | None = None, ok: Collection[int] = (0,)) -> str:
        """Return what ``git ARGS`` printed, as text, without the last newline."""
        return decode(self.run(*args, stdin=stdin, ok=ok).stdout).rstrip("\n")

    def fields(self, *args: str, stdin: bytes | None = None) -> list[str]:
        """Return the NUL-separated fields that ``git ARGS`` printed."""
        out = decode(self.run(*args, stdin=stdin).stdout)
        return out.split("\0")[:-1] if out.endswith("\0") else out.split("\0")

    def config(self, name: str) -> str | None:
        """Return the last value of a configuration variable, or None."""
        done = self.run("config", "--get", name, ok=(0, 1))
        return decode(done.stdout).rstrip("\n") if done.returncode == 0 else None


def decode(data: bytes) -> str:
    """Return git's bytes as text; file names that are not UTF-8 survive the way back."""
    return data.decode("utf-8", "surrogateescape")


def revision(text: str) -> str:
    """Return a revision given by a caller; one that looks like an option is refused.

    Raises:
        GitError: it starts with ``-`` or holds a NUL or newline.
    """
    if text.startswith("-") or "\0" in text or "\n" in text or not text:
        raise GitError(f"not a revision: {text!r}", hint="Name a branch, a tag or a commit.")
    return text
