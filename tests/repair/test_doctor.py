"""``git kagura doctor`` says what is wrong; ``--fix`` mends it and says that."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from team import ID, Team

from kagura_git.cli.app import run
from kagura_git.git import notes
from kagura_git.services import leftovers


class Doctor:
    """The command, called in one team's repository."""

    def __init__(self, team: Team, capsys: pytest.CaptureFixture[str]) -> None:
        self.team = team
        self.capsys = capsys
        self.code = 0

    def __call__(self, *args: str) -> dict[str, Any]:
        self.capsys.readouterr()
        self.code = run(["-C", str(self.team.box.top), "doctor", *args, "--json"])
        return json.loads(self.capsys.readouterr().out)

    def of(self, check: str, *args: str) -> list[dict[str, str]]:
        """Return the findings of one check that are no mere `ok`."""
        return [f for f in self(*args)["findings"] if f["check"] == check]


@pytest.fixture
def doctor(
    team: Team, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Doctor:
    monkeypatch.setenv("KAGURA_SEARCH_MODEL", "test:hash")
    return Doctor(team, capsys)


def lose_a_side(team: Team) -> None:
    team.edit_on("side", impact="Fewer servers")
    team.edit(tags=["storage"])
    team.merge_keeping_ours()


def test_a_lost_side_is_a_fault_until_it_is_fixed(doctor: Doctor, team: Team) -> None:
    lose_a_side(team)
    (found,) = doctor.of("merges")
    assert (found["severity"], found["mend"]) == ("error", "Run `git kagura doctor --fix`.")
    assert doctor.code == 1
    (fixed,) = doctor.of("merges", "--fix")
    assert fixed["severity"] == "ok"
    assert fixed["message"].startswith(f"fixed: {team.path}: ")
    assert team.now().impact == "Fewer servers"
    assert doctor.of("merges") == []


def test_a_broken_record_is_valid_after_the_fix(doctor: Doctor, team: Team) -> None:
    team.edit_on("side", impact="Theirs")
    team.edit(impact="Ours")
    team.merge(ok=False)
    team.box.run("commit", "-q", "--no-verify", "-a", "-m", "oops")
    assert [f["severity"] for f in doctor.of("records")] == ["error"]
    assert [f["severity"] for f in doctor.of("records", "--fix")] == ["ok"]


def test_a_kept_conflict_is_shown_with_its_fields(doctor: Doctor, team: Team) -> None:
    team.ws.save(replace(team.now(), conflicts={"impact": ["a", "b"]}), team.path)
    (found,) = doctor.of("conflicts")
    assert found["severity"] == "warning"
    assert team.path in found["message"]
    assert "impact" in found["message"]
    assert "conflicts:" in found["mend"]


def test_twin_decisions_are_named(doctor: Doctor, team: Team) -> None:
    team.record("D-00000002")
    (found,) = doctor.of("twins")
    assert f"`git kagura decision merge {ID} D-00000002`" in found["mend"]


def test_a_driver_that_is_named_but_not_configured(doctor: Doctor) -> None:
    (found,) = doctor.of("merge-driver")
    assert (found["severity"], "not configured" in found["message"]) == ("warning", True)
    assert "git kagura init" in found["mend"]
    doctor("--fix")
    assert [f["severity"] for f in doctor.of("merge-driver")] == ["ok"]


def test_fixing_renews_what_init_has_set_and_installs_no_hooks_unasked(
    doctor: Doctor, team: Team
) -> None:
    team.box.run("config", "--unset-all", "notes.rewriteRef")
    assert any("rewriteRef" in f["message"] for f in doctor.of("notes"))
    fixed = doctor.of("setup", "--fix")
    assert any("notes.rewriteRef" in f["message"] for f in fixed)
    assert not (team.box.top / ".git/hooks/post-commit").exists()
    assert not any("rewriteRef" in f["message"] for f in doctor.of("notes"))


def test_fixing_in_a_clone_without_init_sets_nothing_up(
    team: Team, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clone = team.clone(tmp_path / "clone")
    before = clone.out("config", "--local", "--list")
    run(["-C", str(clone.top), "doctor", "--fix", "--json"])
    assert clone.out("config", "--local", "--list") == before


def test_records_that_were_left_out_are_staged(doctor: Doctor, team: Team) -> None:
    team.record("D-00000002", decision="Use JSON")
    team.box.run("reset", "-q")
    (found,) = doctor.of("staging", "--fix")
    assert found["message"].startswith("fixed: ")
    assert team.status().startswith("A  ")
    assert doctor.of("staging") == []


def test_fixing_stages_no_deletion_and_no_broken_record(doctor: Doctor, team: Team) -> None:
    (team.box.top / team.path).unlink()
    team.box.write(".kagura/decisions/2025-11/D-00000002-x.yaml", "nonsense\n")
    doctor("--fix")
    assert team.status().splitlines() == [
        f" D {team.path}",
        "?? .kagura/decisions/2025-11/D-00000002-x.yaml",
    ]


def dead_process() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def aged(path: Path, seconds: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    os.utime(path, (time.time() - seconds,) * 2)
    return path


def test_temporary_files_of_dead_processes_are_taken_away(
    doctor: Doctor, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "_running_for", lambda process: 5000.0)
    pid = dead_process()
    folder = team.box.top / ".kagura/decisions/2025-11"
    dead = [
        aged(folder / f".D-00000009-x.yaml.{pid}.abc123.tmp", 3600),
        aged(team.box.top / f".git/kagura/session.{pid}.abc123.tmp", 3600),
        aged(team.box.top / f".git/kagura/journal/2025-11/.y.{pid}.abc123.tmp", 3600),
        aged(team.box.top / f"..merge_file_aB3dE6.{pid}.abc123.tmp", 3600),
    ]
    mine = aged(team.box.top / f".notes.{pid}.abc123.tmp", 3600)
    alive = aged(folder / f".D-00000009-x.yaml.{os.getpid()}.abc123.tmp", 3600)
    fresh = aged(folder / f".D-00000009-y.yaml.{pid}.abc124.tmp", 1)
    assert len(doctor.of("leftovers")) == 1
    assert len(doctor.of("leftovers", "--fix")) == 4
    assert not any(path.exists() for path in dead)
    assert mine.exists()
    assert alive.exists()
    assert fresh.exists()
    assert doctor.of("leftovers") == []


def test_a_stale_lock_is_reported_and_never_removed(doctor: Doctor, team: Team) -> None:
    lock = aged(team.box.top / ".git/packed-refs.lock", 3600)
    (found,) = doctor.of("locks", "--fix")
    assert "packed-refs.lock" in found["message"]
    assert lock.exists()


def test_a_side_that_a_killed_merge_left_is_reported_and_never_removed(
    doctor: Doctor, team: Team
) -> None:
    left = aged(team.box.top / ".merge_file_aB3dE6", 3600)
    aged(team.box.top / ".merge_file_of_mine", 3600)
    (found,) = doctor.of("locks", "--fix")
    assert left.name in found["message"]
    assert left.exists()


def test_a_fact_about_a_file_long_gone_is_dropped(doctor: Doctor, team: Team) -> None:
    old, fresh = "2020-01-01T00:00:00Z", team.ws.now().isoformat()
    for key, path, at in (
        ("C-00000001", "never/was.py", old),
        ("C-00000002", "not/yet.py", fresh),
        ("C-00000003", "code", old),
    ):
        team.ws.working.add_pending(key, {"kind": "change", "id": key, "path": path, "at": at})
    (found,) = doctor.of("leftovers", "--fix")
    assert "never/was.py" in found["message"]
    assert {"C-00000002", "C-00000003"} <= set(team.ws.working.pending())
    assert "C-00000001" not in team.ws.working.pending()


def test_a_stash_may_still_hold_the_file_of_a_fact(doctor: Doctor, team: Team) -> None:
    fact = {"kind": "change", "id": "C-00000001", "path": "a", "at": "2020-01-01T00:00:00Z"}
    team.ws.working.add_pending("C-00000001", fact)
    team.box.write("code", "changed\n")
    team.box.run("stash", "-q")
    assert doctor.of("leftovers", "--fix") == []


def test_notes_that_were_fetched_and_not_taken_in(doctor: Doctor, team: Team) -> None:
    git, head = team.box.repo.git, team.box.head
    team.box.run("remote", "add", "origin", "https://example.org/x.git")
    entry = {"kind": "change", "id": "C-00000001", "path": "a"}
    notes.add(git, {head: [entry]}, "Ada <ada@example.org>")
    team.box.run("update-ref", "refs/notes/remotes/origin/kagura", notes.REF)
    assert not any("not among ours" in f["message"] for f in doctor.of("notes"))
    team.box.run("update-ref", "-d", notes.REF)
    notes.add(git, {head: [{**entry, "id": "C-00000002"}]}, "Ada <ada@example.org>")
    (found,) = [f for f in doctor.of("notes") if "not among ours" in f["message"]]
    assert found["mend"] == "Run `git kagura sync origin`."


def test_notes_in_folders_and_beside_them(doctor: Doctor, team: Team) -> None:
    blob = team.box.run("hash-object", "-w", "--stdin", stdin="- {}\n").stdout.strip()
    tree = team.box.run("mktree", stdin=f"100644 blob {blob}\t{'a' * 38}\n").stdout.strip()
    lines = f"040000 tree {tree}\tbb\n100644 blob {blob}\t{'c' * 40}\n"
    mixed = team.box.run("mktree", stdin=lines).stdout.strip()
    commit = team.box.run("commit-tree", mixed, "-m", "mixed").stdout.strip()
    team.box.run("update-ref", notes.REF, commit)
    assert any(f["severity"] == "error" for f in doctor.of("notes"))


def test_records_on_no_branch_are_counted(doctor: Doctor, team: Team) -> None:
    team.record("D-00000002", decision="Use JSON")
    team.box.run("reset", "-q", "--hard")
    (found,) = doctor.of("journal")
    assert "recover --list" in found["mend"]


def test_two_runs_of_fix_say_nothing_twice(doctor: Doctor, team: Team) -> None:
    lose_a_side(team)
    doctor("--fix")
    assert not any(f["message"].startswith("fixed") for f in doctor("--fix")["findings"])
