"""What commits changed, as the text of a diff, up to a length."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from typing import Final

from kagura_git.git.run import Git, revision

_SHOW: Final = (
    "-c", "protocol.allow=never", "-c", "core.bigFileThreshold=1m", "diff-tree", "--root", "-p",
    "-U1", "-M", "--diff-merges=first-parent", "--no-ext-diff", "--no-textconv", "--no-color",
    "--no-commit-id",
)  # fmt: skip
_OURS: Final = (":(top,exclude).kagura", ":(top,exclude)kagura.toml")


def patch_texts(git: Git, shas: Iterable[str], limit: int) -> Iterator[tuple[str, str]]:
    """Yield commits with their diffs, without kagura's own files, ``limit`` characters in all.

    A diff of any size costs no more than what is taken of it; one that was cut ends so.
    """
    for sha in shas:
        if limit <= 0:
            return
        text = _start(git, revision(sha), limit)
        limit -= len(text)
        yield sha, text


def _start(git: Git, sha: str, limit: int) -> str:
    process = subprocess.Popen(
        ["git", *_SHOW, sha, "--", ":(top)", *_OURS], cwd=git.cwd, env=dict(git.env),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        data = process.stdout.read(4 * limit)
        more = bool(process.stdout.read(1))
    finally:
        process.kill()
        process.stdout.close()
        process.wait()
    text = data.decode("utf-8", "replace")
    return f"{text[:limit]}\n[the rest is left out]" if more or len(text) > limit else text
