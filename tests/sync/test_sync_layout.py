"""A tree of notes stays in one order, whoever else writes into it."""

from __future__ import annotations

import random

import pytest
from clones import WHO, Clone, fact
from git_repo import Sandbox
from hypothesis import given, settings
from hypothesis import strategies as st

from kagura_git.git import note_trees, note_union, notes, notes_state


def many(box: Sandbox, count: int) -> list[str]:
    stream = "".join(
        f"commit refs/heads/many\nmark :{n + 1}\ncommitter A <a@b.c> {n} +0000\ndata 2\nx\n"
        for n in range(count)
    )
    box.run("fast-import", "--quiet", "--force", stdin=stream)
    return box.out("rev-list", "many").split()


@pytest.fixture
def alone(box: Sandbox) -> Clone:
    return Clone(box.top, box.env)


def in_order(clone: Clone) -> bool:
    """No folder holds both notes and folders, and no commit has two notes."""
    kinds: dict[str, set[bool]] = {}
    shas = []
    for path in clone.out("ls-tree", "-r", "--name-only", notes.REF).split():
        parts = path.split("/")
        shas.append("".join(parts))
        for depth in range(len(parts)):
            kinds.setdefault("/".join(parts[:depth]), set()).add(depth < len(parts) - 1)
    mixed = [folder for folder, found in kinds.items() if len(found) > 1]
    return not mixed and len(shas) == len(set(shas))


@pytest.mark.parametrize("count", [20, 150, 250, 300])
def test_git_and_we_may_write_in_turn(alone: Clone, count: int) -> None:
    shas = many(alone, count + 8)
    git = alone.repo.git
    notes.add(git, {sha: [fact("first")] for sha in shas[:count]}, WHO)
    for turn in range(4):
        alone.run("notes", "--ref=kagura", "append", "-m", "by hand", shas[count + 2 * turn])
        assert in_order(alone)
        notes.add(git, {shas[turn]: [fact("more")], shas[count + 2 * turn + 1]: [fact("x")]}, WHO)
        assert in_order(alone)
    assert alone.said()[shas[0]] == {"first", "more"}
    assert len(alone.out("notes", "--ref=kagura", "list").split("\n")) == count + 8
    assert alone.out("notes", "--ref=kagura", "show", shas[0]).count("first") == 1


def test_a_folder_that_is_full_is_split(alone: Clone) -> None:
    shas = many(alone, 260)
    git = alone.repo.git
    for start in range(0, 260, 52):
        notes.add(git, {sha: [fact(sha)] for sha in shas[start : start + 52]}, WHO)
    assert in_order(alone)
    assert {len(name) for name in alone.out("ls-tree", "--name-only", notes.REF).split()} == {2}
    assert alone.said() == {sha: {sha} for sha in shas}


def test_the_last_entry_takes_its_note_along(alone: Clone) -> None:
    sha = alone.commit()
    alone.note(sha, "x")
    notes.take_away(alone.repo.git, {sha: [fact("x")]}, WHO)
    assert alone.out("ls-tree", "-r", notes.REF) == ""


def line(name: str) -> bytes:
    return f'- {{"kind": "change", "id": "{name}", "path": "a"}}\n'.encode()


def mixed(alone: Clone) -> list[str]:
    """Notes in a folder and beside it, one commit's in both."""
    shas = [alone.commit(name) for name in ("one", "two", "three")]
    one, two, three = shas
    spots = {one: line("a"), f"{one[:2]}/{one[2:]}": line("b"), "README": b"no note\n"}
    spots[f"{two[:2]}/{two[2:4]}/{two[4:]}"] = line("c")
    spots[three] = b"by hand\n"
    alone.plumb(spots)
    assert notes_state.problem(alone.repo.git)
    return shas


def test_a_mixed_tree_is_read_in_full(alone: Clone) -> None:
    one, two, three = mixed(alone)
    expected = {one: {"a", "b"}, two: {"c"}, three: set()}
    assert alone.said() == expected
    found = notes.read(alone.repo.git, [one, two])
    assert {sha: {entry["id"] for entry in found[sha]} for sha in found} == {
        one: {"a", "b"},
        two: {"c"},
    }


def test_the_next_write_brings_a_mixed_tree_into_order(alone: Clone) -> None:
    one, two, three = mixed(alone)
    alone.note(two, "d")
    assert notes_state.problem(alone.repo.git) is None
    names = alone.out("ls-tree", "-r", "--name-only", notes.REF).split()
    assert sorted(names) == sorted(["README", one, two, three])
    assert alone.said() == {one: {"a", "b"}, two: {"c", "d"}, three: set()}
    assert alone.out("show", f"{notes.REF}:{three}") == "by hand"


def test_tidying_touches_nothing_that_is_in_order(alone: Clone) -> None:
    mixed(alone)
    note_union.tidy(alone.repo.git, WHO, 5)
    tip = alone.tip
    note_union.tidy(alone.repo.git, WHO, 5)
    assert alone.tip == tip
    assert notes_state.problem(alone.repo.git) is None


def test_git_merges_what_we_wrote_into_a_tree_that_was_mixed(alone: Clone) -> None:
    one, two, _ = mixed(alone)
    alone.note(two, "d")
    alone.run("update-ref", "refs/notes/other", notes.REF)
    alone.note(one, "ours")
    alone.run("notes", "--ref=other", "append", "-m", "theirs", two)
    alone.run("notes", "--ref=kagura", "merge", "-q", "-s", "cat_sort_uniq", "other")
    assert alone.said()[one] == {"a", "b", "ours"}
    assert "theirs" in alone.out("notes", "--ref=kagura", "show", two)


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(0, 700), st.integers(0, 3))
def test_a_place_for_each_note_and_no_folder_mixed(seed: int, count: int, deep: int) -> None:
    dice = random.Random(seed)
    shas = [f"{dice.getrandbits(160):040x}" for _ in range(count)]

    def spot(sha: str) -> str:
        depth = dice.randint(0, deep)
        return "/".join([*(sha[2 * n : 2 * n + 2] for n in range(depth)), sha[2 * depth :]])

    paths = {sha: [spot(sha) for _ in range(dice.randint(0, 2))] for sha in shas}
    found = note_trees.places(paths)
    assert {sha: path.replace("/", "") for sha, path in found.items()} == {s: s for s in shas}
    kinds: dict[str, set[bool]] = {}
    for path in found.values():
        parts = path.split("/")
        for depth in range(len(parts)):
            kinds.setdefault("/".join(parts[:depth]), set()).add(depth < len(parts) - 1)
    assert all(len(kind) == 1 for kind in kinds.values())
    assert note_trees.places({sha: [path] for sha, path in found.items()}) == found
