"""Records that lie in a folder further down, as a history filter may leave them."""

from __future__ import annotations

from kagura_git.git.run import Git, decode

_PATTERN = ":(top,glob)**/.kagura/*/*/*.yaml"


def moved_to(git: Git) -> str | None:
    """Return the folder whose ``.kagura`` git tracks, None if there is none but at the top."""
    done = git.run("ls-files", "-z", "--full-name", "--", _PATTERN, ok=(0, 128))
    for path in decode(done.stdout).split("\0"):
        folder, found, _ = path.partition("/.kagura/")
        if found and not path.startswith(".kagura/"):
            return folder
    return None
