"""Merging texts line by line, held against git's own merge."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagura_git.model.text_merge import hunks, merge_lines, merge_texts

few = st.lists(st.sampled_from("abc"), max_size=8)


@given(few, few)
def test_hunks_turn_one_text_into_the_other(old: list[str], new: list[str]) -> None:
    out: list[str] = []
    done = 0
    found = hunks(old, new)
    assert found is not None
    for hunk in found:
        out += old[done : hunk.start] + new[hunk.first : hunk.last]
        done = hunk.end
    assert out + old[done:] == new
    assert all(hunk.start < hunk.end or hunk.first < hunk.last for hunk in found)


@given(few, few, few)
def test_both_directions_merge_alike(base: list[str], ours: list[str], theirs: list[str]) -> None:
    assert merge_lines(base, ours, theirs) == merge_lines(base, theirs, ours)


@given(few, few)
def test_one_side_s_edit_is_the_result(base: list[str], edited: list[str]) -> None:
    assert merge_lines(base, edited, base) == edited
    assert merge_lines(base, edited, edited) == edited


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("a\nb\nc", "A\nb\nc", "a\nb\nC", "A\nb\nC"),
        ("a\nb\nc", "A\nb\nc", "a\nb\nc\nd", "A\nb\nc\nd"),
        ("a\nb\nc", "a\nc", "a\nb\nc\nd", "a\nc\nd"),
        ("a\nb", "A\nb", "a\nB", None),  # touching, as for git
        ("a", "b", "c", None),
        ("", "a", "b", None),
        ("a\n", "b\na\n", "a\nc\n", "b\na\nc\n"),
        ("a\nb\n", "x\na\nb\n", "a\nb\ny\n", "x\na\nb\ny\n"),
    ],
)
def test_changes_join_unless_they_meet(
    base: str, ours: str, theirs: str, merged: str | None
) -> None:
    assert merge_texts(base, ours, theirs) == merged


def edited(dice: random.Random, lines: list[str], words: list[str]) -> list[str]:
    out = list(lines)
    for _ in range(dice.randint(1, 3)):
        at = dice.randint(0, len(out))
        match dice.choice(["add", "drop", "change"]):
            case "add":
                out.insert(at, dice.choice(words))
            case "drop":
                del out[at : at + dice.randint(1, 2)]
            case _:
                out[at : at + 1] = [dice.choice(words)]
    return out


def merged_by_git(folder: Path, *texts: list[str]) -> list[str] | None:
    names = [folder / name for name in ("base", "ours", "theirs")]
    for name, lines in zip(names, texts, strict=True):
        name.write_text("".join(f"{line}\n" for line in lines))
    base, ours, theirs = map(str, names)
    done = subprocess.run(
        ["git", "merge-file", "-p", "-q", ours, base, theirs],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split("\n")[:-1] if done.returncode == 0 else None


def test_what_git_merges_merges_here_and_to_the_same_text(tmp_path: Path) -> None:
    """Sentences rarely stand twice in a text; where lines do repeat, git and we may differ."""
    dice = random.Random(5)
    words = [f"sentence {number}" for number in range(500)]
    clean = 0
    for _ in range(150):
        base = dice.sample(words, dice.randint(0, 15))
        ours, theirs = edited(dice, base, words), edited(dice, base, words)
        by_git = merged_by_git(tmp_path, base, ours, theirs)
        clean += by_git is not None
        assert merge_lines(base, ours, theirs) == by_git
    assert 25 < clean < 145


def test_texts_too_far_apart_are_given_up_in_time() -> None:
    base = [f"old {number}" for number in range(20_000)]
    ours = [f"new {number}" for number in range(20_000)]
    begun = time.process_time()
    assert merge_lines(base, ours, ["first", *base]) is None
    assert time.process_time() - begun < 20
