"""Whether a merge may have lost or broken a record: a quick look, before the thorough one.

Light on purpose: the post-merge hook asks this after every merge and pull. It
may be wrong in one direction only: what it passes over is in order.
"""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple

from kagura_git.git.merges import Contest, Merge, contests, is_shallow, listed
from kagura_git.git.run import Git
from kagura_git.git.versions import RECORDS, Version, blobs, differences
from kagura_git.model.ids import id_in_name

_MERGES: Final = 64
_RECORDS: Final = 2000
_BYTES: Final = 1024 * 1024
_MARKER: Final = re.compile(rb"^(?:<{7}|>{7})(?:[ \r]|$)", re.MULTILINE)
_KEY: Final = re.compile(rb"^[A-Za-z_][\w-]*(?=:[ \r\n])", re.MULTILINE)


class Suspects(NamedTuple):
    """The merges that may have lost a side, and the paths of records that may be broken."""

    merges: list[Merge]
    paths: list[str]


def suspects(
    git: Git, common_dir: str, old: str | None, new: str, own: Callable[[Version], bool]
) -> Suspects | None:
    """Return what deserves a thorough look after a merge or pull moved HEAD, or None.

    Args:
        git: run at the top of the work tree.
        old: HEAD before; None if there was no commit.
        own: tells whether kagura itself wrote a version, and so validated it.
    """
    merges = listed(git, new, *([f"^{old}"] if old else []), limit=_MERGES)
    found = contests(git, merges, shallow=is_shallow(common_dir))
    doubted = [contest for contest in found.found if _has_one_side(contest)]
    came = differences(git, [(new, old)])[0] if old else {}
    arrived = [change.there for change in came.values() if change.there]
    fresh = [version for version in arrived if version.is_file and not own(version)]
    paths = {contest.path for contest in doubted} | _broken(git, fresh)
    wanted = {*found.baseless, *(contest.merge for contest in doubted)}
    added = {record for record, change in came.items() if change.here is None}
    if not wanted and not paths and not _doubled(git.cwd, added):
        return None
    return Suspects([merge for merge in merges if merge in wanted], sorted(paths))


def _has_one_side(contest: Contest) -> bool:
    return contest.result is None or contest.result.blob in {s.blob for s in contest.sides if s}


def _broken(git: Git, fresh: Sequence[Version]) -> set[str]:
    """Return the paths of those that hold conflict markers or a field twice."""
    if len(fresh) > _RECORDS:  # no everyday pull; `doctor` reads them all
        return set()
    contents = blobs(git, (version.blob for version in fresh), _BYTES)
    return {version.path for version in fresh if _looks_broken(contents.get(version.blob, b""))}


def _looks_broken(data: bytes) -> bool:
    keys = _KEY.findall(data)
    if len(keys) != len(set(keys)) or _MARKER.search(data):
        return True
    # Each time an error was seen is a mapping of its own.
    items = data.split(b"\n- ")
    return any(item.count(b"\n  session:") > 1 for item in items)


def _doubled(top: str, added: Collection[str]) -> bool:
    """Tell whether a record that came has a second file, as a rename beside an edit leaves it."""
    for folder in RECORDS if added else ():
        names = glob.glob(f"*/{'?' * 10}*.yaml", root_dir=os.path.join(top, folder))
        ids = Counter(id_in_name(name.rpartition("/")[2]) for name in names)
        if any(ids[record] > 1 for record in added):
            return True
    return False
