"""What goes wrong on the way: said in one sentence with its mend, in time, and nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from clones import Clone, Hub
from git_repo import ROOT

from kagura_git.errors import GitError, KaguraError
from kagura_git.services import sync
from tests.work import wait_until


def fails(clone: Clone, remote: str | None = None, **more: object) -> KaguraError:
    """Sync, which must fail; the notes stay as they are."""
    before = clone.tip
    with pytest.raises(KaguraError) as caught:
        clone.sync(remote, **more)
    assert clone.tip == before
    assert caught.value.hint
    return caught.value


def test_a_server_that_refuses_notes_is_quoted(hub: Hub, ada: Clone) -> None:
    hub.hook("update", 'case $1 in refs/notes/*) echo "no notes here, please" >&2; exit 1;; esac')
    ada.note("main", "a")
    error = fails(ada)
    assert "it refuses the notes: no notes here, please; " in error.message
    assert "hook declined" in error.message
    assert error.where == "origin"


def test_a_server_that_hides_notes(hub: Hub, ada: Clone) -> None:
    hub.bare.run("config", "transfer.hideRefs", "refs/notes")
    ada.note("main", "a")
    assert "it refuses the notes" in fails(ada).message


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("git@host: Permission denied (publickey).", "no permission"),
        ("ERROR: Repository not found.", "no repository there"),
        ("ssh: Could not resolve hostname host: Name or service not known", "cannot be reached"),
        ("ssh: connect to host host port 22: Connection refused", "cannot be reached"),
        ("something new", "git failed|cannot be reached"),
    ],
)
def test_what_ssh_says_is_understood(ada: Clone, tmp_path: Path, said: str, message: str) -> None:
    ssh = ada.script(tmp_path / "ssh", f"#!/bin/sh\necho '{said}' >&2\nexit 255\n")
    ada.env["GIT_SSH_COMMAND"] = str(ssh)
    ada.note("main", "a")
    error = fails(ada, "git@host:x.git")
    assert any(words in error.message for words in message.split("|"))


def test_a_path_where_nothing_is(ada: Clone) -> None:
    ada.note("main", "a")
    assert "no repository there" in fails(ada, "../nowhere").message


def test_an_unknown_remote_names_those_there_are(ada: Clone) -> None:
    error = fails(ada, "orgin")
    assert (error.message, error.hint) == ("no remote 'orgin'", "There are: origin.")


def test_a_repository_without_remotes(box) -> None:
    box.commit()
    assert "no remote" in fails(Clone(box.top, box.env)).message


def test_what_looks_like_an_option_is_refused(ada: Clone) -> None:
    assert "not a remote" in fails(ada, "--upload-pack=touch pwned").message


def test_passwords_are_never_shown(ada: Clone) -> None:
    error = fails(ada, "http://ada:secret@127.0.0.1:1/x.git")
    assert "secret" not in str(error)
    assert "http://127.0.0.1:1/x.git" in error.where
    assert not [line for line in ada.out("for-each-ref").splitlines() if "address" in line]


def hanging(ada: Clone, folder: Path) -> Path:
    """Let ssh hang, with a child that hangs too and ignores a gentle end."""
    pids = folder / "pids"
    text = (
        f"#!/bin/sh\ntrap '' TERM\necho $$ >> {pids}\nsleep 300 &\necho $! >> {pids}\nwait\nwait\n"
    )
    ada.env["GIT_SSH_COMMAND"] = str(ada.script(folder / "ssh", text))
    return pids


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True
    return state != "Z"


def gone(pids: Path) -> bool:
    found = [int(pid) for pid in pids.read_text().split()]
    assert len(found) == 2
    return wait_until(lambda: not any(alive(pid) for pid in found))


def test_a_remote_that_hangs_is_given_up_in_time_and_leaves_no_process(
    ada: Clone, tmp_path: Path
) -> None:
    pids = hanging(ada, tmp_path)
    ada.note("main", "a")
    error = fails(ada, "host:x.git", seconds=1.5)
    assert error.message == "it did not answer in time"
    assert gone(pids)


def test_an_interrupt_leaves_no_process(ada: Clone, tmp_path: Path) -> None:
    pids = hanging(ada, tmp_path)
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv[1:] = ['sync', 'host:x.git']"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", f"{program}; from kagura_git.cli import main; main()"],
        cwd=ada.top, env=ada.env, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    running.send_signal(signal.SIGINT)
    assert running.wait() == 130
    assert gone(pids)


def test_nobody_is_asked_for_anything(ada: Clone, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    names = (
        "GIT_TERMINAL_PROMPT SSH_ASKPASS SSH_ASKPASS_REQUIRE KAGURA_DISABLE GIT_DIR GIT_INDEX_FILE"
    )
    lines = "".join(f'echo "{name}=${{{name}-unset}}" >> {seen}\n' for name in names.split())
    tty = f"(: < /dev/tty) 2> /dev/null && echo tty >> {seen}\n"
    ssh = ada.script(tmp_path / "ssh", f"#!/bin/sh\n{lines}{tty}exit 1\n")
    ada.env |= {"GIT_SSH_COMMAND": str(ssh), "SSH_ASKPASS": "/bin/ask", "GIT_INDEX_FILE": "x"}
    fails(ada, "host:x.git")
    assert seen.read_text().splitlines() == [
        "GIT_TERMINAL_PROMPT=0",
        "SSH_ASKPASS=unset",
        "SSH_ASKPASS_REQUIRE=never",
        "KAGURA_DISABLE=1",
        "GIT_DIR=unset",
        "GIT_INDEX_FILE=unset",
    ]


def test_a_leaked_environment_reaches_neither_git_nor_gitpython(
    hub: Hub, ada: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.note("main", "a")
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_WORK_TREE"):
        monkeypatch.setenv(name, "/nonexistent")
    ada.sync()
    assert hub.tip() == ada.tip
    assert os.environ["GIT_DIR"] == "/nonexistent"


def test_an_endless_and_colourful_server_is_bounded(hub: Hub, ada: Clone) -> None:
    hub.hook("pre-receive", "head -c 3000000 /dev/zero | tr '\\0' 'x'; printf '\\033[2J'; exit 1")
    ada.note("main", "a")
    assert len(fails(ada).message) < 1000


def test_progress_is_handed_through(hub: Hub, ada: Clone) -> None:
    ada.note("main", "a")
    seen: list[tuple[int, int]] = []
    ada.sync(progress=lambda done, total: seen.append((done, total)))
    assert seen
    assert all(0 <= done <= total for done, total in seen)


def test_a_hook_of_the_user_before_pushes_is_not_started(hub: Hub, ada: Clone) -> None:
    ada.script(".git/hooks/pre-push", "#!/bin/sh\ntouch ran\nexit 1\n")
    ada.note("main", "a")
    ada.sync()
    assert hub.tip() == ada.tip
    assert not (ada.top / "ran").exists()


def test_nothing_that_a_user_set_for_their_own_pushes_applies(hub: Hub, ada: Clone) -> None:
    ada.run("tag", "-a", "-m", "x", "v1")
    for name, value in (
        ("push.followTags", "true"), ("push.gpgSign", "true"), ("fetch.prune", "true"),
        ("push.recurseSubmodules", "on-demand"), ("remote.origin.mirror", "true"),
        ("commit.gpgSign", "true"), ("gpg.program", "false"), ("fetch.fsckObjects", "true"),
    ):  # fmt: skip
        ada.run("config", name, value)
    ada.run("update-ref", "refs/heads/mine", "HEAD")
    ada.note("main", "a")
    ada.sync()
    assert hub.bare.out("for-each-ref", "--format=%(refname)").split() == [
        "refs/heads/main",
        "refs/notes/kagura",
    ]


def test_a_time_limit_holds_for_comparing_too(ada: Clone, tmp_path: Path) -> None:
    pids = hanging(ada, tmp_path)
    with pytest.raises(GitError, match="in time"):
        sync.check(ada.ws, "host:x.git", seconds=1.0)
    assert gone(pids)
