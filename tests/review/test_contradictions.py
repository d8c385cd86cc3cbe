"""Decisions of a branch that oppose others which they do not supersede."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from kagura_git.git.repo import anywhere
from kagura_git.services import decisions
from kagura_git.services.review import review
from tests.cli.conftest import Shell, new_shell, shell
from tests.review.conftest import Desk, plain

__all__ = ["new_shell", "shell"]
SCHEMA = Path(__file__).parents[2] / "schemas" / "review.schema.json"


def sessions(desk: Desk) -> str:
    return desk.decide(
        "Keep sessions in PostgreSQL", "one store to back up", alternatives=["Redis"]
    )


def test_what_was_rejected_and_is_proposed_is_told(desk: Desk) -> None:
    old = sessions(desk)
    desk.branch()
    new = desk.decide("Use Redis for sessions", "reads are slow", alternatives=["Memcached"])
    desk.box.commit("decide")
    (found,) = desk.report().contradictions
    assert (found.id, found.other, found.kind) == (new, old, "rejected")
    assert found.message == f"{old} rejected Redis; {new} proposes Redis"
    assert (found.title, found.other_title) == (
        "Use Redis for sessions", "Keep sessions in PostgreSQL",
    )  # fmt: skip
    assert found.verdict is None
    told = desk.finding("contradiction")
    assert (told.severity, told.record, told.message) == ("warning", new, found.message)
    assert f"git kagura decision supersede {old} --by {new}" in told.mend
    assert desk.report().llm is None


def test_superseding_it_settles_it(desk: Desk) -> None:
    old = sessions(desk)
    desk.branch()
    new = desk.decide("Use Redis for sessions", "reads are slow", alternatives=["Memcached"])
    desk.box.commit("decide")
    assert "contradiction" in desk.rules()
    decisions.supersede(desk.memory.ws, old, new)
    desk.box.commit("supersede")
    assert desk.rules() == []
    assert desk.report().contradictions == []


def test_what_was_there_before_and_what_is_tagged_is_not_this_branchs(desk: Desk) -> None:
    sessions(desk)
    name = desk.decide("Use Redis for sessions", "reads are slow", alternatives=["x"])
    desk.branch()
    memory = desk.memory
    record = memory.recall(name)
    record.tags = ["cache"]
    memory.store(name, record)
    desk.box.commit("tag")
    assert desk.report().contradictions == []
    record.decision = "Use Redis for all sessions"
    memory.store(name, record)
    desk.box.commit("edit")
    assert [c.id for c in desk.report().contradictions] == [name]


def test_one_on_the_base_counts_and_a_deleted_or_superseded_one_does_not(desk: Desk) -> None:
    gone, replaced = sessions(desk), sessions(desk)
    heir = desk.decide("Sessions live in signed cookies", "no state", alternatives=["Memcached"])
    desk.supersede(replaced, heir)
    desk.branch()
    new = desk.decide("Use Redis for sessions", "reads are slow", alternatives=["y"])
    (desk.box.top / desk.memory.ws.files.path_of(gone)).unlink()
    desk.box.commit("decide")
    desk.box.run("switch", "-q", "main")
    theirs = sessions(desk)
    desk.box.commit("decide too")
    assert [(c.id, c.other) for c in desk.report().contradictions if c.other != heir] == [
        (new, theirs)
    ]


def test_two_of_one_branch_are_told_once_the_later_against_the_earlier(desk: Desk) -> None:
    desk.branch()
    first = sessions(desk)
    second = desk.decide("Use Redis for sessions", "reads are slow", alternatives=["y"])
    desk.box.commit("decide")
    assert [(c.id, c.other) for c in desk.report().contradictions] == [(second, first)]


def test_a_decision_that_was_rejected_and_comes_again_is_told(desk: Desk) -> None:
    old = desk.decide("Install Istio as service mesh", "mTLS everywhere", alternatives=["x"])
    decisions.review(desk.memory.ws, old, "rejected")
    desk.branch()
    new = desk.decide("Use Istio as the service mesh", "traffic splitting", alternatives=["y"])
    desk.box.commit("decide")
    assert desk.finding("contradiction").message == (
        f"{old} was rejected; {new} proposes Istio again"
    )


def test_a_bare_clone_tells_the_same(desk: Desk, tmp_path: Path) -> None:
    sessions(desk)
    desk.branch()
    desk.decide("Use Redis for sessions", "reads are slow", alternatives=["y"])
    desk.box.commit("decide")
    bare = tmp_path / "bare.git"
    desk.box.run("clone", "-q", "--mirror", str(desk.box.top), str(bare))
    there = review(anywhere(str(bare), desk.box.env), "main", "topic")
    assert there.contradictions
    assert plain(there) == plain(desk.report())


def test_a_rationale_that_gives_no_reason_is_noted(desk: Desk) -> None:
    desk.branch()
    name = desk.decide("Use Redis for caching", "TODO", alternatives=["y"])
    desk.decide("Log as JSON", "the collector parses it", alternatives=["y"])
    desk.box.commit("decide")
    found = desk.finding("thin-rationale")
    assert (found.severity, found.record) == ("note", name)
    assert "a placeholder for a rationale" in found.message


@pytest.fixture
def opposed(shell: Shell) -> Shell:
    shell.git("add", "-A")
    shell.git("commit", "-q", "-m", "set up")
    shell("decision", "add", "Keep sessions in PostgreSQL", "--rationale", "one store to back up",
          "--alternative", "Redis")  # fmt: skip
    shell.commit("app.py", "1\n")
    shell.git("branch", "-f", "base")
    shell("decision", "add", "Use Redis for sessions | <b>now</b>\x1b[2J", "--rationale",
          "reads are slow", "--alternative", "Memcached")  # fmt: skip
    shell.commit("app.py", "2\n")
    return shell


def test_every_format_shows_it_and_what_records_say_stays_text(opposed: Shell) -> None:
    found = opposed.json("review", "base...HEAD")
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(found)
    (told,) = found["contradictions"]
    assert (told["kind"], told["verdict"], found["llm"]) == ("rejected", None, None)
    text = opposed("review", "base...HEAD")
    assert "warning contradiction: " + told["message"] in text
    assert f"against {told['other']} Keep sessions in PostgreSQL" in text
    assert "\x1b" not in text
    shown = opposed("review", "base...HEAD", "--format", "markdown")
    assert "⚠️ **contradiction**" in shown
    assert f"  - against `{told['other']}` Keep sessions in PostgreSQL" in shown
    assert "<b>" not in shown
    opposed("review", "base...HEAD", "--strict", "--rule", "contradiction")
    assert opposed.code == 1


def test_a_bare_repository_needs_no_settings_and_no_model(
    opposed: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = opposed.json("review", "base...HEAD")
    opposed.git("branch", "topic")
    bare = tmp_path / "bare.git"
    opposed.git("clone", "-q", "--mirror", ".", str(bare))
    monkeypatch.setenv("CODING_MEMORY_MODEL", "gpt-5-mini")
    found = opposed.json("-C", str(bare), "review", "base...topic")
    assert found["contradictions"] == there["contradictions"]
    assert found["llm"] is None


def test_a_decision_told_again_in_other_words_is_one_to_join(desk: Desk) -> None:
    old = desk.decide("Hash passwords with argon2id", "memory-hard", alternatives=["bcrypt"])
    desk.branch()
    new = desk.decide("Use argon2id to hash passwords", "recommended now", alternatives=["scrypt"])
    desk.box.commit("decide")
    assert [(pair.id, pair.other) for pair in desk.report().pairs] == [(new, old)]
    assert desk.rules() == ["duplicate"]
