"""A signed text in the only form that git itself signs and verifies: a commit.

Git is asked, instead of gpg or ssh-keygen, so that whatever a user has set up for
signed commits holds here too: format, key, agent, programs, allowed signers,
revoked keys, levels of trust, and what later versions of git add. The commit has no
parent, an empty tree and fixed names; its message is the text. It lives in a folder
of its own for as long as git looks at it: nothing is left in the repository. The
namespace of an SSH signature stays ``git``, which is what lists of allowed signers
name; nobody can take it for the signature of a real commit, whose tree and message
are others.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

from kagura_git.git.run import Git, decode

Format = Literal["openpgp", "ssh", "x509"]

# Of an SSH key 0.3 KB, of RSA with 4,096 bits 1 KB, of X.509 with its certificates 10 KB.
LARGEST: Final = 32 * 1024
NAME: Final = "kagura-git"
EMAIL: Final = "acceptance@kagura-git.invalid"
_HEADERS: Final = {"sha1": "gpgsig", "sha256": "gpgsig-sha256"}
_BEGINS: Final[dict[str, Format]] = {
    "SSH SIGNATURE": "ssh",
    "PGP SIGNATURE": "openpgp",
    "PGP MESSAGE": "openpgp",
    "SIGNED MESSAGE": "x509",
}
_ARMOR: Final = re.compile(
    r"-----BEGIN ((?:SSH|PGP) SIGNATURE|PGP MESSAGE|SIGNED MESSAGE)-----\n"
    r"(?:(?!-----)[ -~]{0,200}\n)+-----END \1-----"
)
# Where each format's program stands, the first that is set, and git's default.
_PROGRAMS: Final[dict[Format, tuple[tuple[str, ...], str]]] = {
    "openpgp": (("gpg.openpgp.program", "gpg.program"), "gpg"),
    "ssh": (("gpg.ssh.program",), "ssh-keygen"),
    "x509": (("gpg.x509.program",), "gpgsm"),
}


def tidy(signature: str) -> str:
    """Return a signature as a record holds it: no blank lines around it, LF."""
    return signature.replace("\r\n", "\n").strip("\n")


def format_of(signature: str) -> Format | None:
    """Return the format of a signature, None for a text that is none."""
    if len(signature) > LARGEST:
        return None
    match = _ARMOR.fullmatch(tidy(signature))
    return _BEGINS[match[1]] if match else None


def program(git: Git, form: Format) -> tuple[str, bool]:
    """Return the program that git calls for a format, and whether it is there."""
    names, default = _PROGRAMS[form]
    said = next((value for name in names if (value := _path(git, name))), default)
    if os.sep in said:
        there = os.access(os.path.join(git.cwd, said), os.X_OK)
    else:
        there = shutil.which(said, path=git.env.get("PATH")) is not None
    return said, there


def _path(git: Git, name: str) -> str:
    done = git.run("config", "--type=path", "--get", name, ok=(0, 1, 128))
    return decode(done.stdout).rstrip("\n")


def object_format(git: Git) -> str:
    """Return ``sha1`` or ``sha256``: what this repository names its objects by."""
    return git.text("rev-parse", "--show-object-format")


def empty_tree(form: str) -> str:
    """Return the id of the tree without files."""
    return hashlib.new(form, b"tree 0\0", usedforsecurity=False).hexdigest()


def unsigned(text: str, seconds: int, form: str) -> bytes:
    """Return the commit that a signature is made over."""
    who = f"{NAME} <{EMAIL}> {seconds} +0000"
    head = f"tree {empty_tree(form)}\nauthor {who}\ncommitter {who}\n\n"
    return (head + text).encode("utf-8")


def signed(text: str, seconds: int, form: str, signature: str) -> bytes:
    """Return that commit with a signature of it."""
    head, _, message = unsigned(text, seconds, form).partition(b"\n\n")
    value = tidy(signature).replace("\n", "\n ")
    return head + f"\n{_HEADERS[form]} {value}\n\n".encode("ascii") + message


def taken_apart(commit: bytes) -> tuple[bytes, str]:
    """Return a commit without its signature, and the signature."""
    head, _, message = commit.partition(b"\n\n")
    kept: list[bytes] = []
    taken: list[bytes] = []
    inside = False
    for line in head.split(b"\n"):
        inside = line.startswith(b"gpgsig") or (inside and line.startswith(b" "))
        (taken if inside else kept).append(line)
    name = taken[0].split(b" ")[0] if taken else b""
    lines = [line.removeprefix(name)[1:] for line in taken[:1]] + [line[1:] for line in taken[1:]]
    return b"\n".join(kept) + b"\n\n" + message, tidy(b"\n".join(lines).decode("ascii", "replace"))


@contextmanager
def aside(git: Git, **environ: str) -> Iterator[Git]:
    """Yield git with a store of objects of its own, gone afterwards; the setup is the same."""
    with tempfile.TemporaryDirectory(prefix="kagura-", ignore_cleanup_errors=True) as folder:
        own = {
            "GIT_OBJECT_DIRECTORY": folder,
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }
        yield Git(git.cwd, {**git.env, **own, **environ})
