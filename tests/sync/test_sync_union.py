"""Two refs of notes become one: everything that either says, and nothing twice."""

from __future__ import annotations

import subprocess
import sys

import newer_git
import pytest
from clones import WHO, Clone, fact
from git_repo import ROOT, new
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sync_layout import in_order, line, many

from kagura_git.errors import GitError
from kagura_git.git import notes, objects
from kagura_git.model import note_lines
from tests.work import processor_seconds

OTHER = "refs/notes/other"
_WORDS = st.sampled_from(["- {}", "x", "y", "- z", " ", "\r", "\udcff", "\u2028"])
_TEXTS = st.lists(_WORDS, max_size=5).map(lambda lines: "".join(f"{one}\n" for one in lines))


@pytest.fixture
def alone(box) -> Clone:
    return Clone(box.top, box.env)


def unite(clone: Clone, other: str = OTHER) -> int:
    return notes.union(clone.repo.git, other, WHO)


def text(clone: Clone, sha: str) -> str:
    return clone.run("notes", "--ref=kagura", "show", sha).stdout


# lines


@given(_TEXTS, _TEXTS, _TEXTS)
def test_lines_unite_in_any_order_and_grouping(one: str, two: str, three: str) -> None:
    united = note_lines.united
    assert united(one, two) == united(two, one)
    assert united(one, one) == one
    left, right = united(united(one, two), three), united(one, united(two, three))
    assert set(note_lines.lines(left)) == set(note_lines.lines(right))
    everything = {x for part in (one, two, three) for x in note_lines.lines(part)}
    assert set(note_lines.lines(left)) == everything


@given(_TEXTS, _TEXTS)
def test_no_line_comes_twice_and_each_side_keeps_its_order(one: str, two: str) -> None:
    one, two = ("\n".join(dict.fromkeys(part.split("\n"))) for part in (one, two))
    lines = note_lines.lines(note_lines.united(one, two))
    assert len(lines) == len(set(lines))
    first = [found for found in lines if found in note_lines.lines(one)]
    second = [found for found in lines if found in note_lines.lines(two)]
    assert first == note_lines.lines(one) or second == note_lines.lines(two)


# refs


def test_no_notes_of_our_own_yet(alone: Clone) -> None:
    sha = alone.commit()
    alone.plumb({sha: line("a")}, ref=OTHER)
    assert unite(alone) == 1
    assert alone.tip == alone.out("rev-parse", OTHER)


def test_nothing_there(alone: Clone) -> None:
    alone.commit()
    assert unite(alone) == 0
    assert alone.tip == ""


def test_one_that_only_went_further_is_taken_as_it_is(alone: Clone) -> None:
    one, two = alone.commit("one"), alone.commit("two")
    alone.note(one, "a")
    alone.plumb({two: line("b"), one: line("a") + line("c")}, ref=OTHER, parent=alone.tip)
    assert unite(alone) == 2
    assert alone.tip == alone.out("rev-parse", OTHER)
    alone.note(one, "d")
    tip = alone.tip
    assert unite(alone) == 0
    assert alone.tip == tip


def test_both_sides_are_parents_and_nothing_is_lost(alone: Clone) -> None:
    one, two, three = (alone.commit(name) for name in ("one", "two", "three"))
    alone.note(one, "base")
    base = alone.tip
    alone.plumb({one: line("base") + b"by hand\n", two: line("b")}, ref=OTHER, parent=base)
    alone.note(one, "ours")
    alone.note(three, "c")
    ours = alone.tip
    assert unite(alone) == 2
    assert alone.said() == {one: {"base", "ours"}, two: {"b"}, three: {"c"}}
    assert "by hand\n" in text(alone, one)
    assert alone.out("log", "-1", "--format=%P", notes.REF).split() == [
        ours,
        alone.out("rev-parse", OTHER),
    ]


def test_histories_without_anything_in_common(alone: Clone) -> None:
    one, two = alone.commit("one"), alone.commit("two")
    alone.note(one, "a")
    alone.plumb({one: line("b"), two: line("c")}, ref=OTHER)
    assert unite(alone) == 2
    assert alone.said() == {one: {"a", "b"}, two: {"c"}}


def test_notes_in_another_layout_are_the_same_notes(alone: Clone) -> None:
    shas = many(alone, 5)
    alone.plumb({f"{sha[:2]}/{sha[2:]}": line("a") for sha in shas}, ref=OTHER)
    for sha in shas[:4]:
        alone.note(sha, "a")
    assert unite(alone) == 1
    assert alone.said() == {sha: {"a"} for sha in shas}
    assert in_order(alone)


def test_a_mixed_tree_of_theirs_comes_in_whole_and_in_order(alone: Clone) -> None:
    one, two = alone.commit("one"), alone.commit("two")
    alone.note(two, "ours")
    spots = {one: line("a"), f"{one[:2]}/{one[2:]}": line("b"), f"{two[:2]}/{two[2:]}": line("c")}
    alone.plumb(spots, ref=OTHER)
    assert unite(alone) == 2
    assert alone.said() == {one: {"a", "b"}, two: {"c", "ours"}}
    assert in_order(alone)


def test_two_clones_that_unite_the_same_write_the_same(alone: Clone) -> None:
    one, two = alone.commit("one"), alone.commit("two")
    alone.plumb({one: line("b") + line("a"), two: b"x\n"}, ref=OTHER)
    alone.plumb({one: line("c") + line("a"), two: b"y\nx\n"})
    ours, theirs = alone.tip, alone.out("rev-parse", OTHER)
    unite(alone)
    first = alone.out("rev-parse", f"{notes.REF}^{{tree}}")
    alone.run("update-ref", notes.REF, theirs)
    unite(alone, ours)
    assert alone.out("rev-parse", f"{notes.REF}^{{tree}}") == first


