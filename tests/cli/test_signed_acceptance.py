"""``decision accept --sign`` at the command line, and where its signature is told."""

from __future__ import annotations

import contextlib
import os
import pty
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.review.keys import SshKey, needs_ssh

pytestmark = needs_ssh


@pytest.fixture
def key(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SshKey:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    made = SshKey(tmp_path / "kim")
    for name, value in (
        ("gpg.format", "ssh"), ("user.signingKey", f"{made.file}.pub"),
        ("gpg.ssh.allowedSignersFile", str(made.allowed)),
    ):  # fmt: skip
        shell.git("config", name, value)
    made.allowed.write_text(f"kim@example.com {made.public}\n")
    return made


def add(shell: Shell, text: str) -> str:
    return str(shell.json("decision", "add", text, "--rationale", "so", "--alternative", "x")["id"])


def signed(shell: Shell, *args: str) -> bool:
    return "signature" in shell.json("decision", "accept", add(shell, f"Use {args}"), *args)


def test_the_option_stands_above_the_setting_and_the_setting_above_git(
    shell: Shell, key: SshKey, tmp_path: Path
) -> None:
    assert not signed(shell)
    assert signed(shell, "--sign")
    shell.git("config", "commit.gpgSign", "true")
    assert signed(shell)
    assert not signed(shell, "--no-sign")
    own = tmp_path / "config" / "kagura-git" / "kagura.toml"
    own.parent.mkdir(parents=True)
    own.write_text("[review]\nsign = false\n")
    assert not signed(shell)
    own.write_text("[review]\nsign = true\n")
    shell.git("config", "commit.gpgSign", "false")
    assert signed(shell)


def test_a_repository_cannot_make_its_user_sign(shell: Shell, key: SshKey) -> None:
    shell.write("kagura.toml", "[review]\nsign = true\n")
    assert not signed(shell)


def test_show_says_what_the_signature_is_worth(shell: Shell, key: SshKey) -> None:
    name = add(shell, "Use SQLite")
    assert "signed" not in shell.json("show", name)
    assert shell("decision", "accept", name, "--sign").endswith(", signed\n")
    for command in (("show",), ("decision", "show")):
        told = shell.json(*command, name)["signed"]
        assert (told["state"], told["signer"]) == ("verified", "kim@example.com")
        assert "Acceptance signed by kim@example.com (SHA256:" in shell(*command, name)
    path = shell.top / shell.json("show", name)["path"]
    path.write_text(path.read_text().replace("rationale: so", "rationale: no"))
    assert shell.json("show", name)["signed"]["state"] == "bad"
    assert "Acceptance BAD signature" in shell("show", name)
    plain = add(shell, "Use Redis")
    shell("decision", "accept", plain)
    assert "Acceptance not signed" in shell("show", plain)


def test_doctor_fails_on_a_bad_signature(shell: Shell, key: SshKey) -> None:
    name = add(shell, "Use SQLite")
    path = shell.top / shell.json("decision", "accept", name, "--sign")["path"]
    path.write_text(path.read_text().replace("rationale: so", "rationale: no"))
    (found,) = [f for f in shell.json("doctor")["findings"] if f["check"] == "signatures"]
    assert shell.code == 1
    assert found["severity"] == "error"


def test_a_rule_or_a_setting_of_the_base_asks_for_signatures(shell: Shell, key: SshKey) -> None:
    name, other = add(shell, "Use SQLite"), add(shell, "Use Redis")
    shell.commit("app.py", "1\n")
    shell.git("branch", "base")
    shell("decision", "accept", name)
    shell("decision", "accept", other, "--sign")
    shell.commit("kagura.toml", "[review]\nrequire_signatures = true\n")

    def unsigned(*args: str) -> list[str]:
        found = shell.json("review", *args)["findings"]
        return [item["record"] for item in found if item["rule"] == "unsigned"]

    assert unsigned("base...HEAD") == []
    assert unsigned("base...HEAD", "--rule", "unsigned") == [name]
    shell("review", "base...HEAD", "--strict", "--rule", "unsigned")
    assert shell.code == 1
    # A head cannot turn off what its base asks for.
    shell.git("branch", "-f", "base", "HEAD")
    again = add(shell, "Use files")
    shell("decision", "accept", again)
    shell.commit("kagura.toml", "[review]\nrequire_signatures = false\n")
    assert unsigned("base...HEAD") == [again]
    shell("review", "base...HEAD", "--strict")
    assert shell.code == 1
    assert "is accepted, and is not signed" in shell("review", "base...HEAD")


def test_on_a_terminal_a_passphrase_is_asked_for(shell: Shell, key: SshKey, tmp_path: Path) -> None:
    locked = SshKey(tmp_path / "locked", passphrase="pw123")
    shell.git("config", "user.signingKey", f"{locked.file}.pub")
    name = add(shell, "Use SQLite")
    program = [sys.executable, "-m", "kagura_git", "-C", str(shell.top)]
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [*program, "decision", "accept", name, "--sign"])
    said, answered = b"", False
    with contextlib.suppress(OSError):  # the terminal's end
        while got := os.read(terminal, 1000):
            said += got
            if b"passphrase" in said and not answered:
                os.write(terminal, b"pw123\n")
                answered = True
    os.close(terminal)
    assert os.waitpid(child, 0)[1] == 0, said
    assert b"signed" in said


def test_what_cannot_be_signed_is_not_accepted(shell: Shell, key: SshKey) -> None:
    name = add(shell, "Use SQLite")
    shell.git("config", "user.signingKey", "/nowhere/key.pub")
    found = shell.json("decision", "accept", name, "--sign")
    assert shell.code == 1
    assert "--no-sign" in found["error"]["hint"]
    assert shell.json("show", name)["status"] == "proposed"
