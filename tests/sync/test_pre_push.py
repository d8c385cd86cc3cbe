"""With `[notes] push = true` the notes go along with a push, and are never in its way."""

from __future__ import annotations

import os
from pathlib import Path

import newer_git
import pytest
from clones import Clone, Hub

from kagura_git.git import notes, pushing
from kagura_git.services import setup


def pushes(clone: Clone, *settings: str) -> Clone:
    """Set the clone up, with these lines below [notes]."""
    setup.init(clone.repo)
    clone.write("kagura.toml", "\n".join(["[notes]", *settings, ""]))
    clone.commit("set up")
    clone.note("HEAD", "a")
    return clone


@pytest.fixture
def willing(ada: Clone) -> Clone:
    return pushes(ada, "push = true")


def test_the_notes_go_along(hub: Hub, willing: Clone) -> None:
    done = willing.run("push", "origin", "main")
    assert hub.tip() == willing.tip
    assert hub.bare.out("rev-parse", "main") == willing.head
    assert "kagura" not in done.stderr.replace(str(hub.folder), "")


def test_by_default_nothing_goes_along(hub: Hub, ada: Clone) -> None:
    pushes(ada, "#push = true", "push = false").run("push", "origin", "main")
    assert hub.tip() == ""


@pytest.mark.parametrize("how", ["KAGURA_DISABLE", "hooks", "--no-verify"])
def test_what_turns_the_hooks_off_turns_it_off(hub: Hub, willing: Clone, how: str) -> None:
    if how == "hooks":
        willing.write("kagura.toml", "[notes]\npush = true\n[hooks]\nenabled = false\n")
    args = ["--no-verify"] if how == "--no-verify" else []
    willing.run("push", *args, "origin", "main", **({how: "1"} if how.isupper() else {}))
    assert hub.tip() == ""


def test_ones_own_settings_have_the_last_word(hub: Hub, ada: Clone) -> None:
    own = Path(ada.env["XDG_CONFIG_HOME"]) / "kagura-git/kagura.toml"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("[notes]\npush = false\n")
    pushes(ada, "push = true").run("push", "-q", "origin", "main")
    assert hub.tip() == ""
    own.write_text("[notes]\npush = true\n")
    ada.write("kagura.toml", "[notes]\npush = false\n")
    ada.commit("not here")
    ada.run("push", "-q", "origin", "main")
    assert hub.tip() == ada.tip


@pytest.mark.parametrize(
    "args",
    [["--dry-run"], ["-n"], ["-fn"], ["--dry"], ["--no-dry-run", "--dry-run"], ["-vn"]],
)
def test_a_dry_run_pushes_nothing(hub: Hub, willing: Clone, args: list[str]) -> None:
    willing.run("push", *args, "origin", "main")
    assert hub.tip() == ""


def test_a_dry_run_by_an_alias(hub: Hub, willing: Clone) -> None:
    willing.run("config", "alias.try", "-c color.ui=never push --dry-run")
    willing.run("try", "origin", "main")
    assert hub.tip() == ""
    willing.run("config", "alias.send", "!git push -q")
    willing.run("send", "origin", "main")
    assert hub.tip() == willing.tip


def test_where_dry_runs_cannot_be_told_nothing_is_pushed(
    hub: Hub, willing: Clone, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import io
    import sys

    from kagura_git.cli.app import run

    monkeypatch.setattr(pushing, "_look", lambda process: None)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert run(["-C", str(willing.top), "before-push", "--", "origin", hub.url]) == 0
    assert hub.tip() == ""
    assert "cannot be told" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "dry"),
    [
        ("git push", False),
        ("git -C /x -c a=b --git-dir y push -n", True),
        ("git push origin -- -n", False),
        ("git push -o -n origin", False),
        ("git push -o=n origin", False),
        ("git push -on origin", False),
        ("git push --push-option --dry-run", False),
        ("git push --delete origin x", False),
        ("/usr/lib/git-core/git push --dr", True),
        ("git push --dry-run --no-dry-run", False),
        ("git-push -un", True),
        ("git pushd -n", None),
        ("sh -c x", None),
        ("", None),
    ],
)
def test_command_lines_are_understood(
    monkeypatch: pytest.MonkeyPatch, words: str, dry: bool | None
) -> None:
    lines = {100: (99, ["sh", "hook"]), 99: (98, words.split()), 98: (1, ["bash"])}
    monkeypatch.setattr(pushing, "_look", lambda process: lines.get(process))
    assert pushing.is_dry_run(100) is dry


def test_ps_tells_where_there_is_no_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    if not any(os.path.exists(f"{folder}/ps") for folder in os.get_exec_path()):
        pytest.skip("no ps")
    with_proc = pushing._look(os.getpid())
    real = open
    monkeypatch.setattr(
        "builtins.open",
        lambda path, *a, **k: (
            real("/nonexistent") if str(path).startswith("/proc") else real(path, *a, **k)
        ),
    )
    without = pushing._look(os.getpid())
    assert without is not None
    assert without[0] == os.getppid()
    assert with_proc is None or with_proc[0] == without[0]


