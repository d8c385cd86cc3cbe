"""``git kagura sync`` on the command line, and the notes that `init` brings to a new clone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from clones import Clone, Hub

from kagura_git.cli.app import run
from kagura_git.git import notes
from kagura_git.services import setup


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    def call(clone: Clone, *args: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["-C", str(clone.top), *args])
        done = capsys.readouterr()
        return code, done.out, done.err

    return call


def told(out: str) -> dict[str, Any]:
    data = json.loads(out)
    assert isinstance(data, dict)
    return data


def test_what_was_done_is_told(hub: Hub, ada: Clone, bob: Clone, call) -> None:
    ada.note("main", "a")
    assert call(ada, "sync") == (0, "origin: pushed the notes of 1 commit\n", "")
    assert call(ada, "sync") == (0, "origin: up to date\n", "")
    code, out, _ = call(bob, "sync", "origin", "--no-push", "--json")
    assert code == 0
    assert told(out) == {
        "remote": "origin", "fetched": 1, "merged": 1, "pushed": 0, "attempts": 0,
        "up_to_date": False,
    }  # fmt: skip


def test_a_check_answers_by_its_exit_code_and_says_the_mend(
    hub: Hub, ada: Clone, bob: Clone, call
) -> None:
    assert call(ada, "sync", "--check")[0] == 0
    ada.note("main", "a")
    code, out, _ = call(ada, "sync", "--check")
    assert (code, "ahead" in out, "Run `git kagura sync origin`." in out) == (1, True, True)
    ada.sync()
    code, out, _ = call(bob, "sync", "--check", "--json")
    data = told(out)
    assert (code, data["ok"], data["state"], data["local"]) == (1, False, "behind", None)
    assert data["theirs"] == hub.tip()
    assert data["mend"] == "Run `git kagura sync origin`."


def test_trouble_is_an_error_with_a_mend(ada: Clone, call) -> None:
    code, out, _ = call(ada, "sync", "nowhere", "--json")
    assert code == 1
    assert told(out)["error"]["hint"] == "There are: origin."
    assert call(ada, "sync", "--check", "--no-push")[0] == 2
    assert call(ada, "sync", "--seconds", "0")[0] == 2


def test_help_says_that_records_need_no_sync(ada: Clone, call) -> None:
    code, out, _ = call(ada, "sync", "--help")
    assert code == 0
    assert "Records" in out
    assert "travel with the branch" in " ".join(out.split())


def test_control_characters_of_a_server_stay_off_the_terminal(hub: Hub, ada: Clone, call) -> None:
    hub.hook("pre-receive", "printf '\\033[2Jno\\n' >&2; exit 1")
    ada.note("main", "a")
    code, out, err = call(ada, "sync")
    assert (code, "\x1b" in out + err) == (1, False)


def changed(out: str) -> list[str]:
    return [item["what"] for item in told(out)["changed"] if item["where"] == notes.REF]


@pytest.fixture
def noted(hub: Hub, ada: Clone) -> Clone:
    setup.init(ada.repo)
    ada.commit("set up")
    ada.note("HEAD", "a")
    ada.sync()
    ada.run("push", "-q", "origin", "main")
    return ada


def test_init_brings_a_clone_its_notes(hub: Hub, noted: Clone, call) -> None:
    clone = hub.clone("new")
    assert changed(call(clone, "init", "--dry-run", "--json")[1]) == []
    assert clone.tip == ""
    assert changed(call(clone, "init", "--json")[1]) == ["the notes of 1 commit from origin"]
    assert clone.said() == {noted.head: {"a"}}
    assert call(clone, "init")[1] == "already set up: nothing to change\n"


def test_init_stays_offline_if_asked(hub: Hub, noted: Clone, call) -> None:
    clone = hub.clone("new")
    assert changed(call(clone, "init", "--offline", "--json")[1]) == []
    assert clone.tip == ""


def test_init_goes_on_if_the_remote_is_gone_and_says_so(hub: Hub, noted: Clone, call) -> None:
    clone = hub.clone("new")
    hub.bare.top.rename(hub.folder / "away.git")
    code, out, err = call(clone, "init", "--json")
    assert (code, changed(out)) == (0, [])
    assert "`git kagura sync`" in err
    assert len(err.splitlines()) == 1
    assert (clone.top / ".git/hooks/post-commit").exists()


def test_init_asks_nobody_where_there_is_no_remote_or_are_notes(
    hub: Hub, ada: Clone, call, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kagura_git.services import sync

    asked: list[str] = []
    monkeypatch.setattr(sync, "sync", lambda *a, **k: asked.append("x"))
    ada.note("main", "a")
    call(ada, "init")
    ada.run("update-ref", "-d", notes.REF)
    ada.run("remote", "remove", "origin")
    call(ada, "init")
    assert asked == []
