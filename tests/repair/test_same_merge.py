"""However the sides were mistreated, the repair gives what our merge driver would have given."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from git_repo import isolated, new
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from team import NOW, Team

from kagura_git.model.merge import merge
from kagura_git.model.records import Record
from kagura_git.store import codec

_TAGS = st.lists(st.sampled_from("abcd"), unique=True, max_size=4)
_EDITS = st.fixed_dictionaries(
    {},
    optional={
        "impact": st.sampled_from(["Fewer servers", "More disks\nFewer servers", "None"]),
        "rationale": st.sampled_from(["One file", "Other\nMany readers", "One file\nMany"]),
        "tags": _TAGS,
        "alternatives": st.lists(st.sampled_from(["Files", "A server"]), unique=True),
        "confidence": st.sampled_from([0.1, 0.5, 0.9]),
        "status": st.sampled_from(["accepted", "rejected"]),
        "reviewed_at": st.integers(1, 3).map(lambda hours: NOW + timedelta(hours=hours)),
    },
)


@pytest.fixture(scope="module")
def one_team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    home = tmp_path_factory.mktemp("same-merge")
    return Team(new(home / "repo", isolated(home)))


@settings(max_examples=10, phases=[Phase.explicit, Phase.generate])  # shrinking takes minutes
@given(
    base=_EDITS,
    ours=_EDITS,
    theirs=_EDITS,
    way=st.sampled_from(["kept ours", "committed the markers", "in progress"]),
)
def test_the_repair_is_the_driver_s_own_merge(
    one_team: Team, base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any], way: str
) -> None:
    team = one_team
    team.box.run("checkout", "-q", "--force", "-B", "main", ":/^decide")
    team.edit(**base)
    team.box.run("branch", "-f", "side")
    team.edit_on("side", **theirs)
    team.edit(**ours)
    start = team.at(team.box.out("merge-base", "main", "side"))
    wanted = merge(start, team.at("main"), team.at("side"))
    if way == "kept ours":
        team.merge_keeping_ours()
    else:
        team.merge(ok=False)
    if way == "committed the markers":
        team.box.run("commit", "-q", "--no-verify", "-a", "--allow-empty", "-m", "oops")
    team.repair()
    assert same(team.now(), wanted)
    assert team.repair() == []


def same(one: Record, other: Record) -> bool:
    """Tell whether two records say the same.

    Where git merged lines without a conflict, a list may be in another order, or
    hold twice what both sides added.
    """
    return codec.dumps(_sorted(one)) == codec.dumps(_sorted(other))


def _sorted(record: Record) -> Record:
    held = {name: sorted(values, key=repr) for name, values in sorted(record.conflicts.items())}
    lists = {name: sorted(set(getattr(record, name))) for name in ("tags", "alternatives")}
    return replace(record, conflicts=held, **lists)