def test_what_one_side_removed_comes_back_if_the_other_one_wrote_meanwhile(alone: Clone) -> None:
    one, two = alone.commit("one"), alone.commit("two")
    alone.note(one, "a")
    base = alone.tip
    alone.run("notes", "--ref=kagura", "remove", one)
    gone = alone.tip
    alone.run("update-ref", OTHER, base)
    unite(alone)
    assert alone.said() == {}  # they had nothing new
    alone.run("update-ref", OTHER, gone)
    alone.run("update-ref", notes.REF, base)
    alone.note(two, "b")
    unite(alone)
    assert alone.said() == {one: {"a"}, two: {"b"}}


def test_a_ref_that_holds_no_commit(alone: Clone) -> None:
    alone.commit()
    blob = alone.run("hash-object", "-w", "--stdin", stdin="x").stdout.strip()
    alone.run("update-ref", OTHER, blob)
    with pytest.raises(GitError, match="no commit"):
        unite(alone)
    assert alone.tip == ""


_SETS = st.dictionaries(st.integers(0, 3), st.sets(st.sampled_from("abcde"), min_size=1))


@settings(max_examples=6)
@given(st.lists(_SETS, min_size=3, max_size=3), st.booleans())
def test_any_three_notes_unite_to_the_same(tmp_path_factory, sides, related: bool) -> None:
    from git_repo import isolated

    folder = tmp_path_factory.mktemp("union")
    alone = Clone(folder, isolated(folder))
    alone.run("init", "-q", "-b", "main")
    shas = many(alone, 4)
    parent = alone.plumb({}, ref="refs/notes/base") if related else ""
    tips = []
    for number, side in enumerate(sides):
        spots = {shas[n]: b"".join(line(x) for x in sorted(found)) for n, found in side.items()}
        tips.append(alone.plumb(spots, ref=f"refs/notes/side{number}", parent=parent))
    results = []
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        alone.run("update-ref", notes.REF, tips[order[0]])
        for number in (*order[1:], order[0], order[1]):
            unite(alone, tips[number])
        results.append(alone.said())
    # ((0 with 1) with 2), and (0 with (1 with 2))
    alone.run("update-ref", notes.REF, tips[1])
    unite(alone, tips[2])
    alone.run("update-ref", OTHER, notes.REF)
    alone.run("update-ref", notes.REF, tips[0])
    unite(alone)
    results.append(alone.said())
    expected: dict[str, set[str]] = {}
    for side in sides:
        for n, found in side.items():
            expected.setdefault(shas[n], set()).update(found)
    assert results == [expected] * 4


def test_ten_thousand_notes_unite_quickly_and_few_are_read(
    alone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    shas = many(alone, 10_000)
    git = alone.repo.git
    notes.add(git, {sha: [fact("a")] for sha in shas}, WHO)
    base = alone.tip
    notes.add(git, {sha: [fact("theirs")] for sha in shas[:100]}, WHO)
    alone.run("update-ref", OTHER, notes.REF)
    alone.run("update-ref", notes.REF, base)
    notes.add(git, {sha: [fact("ours")] for sha in shas[50:150]}, WHO)
    asked: list[str] = []
    real = objects.read
    monkeypatch.setattr(
        objects, "read", lambda g, names, **k: asked.extend(names) or real(g, names, **k)
    )
    start = processor_seconds()
    assert unite(alone) == 100
    assert processor_seconds() - start < 30  # 0.15 s on an idle machine
    assert len(asked) <= 200
    said = alone.said()
    assert said[shas[60]] == {"a", "ours", "theirs"}
    assert len(said) == 10_000


# writers at the same time

_UNITER = """
import os, sys
sys.path.insert(0, {root!r})
from kagura_git.git import notes
from kagura_git.git.run import Git, scrubbed
git = Git({top!r}, scrubbed(os.environ))
sys.stdin.readline()
if sys.argv[1].startswith("refs/"):
    notes.union(git, sys.argv[1], "U <u@x>")
else:
    notes.add(git, {{sys.argv[2]: [{{"kind": "change", "id": sys.argv[1]}}]}}, "W <w@x>")
"""


def race(clone: Clone, sha: str, jobs: list[str]) -> None:
    program = _UNITER.format(root=str(ROOT), top=str(clone.top))
    running = [
        subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", program, job, sha],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=clone.env,
        )
        for job in jobs
    ]  # fmt: skip
    for process in running:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    for process in running:
        _, said = process.communicate(timeout=600)
        assert process.returncode == 0, said.decode()


def sides(clone: Clone, sha: str, count: int) -> list[str]:
    refs = [f"refs/notes/side{number}" for number in range(count)]
    for ref in refs:
        clone.plumb({sha: line(ref[-5:])}, ref=ref)
    return refs


def test_unions_and_writers_at_once_lose_nothing(alone: Clone) -> None:
    sha = alone.commit()
    refs, writers = sides(alone, sha, 8), [f"w{number}" for number in range(12)]
    race(alone, sha, [*refs, *writers])
    assert alone.said() == {sha: {ref[-5:] for ref in refs} | set(writers)}


def test_forty_writers_in_a_reftable_repository_lose_nothing(tmp_path, env, monkeypatch) -> None:
    newer_git.use(env, monkeypatch, 2, 45)
    alone = Clone(new(tmp_path / "reftable", env, "--ref-format=reftable").top, env)
    sha = alone.commit()
    writers = [f"w{number}" for number in range(40)]
    race(alone, sha, [*sides(alone, sha, 2), *writers])
    assert alone.said() == {sha: {"side0", "side1", *writers}}
