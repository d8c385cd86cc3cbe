"""A hint for repositories whose CODEOWNERS file names no reviewer of decisions."""

from __future__ import annotations

from typing import Final

from kagura_git.git.repo import Repository

# Where GitHub and GitLab look for it; the first that is there counts.
_PLACES: Final = (
    ".github/CODEOWNERS",
    ".gitlab/CODEOWNERS",
    "CODEOWNERS",
    "docs/CODEOWNERS",
)


def hint(repo: Repository) -> str | None:
    """Return what to say of the file; None where there is none, or it names the records."""
    for path in _PLACES:
        try:
            text = repo.read(path).decode("utf-8", "replace")
        except OSError:
            continue
        lines = (line.split("#", 1)[0] for line in text.splitlines())
        if any(".kagura" in line for line in lines):
            return None
        return (
            f"{path} names nobody for decisions: a line such as `/.kagura/decisions/ @your-team` "
            "makes them the reviewers"
        )
    return None