def test_a_push_of_notes_is_left_to_git(hub: Hub, willing: Clone) -> None:
    willing.run("push", "-q", "origin", "main", notes.REF)
    assert hub.tip() == willing.tip
    willing.note("HEAD", "b")
    willing.run("update-ref", "refs/notes/other", notes.REF)
    willing.run("push", "-q", "origin", "refs/notes/other")
    assert hub.tip() != willing.tip


# the hook that was there


CHAINED = '#!/bin/sh\ncat > seen\necho "$#|$1|$2" >> seen\n'


def test_the_hook_before_us_gets_stdin_and_arguments_as_git_gave_them(hub: Hub, ada: Clone) -> None:
    ada.script(".git/hooks/pre-push", CHAINED)
    pushes(ada, "push = true")
    ada.run("tag", "v1")
    ada.run("push", "-q", "origin", "main", "v1")
    zero, head = "0" * 40, ada.head
    old = hub.commits[-1]
    assert (ada.top / "seen").read_text() == (
        f"refs/heads/main {head} refs/heads/main {old}\n"
        f"refs/tags/v1 {head} refs/tags/v1 {zero}\n"
        f"2|origin|{hub.url}\n"
    )
    assert hub.tip() == ada.tip


def test_its_exit_code_decides(hub: Hub, ada: Clone) -> None:
    ada.script(".git/hooks/pre-push", "#!/bin/sh\nexit 3\n")
    pushes(ada, "push = true")
    assert ada.run("push", "origin", "main", ok=False).returncode != 0
    assert hub.bare.out("rev-parse", "main") == hub.commits[-1]
    assert hub.tip() == ""


def test_it_need_not_read_what_git_says(hub: Hub, ada: Clone) -> None:
    ada.script(".git/hooks/pre-push", "#!/bin/sh\nexit 0\n")
    pushes(ada, "push = true")
    for number in range(700):  # more than a pipe holds
        (ada.top / ".git/refs/heads" / f"b{number}").write_text(f"{ada.head}\n")
    done = ada.run("push", "-q", "origin", "--all")
    assert done.stderr == ""
    assert hub.tip() == ada.tip


def test_with_hooks_of_the_configuration(
    hub: Hub, ada: Clone, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    newer_git.use(env, monkeypatch, 2, 54)
    ada.env["PATH"] = env["PATH"]
    ada.script(".git/hooks/pre-push", CHAINED)
    setup.init(ada.repo, by_config=True)
    pushes(ada, "push = true").run("push", "-q", "origin", "main")
    assert hub.tip() == ada.tip
    assert (ada.top / "seen").read_text().startswith("refs/heads/main ")


# trouble


def pushed_anyway(hub: Hub, clone: Clone, *remote: str) -> str:
    """The branch arrives; returns what was said about the notes, which is one line."""
    done = clone.run("push", "-q", *(remote or ("origin",)), "main")
    assert hub.bare.out("rev-parse", "main") == clone.head
    said = [line for line in done.stderr.splitlines() if line.startswith("kagura:")]
    assert len(said) == 1
    assert said[0].endswith("(run `git kagura sync`)")
    return said[0]


def test_a_server_that_refuses_notes(hub: Hub, willing: Clone) -> None:
    hub.hook("update", 'case $1 in refs/notes/*) echo "not those" >&2; exit 1;; esac')
    assert "refuses the notes: not those" in pushed_anyway(hub, willing)


def test_notes_that_hang_are_given_up_in_time(hub: Hub, ada: Clone) -> None:
    pushes(ada, "push = true", "push_seconds = 1")
    hub.hook("update", "case $1 in refs/notes/*) sleep 900;; esac")
    assert "in time" in pushed_anyway(hub, ada)


def test_notes_that_diverged_are_united_on_the_way(hub: Hub, willing: Clone, bob: Clone) -> None:
    bob.note(hub.commits[0], "bob")
    bob.sync()
    willing.run("push", "-q", "origin", "main")
    assert willing.said() == {willing.head: {"a"}, hub.commits[0]: {"bob"}}
    assert hub.tip() == willing.tip


def test_a_settings_file_that_cannot_be_read(hub: Hub, ada: Clone) -> None:
    pushes(ada, "push = true", "= nonsense")
    ada.run("push", "-q", "origin", "main")
    assert hub.bare.out("rev-parse", "main") == ada.head
    assert hub.tip() == ""


def test_a_push_to_an_address(hub: Hub, willing: Clone) -> None:
    willing.run("remote", "remove", "origin")
    willing.run("push", "-q", hub.url, "main")
    assert hub.tip() == willing.tip
    refs = willing.out("for-each-ref", "--format=%(refname)", "refs/notes").split()
    assert refs == [notes.REF]


def test_a_push_from_a_linked_worktree_by_a_branch_of_its_own(hub: Hub, willing: Clone) -> None:
    willing.run("worktree", "add", "-q", str(hub.folder / "linked"), "-b", "side")
    Clone(hub.folder / "linked", willing.env).run("push", "-q", "origin", "side")
    assert hub.tip() == willing.tip


def test_a_repository_may_only_turn_it_on_in_words_that_are_settings(hub: Hub, ada: Clone) -> None:
    pushes(ada, 'push = "true"')
    ada.run("push", "-q", "origin", "main")
    assert hub.tip() == ""
