"""Which of the reasons that wait may belong to a commit: it is certain, or it goes on waiting.

A record's file tells by itself which commit took it: all this asks of changes alone.
Light on purpose: the hooks use it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime

from kagura_git.git.commit_entries import Fact
from kagura_git.git.head_move import kept_edit
from kagura_git.git.run import Git, decode


def on_line(
    git: Git, git_dir: str, facts: Mapping[str, Fact], before: str | None
) -> dict[str, Fact]:
    """Return the facts recorded on the line of history that a commit continues.

    Or recorded elsewhere, of an edit that was carried here in the work tree.

    Args:
        before: the commit that HEAD was at when the commit was made, None before the first.
    """
    known: dict[str, bool] = {}  # of thousands of facts most were made on one commit
    return {
        key: fact
        for key, fact in facts.items()
        if _is_on_line(git, fact, before, known) or _was_carried(git, git_dir, fact)
    }


def _is_on_line(git: Git, fact: Fact, before: str | None, known: dict[str, bool]) -> bool:
    head = fact.get("head")
    if fact.get("kind") != "change" or head is None or head == before:
        return True
    if before is None or not isinstance(head, str) or not head.isalnum():
        return False
    if head not in known:
        done = git.run("merge-base", "--is-ancestor", head, before, ok=(0, 1, 128))
        known[head] = done.returncode == 0
    return known[head]


def _was_carried(git: Git, git_dir: str, fact: Fact) -> bool:
    # git runs hooks, and they git, at the top of the work tree.
    try:
        since = datetime.fromisoformat(str(fact.get("at"))).timestamp()
        edited = os.lstat(os.path.join(git.cwd, str(fact.get("path")))).st_mtime
    except (OSError, ValueError):
        return False
    return kept_edit(git_dir, str(fact.get("head")), since, edited)


def amended(
    git: Git, facts: Mapping[str, Fact], before: str, new: str, *, now: bool
) -> dict[str, Fact]:
    """Return the facts of what an amended commit changed in the one it replaces.

    And of what that one had changed, unless the file has been edited since: then its
    reason waits for that edit's commit.

    Args:
        now: whether the commit is the one just made, and the work tree tells of edits.
    """
    changes = [fact for fact in facts.values() if fact.get("kind") == "change"]
    paths = [path for fact in changes if isinstance(path := fact.get("path"), str)]
    if not paths:
        return dict(facts)
    step = git.run("diff-tree", "-r", "--no-renames", "--name-only", "-z", before, new, ok=(0, 128))
    done = set(decode(step.stdout).split("\0"))
    edited = set(paths) - done
    if edited and now:
        asked = ("--literal-pathspecs", "diff", "--name-only", "--no-ext-diff", "--no-renames")
        found = git.run(*asked, "-z", "HEAD", "--", *sorted(edited), ok=(0, 128))
        edited = set(decode(found.stdout).split("\0"))
    return {
        key: fact
        for key, fact in facts.items()
        if fact.get("kind") != "change" or fact.get("path") not in edited
    }
