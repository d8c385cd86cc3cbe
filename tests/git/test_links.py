"""The links between commits and records: a cache that is never behind and never wrong."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from kagura_git.git import links as links_
from kagura_git.git import notes
from kagura_git.git.links import Links, load
from tests.conftest import TickingSandbox

IDS = [f"{letter}-0000000{number}" for letter in "DES" for number in range(3)]
IDENTITY = "Ada <ada@example.org>"


@pytest.fixture
def cache(tmp_path: Path) -> str:
    return str(tmp_path / "cache" / "links.json")


def rebuilt(repo: TickingSandbox, tmp_path: Path) -> Links:
    """Return what a full walk says."""
    fresh = tmp_path / "fresh" / "links.json"
    fresh.unlink(missing_ok=True)
    return load(repo.repo.git, str(fresh))


def add_note(repo: TickingSandbox, sha: str, *entries: dict[str, Any]) -> None:
    notes.add(repo.repo.git, {sha: entries}, IDENTITY)


def solved(number: int) -> dict[str, Any]:
    return {"kind": "error", "id": f"E-0000000{number}", "relation": "solved"}


def change(path: str, reason: str | None = "because") -> dict[str, Any]:
    return {"kind": "change", "path": path, "reason": reason, "session": "S-00000001"}


def test_before_the_first_commit_there_are_no_links(repo: TickingSandbox, cache: str) -> None:
    assert load(repo.repo.git, cache) == Links()
    assert not Path(cache).exists()
    first = repo.commit("One\n\nKagura-Session: S-00000001", a="1")
    assert load(repo.repo.git, cache).commits_of("S-00000001") == [first]


def test_trailers_and_notes_link_commits_to_records(repo: TickingSandbox, cache: str) -> None:
    first = repo.commit("One\n\nKagura-Decision: D-00000001", a="1")
    second = repo.commit("Two", a="2")
    add_note(
        repo,
        second,
        solved(1),
        change("a"),
        {"kind": "decision", "id": "D-00000001", "relation": "changed"},
    )
    found = load(repo.repo.git, cache)
    assert found.order == [second, first]
    assert found.commits_of("D-00000001") == [second, first]
    assert found.commits_of("S-00000001") == [second]
    assert found.commits_of("D-00000002") == []
    assert found.records[second]["D-00000001"] == "changed"
    assert found.records[first] == {"D-00000001": "linked"}
    assert [entry["path"] for entry in found.changes[second]] == ["a"]
    assert found.changes[second][0]["at"] == repo.out("log", "-1", "--format=%aI")


def test_the_newest_solution_is_the_one(repo: TickingSandbox, cache: str) -> None:
    first, second, third = (repo.commit(f"n{n}", a=str(n)) for n in range(3))
    add_note(repo, first, solved(1))
    add_note(repo, second, solved(1))
    add_note(repo, third, {**solved(1), "relation": "recorded"})
    found = load(repo.repo.git, cache)
    assert found.solved_by("E-00000001") == second
    assert found.solved_by("E-00000002") is None


def test_recorded_and_solved_in_one_commit_is_solved(repo: TickingSandbox, cache: str) -> None:
    sha = repo.commit("One", a="1")
    add_note(repo, sha, solved(1), {**solved(1), "relation": "seen"})
    assert load(repo.repo.git, cache).solved_by("E-00000001") == sha


def test_a_change_without_a_reason_is_not_kept(repo: TickingSandbox, cache: str) -> None:
    sha = repo.commit("One", a="1")
    add_note(
        repo, sha, change("a", None), change("b", ""), {"kind": "change", "path": 5, "reason": "x"}
    )
    assert load(repo.repo.git, cache).changes == {}


@pytest.mark.parametrize("identifier", [5, None, "", "../x", "D-../..", "D-00000001\n"])
def test_what_is_no_id_links_nothing(repo: TickingSandbox, cache: str, identifier: object) -> None:
    add_note(repo, repo.commit("One", a="1"), {"kind": "decision", "id": identifier})
    assert load(repo.repo.git, cache).records == {}


def test_nothing_new_costs_one_look(
    repo: TickingSandbox, cache: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("One\n\nKagura-Session: S-00000001", a="1")
    before = load(repo.repo.git, cache)
    monkeypatch.setattr(links_, "commits", lambda *args, **more: pytest.fail("walked"))
    assert load(repo.repo.git, cache) == before
    assert load(repo.repo.git, cache, before) is before


def test_only_new_commits_and_changed_notes_are_read(
    repo: TickingSandbox, cache: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shas = [repo.commit(f"n{n}", a=str(n)) for n in range(5)]
    add_note(repo, shas[0], change("a"))
    load(repo.repo.git, cache)
    new = repo.commit("new", a="x")
    add_note(repo, shas[1], change("b"))
    asked: list[str] = []
    read = links_.commits
    monkeypatch.setattr(
        links_, "commits", lambda git, revs, **more: asked.extend(revs) or read(git, revs, **more)
    )
    load(repo.repo.git, cache)
    assert asked == [new, shas[1]]


def test_what_was_handed_out_stays_as_it_was(repo: TickingSandbox, cache: str) -> None:
    sha = repo.commit("One", a="1")
    add_note(repo, sha, change("a"))
    before = load(repo.repo.git, cache)
    kept = (before.head, list(before.order), dict(before.records), dict(before.changes))
    repo.commit("Two", a="2")
    add_note(repo, sha, change("b"))
    after = load(repo.repo.git, cache, before)
    assert (before.head, before.order, before.records, before.changes) == kept
    assert len(after.order) == 2
    assert len(after.changes[sha]) == 2


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{", b"[]", b"null", b"5", b"{}", b'{"version": 0}', b'{"version": 1, "more": 2}',
     b"\xff", b'{"version": 1, "head": "' + b"0" * 40 + b'", "notes": null}', b'"x"'],
)  # fmt: skip
def test_a_cache_that_is_gone_torn_or_foreign_comes_back(
    repo: TickingSandbox, cache: str, content: bytes | None
) -> None:
    add_note(repo, repo.commit("One\n\nKagura-Session: S-00000001", a="1"), change("a"))
    before = load(repo.repo.git, cache)
    whole = Path(cache).read_bytes()
    if content is None:
        Path(cache).unlink()
    else:
        Path(cache).write_bytes(content)
    assert load(repo.repo.git, cache) == before
    assert Path(cache).read_bytes() == whole


def test_a_cache_cut_anywhere_gives_the_same_answer(repo: TickingSandbox, cache: str) -> None:
    add_note(repo, repo.commit("One\n\nKagura-Session: S-00000001", a="1"), change("caf\udce9"))
    before = load(repo.repo.git, cache)
    whole = Path(cache).read_bytes()
    for cut in range(0, len(whole), 37):
        Path(cache).write_bytes(whole[:cut])
        assert load(repo.repo.git, cache) == before


def test_a_merge_of_older_work_is_sorted_as_git_sorts_it(
    repo: TickingSandbox, cache: str, tmp_path: Path
) -> None:
    repo.commit("base", a="1")
    repo.run("switch", "-q", "-c", "side")
    older = repo.commit("older\n\nKagura-Session: S-00000001", b="1")
    repo.run("switch", "-q", "main")
    newer = repo.commit("newer\n\nKagura-Session: S-00000001", a="2")
    known = load(repo.repo.git, cache)
    repo.run("merge", "-q", "--no-edit", "side")
    after = load(repo.repo.git, cache, known)
    assert after.commits_of("S-00000001") == [newer, older]
    assert after == rebuilt(repo, tmp_path)


def test_a_pruned_old_tip_is_no_obstacle(repo: TickingSandbox, cache: str, tmp_path: Path) -> None:
    repo.commit("One", a="1")
    add_note(repo, repo.commit("Two", a="2"), change("a"))
    known = load(repo.repo.git, cache)
    repo.run("commit", "-q", "--amend", "-m", "Two again")
    repo.run("update-ref", "-d", notes.REF)
    repo.run("reflog", "expire", "--expire=now", "--all")
    repo.run("gc", "-q", "--prune=now")
    assert load(repo.repo.git, cache, known) == rebuilt(repo, tmp_path)
    assert load(repo.repo.git, cache) == rebuilt(repo, tmp_path)


class Player:
    """Does to a repository what people do, in an order that a seed decides."""

    def __init__(self, repo: TickingSandbox, seed: int) -> None:
        self.repo = repo
        self.random = random.Random(seed)
        self.count = 0
        self.commit()

    def step(self) -> None:
        """Do one thing."""
        self.random.choice(
            [
                self.commit, self.commit, self.commit, self.amend, self.annotate, self.annotate,
                self.branch, self.switch, self.merge, self.reset, self.drop_note, self.pick,
                self.old_commit, self.rewrite_notes, self.detach,
            ]
        )()  # fmt: skip

    def message(self) -> str:
        self.count += 1
        ids = self.random.sample(IDS, self.random.randrange(3))
        names = {"S": "Kagura-Session", "D": "Kagura-Decision"}
        lines = [f"{names[found[0]]}: {found}" for found in ids if found[0] in names]
        return "\n\n".join([f"n{self.count}", "\n".join(lines)]).strip()

    def commit(self) -> None:
        self.repo.write(f"f{self.random.randrange(40)}-{self.count}", f"{self.count}\n")
        self.repo.commit(self.message())

    def old_commit(self) -> None:
        """A clock that runs late, or a patch from last year."""
        date = f"{1_600_000_000 + self.count} +0000"
        self.repo.run(
            "commit", "-q", "--allow-empty", "-m", self.message(),
            GIT_COMMITTER_DATE=date, GIT_AUTHOR_DATE=date,
        )  # fmt: skip

    def amend(self) -> None:
        self.repo.run("commit", "-q", "--amend", "--allow-empty", "-m", self.message())

    def some(self) -> str:
        return self.random.choice(
            self.repo.out("rev-list", "--all", "--exclude=refs/notes/*").split()
        )

    def annotate(self) -> None:
        history = self.repo.out("rev-list", "--branches", "HEAD").split()
        self.count += 1
        entries = [
            solved(self.random.randrange(3)),
            change(f"p{self.count}", self.random.choice(["r", None])),
            {"kind": "decision", "id": self.random.choice(IDS), "relation": "changed"},
        ]
        add_note(self.repo, self.random.choice(history), *self.random.sample(entries, 2))

    def drop_note(self) -> None:
        noted = self.repo.run("notes", "--ref", notes.REF, "list", ok=False).stdout.split()[1::2]
        if noted:
            self.repo.run("notes", "--ref", notes.REF, "remove", self.random.choice(noted))

    def rewrite_notes(self) -> None:
        """Somebody forces the notes back, or loses them."""
        if self.repo.run("rev-parse", "-q", "--verify", f"{notes.REF}~1", ok=False).returncode == 0:
            self.repo.run("update-ref", notes.REF, f"{notes.REF}~1")
        elif self.random.random() < 0.3:
            self.repo.run("update-ref", "-d", notes.REF)

    def branch(self) -> None:
        self.repo.run("switch", "-q", "-c", f"b{self.count}-{self.random.randrange(10**6)}")

    def switch(self) -> None:
        names = self.repo.out("for-each-ref", "--format=%(refname:short)", "refs/heads").split()
        self.repo.run("switch", "-q", self.random.choice(names))

    def detach(self) -> None:
        history = self.repo.out("rev-list", "HEAD").split()
        self.repo.run("checkout", "-q", "--detach", self.random.choice(history[:3]))

    def merge(self) -> None:
        names = self.repo.out("for-each-ref", "--format=%(refname:short)", "refs/heads").split()
        other = self.random.choice(names)
        unrelated = "--allow-unrelated-histories"  # its first commit may have been amended
        self.repo.run("merge", "-q", "--no-ff", unrelated, "-m", self.message(), other)

    def reset(self) -> None:
        history = self.repo.out("rev-list", "--first-parent", "HEAD").split()
        self.repo.run("reset", "-q", "--hard", self.random.choice(history[:3]))

    def pick(self) -> None:
        picked = self.repo.out("rev-list", "--no-merges", "--branches").split()[0]
        self.repo.run("cherry-pick", "--allow-empty", "--keep-redundant-commits", picked, ok=False)
        self.repo.run("cherry-pick", "--abort", ok=False)


@pytest.mark.parametrize("seed", range(6))
def test_an_update_equals_a_full_rebuild_whatever_happened(
    repo: TickingSandbox, cache: str, tmp_path: Path, seed: int
) -> None:
    """Three readers: one warm for a while, one with the cache file alone, one from nothing."""
    player = Player(repo, seed)
    warm: Links | None = None
    for number in range(30):
        player.step()
        if player.random.random() < 0.4:
            continue  # several things happen between two looks
        wanted = rebuilt(repo, tmp_path)
        warm = load(repo.repo.git, str(tmp_path / "warm" / "links.json"), warm)
        assert warm == wanted, (seed, number)
        assert load(repo.repo.git, cache) == wanted, (seed, number)


def test_the_cache_is_plain_json_for_whoever_looks(repo: TickingSandbox, cache: str) -> None:
    repo.commit("One", a="1")
    load(repo.repo.git, cache)
    assert json.loads(Path(cache).read_text())["version"] == 1
