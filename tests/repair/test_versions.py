"""Versions of records in trees: read in bulk, by the id in the name."""

from __future__ import annotations

from team import ID, Team

from kagura_git.git import versions


def test_a_renamed_file_is_the_same_record(team: Team) -> None:
    before = team.box.head
    renamed = team.path.replace("use-sqlite", "use-a-file")
    team.box.run("mv", team.path, renamed)
    team.box.commit("rename")
    (found,) = versions.differences(team.box.repo.git, [(team.box.head, before)])
    assert set(found) == {ID}
    assert (found[ID].there.path, found[ID].here.path) == (renamed, team.path)  # type: ignore[union-attr]


def test_trees_without_a_difference_have_their_place_in_the_answer(team: Team) -> None:
    first = team.box.head
    team.box.commit("work", code="2\n")
    second = team.box.head
    team.edit(impact="x")
    pairs = [(second, first), (team.box.head, second), (first, second)]
    found = versions.differences(team.box.repo.git, pairs)
    assert [set(difference) for difference in found] == [set(), {ID}, set()]


def test_a_blob_that_is_not_there_is_left_out_and_a_long_one_is_blank(team: Team) -> None:
    short = team.box.run("hash-object", "-w", "--stdin", stdin="short").stdout.strip()
    long = team.box.run("hash-object", "-w", "--stdin", stdin="x" * 100).stdout.strip()
    found = versions.blobs(team.box.repo.git, [long, "0" * 39 + "1", short], 10)
    assert found == {short: b"short", long: b" " * 10}


def test_names_that_are_not_utf8_hide_no_other(team: Team) -> None:
    name = b".kagura/decisions/2025-11/D-00000002-\xff\n.yaml".decode("utf-8", "surrogateescape")
    team.box.write(name, "x")
    team.box.commit("odd")
    found = versions.tree(team.box.repo.git, "HEAD")
    assert found["D-00000002"].path == name
    assert found[ID].path == team.path
    assert name in versions.staged(team.box.repo.git).settled
