"""Real keys for tests, in folders of their own: SSH with ssh-keygen, OpenPGP with gpg."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.git_repo import Sandbox

needs_ssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen here")
needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="no gpg here")


class SshKey:
    """An SSH key, and the repository's setup for it."""

    def __init__(self, folder: Path, passphrase: str = "", kind: str = "ed25519") -> None:
        folder.mkdir(exist_ok=True)
        self.file = folder / "key"
        self.allowed = folder / "allowed_signers"
        run("ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "", "-f", str(self.file))
        self.public = self.file.with_suffix(".pub").read_text().strip()

    def use(self, box: Sandbox) -> None:
        """Sign with this key."""
        box.run("config", "gpg.format", "ssh")
        box.run("config", "user.signingKey", str(self.file.with_suffix(".pub")))

    def allow(self, box: Sandbox, who: str = "ada@example.org", options: str = "") -> None:
        """Let this key, and no other, vouch for somebody."""
        self.allowed.write_text(f"{who} {options} {self.public}\n")
        box.run("config", "gpg.ssh.allowedSignersFile", str(self.allowed))


def run(*args: str, **env: str) -> str:
    """Run a program that must succeed."""
    done = subprocess.run(
        args, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
        env=env or None,
    )  # fmt: skip
    assert done.returncode == 0, f"{args}: {done.stdout}{done.stderr}"
    return done.stdout


@contextlib.contextmanager
def gpg_home(env: dict[str, str]) -> Iterator[Path]:
    """Yield an empty home of gpg (its sockets need a short path), and stop its agent after it."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="k-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o700)
        try:
            yield Path(folder)
        finally:
            subprocess.run(
                ["gpgconf", "--kill", "all"], env={**env, "GNUPGHOME": folder},
                capture_output=True, check=False,
            )  # fmt: skip


def gpg_key(env: dict[str, str], who: str, passphrase: str = "") -> None:
    """Make a key that can sign, in GNUPGHOME."""
    run(
        "gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", passphrase,
        "--quick-gen-key", who, "ed25519", "sign", "never", **env,
    )  # fmt: skip
