"""Signing a text with git's own setup: its format, its key, its programs, its agent."""

from __future__ import annotations

import tempfile
from typing import Final, get_args

from kagura_git.errors import GitError, KaguraError
from kagura_git.git import patient, signed_text
from kagura_git.git.run import Git, decode
from kagura_git.git.signed_text import Format

# A token may want to be touched, a person to type; nobody waits longer for what nobody sees.
_UNSEEN_SECONDS: Final = 60.0
_TERMINAL_SECONDS: Final = 300.0
_OTHERWISE: Final = "`--no-sign` accepts without a signature."
_SEEN: Final = 300


def wanted(git: Git) -> bool:
    """Tell whether git would sign a commit here by itself."""
    done = git.run("config", "--type=bool", "--get", "commit.gpgSign", ok=(0, 1, 128))
    return decode(done.stdout).strip() == "true"


def sign(git: Git, text: str, seconds: int, *, terminal: bool = False) -> str:
    """Return the signature that git makes over a text and a moment.

    Args:
        seconds: the moment, since 1970; keys are judged by whether they were valid then.
        terminal: a passphrase may be asked for on this process's terminal.

    Raises:
        KaguraError: it could not be signed; the hint says what to look at.
    """
    form = _format(git)
    key = _key(git, form)
    name, there = signed_text.program(git, form)
    if not there:
        raise KaguraError(
            f"{name} is not installed, with which git signs here (gpg.format is {form})",
            hint=f"Install it, or choose another gpg.format. {_OTHERWISE}",
            where="gpg.format",
        )
    who = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (
            ("NAME", signed_text.NAME), ("EMAIL", signed_text.EMAIL), ("DATE", f"@{seconds} +0000")
        )
    }  # fmt: skip
    objects = signed_text.object_format(git)
    with signed_text.aside(git, **who) as apart, tempfile.NamedTemporaryFile() as message:
        message.write(text.encode("utf-8"))
        message.flush()
        done = patient.run(
            apart,
            [
                "-c", "i18n.commitEncoding=UTF-8", "commit-tree", f"-S{key}",
                "-F", message.name, signed_text.empty_tree(objects),
            ],
            seconds=_TERMINAL_SECONDS if terminal else _UNSEEN_SECONDS, terminal=terminal,
        )  # fmt: skip
        if done.code != 0:
            raise _failure(done, form, terminal)
        commit = apart.run("cat-file", "commit", done.out.decode().strip()).stdout
    payload, signature = signed_text.taken_apart(commit)
    if payload != signed_text.unsigned(text, seconds, objects):
        raise GitError("git signed something else than it was asked to", hint=_OTHERWISE)
    if signed_text.format_of(signature) is None:
        raise GitError(f"{name} made no signature that a record can hold", hint=_OTHERWISE)
    return signature


def _format(git: Git) -> Format:
    said = git.config("gpg.format") or "openpgp"
    for form in get_args(Format):
        if said == form:
            found: Format = form
            return found
    raise KaguraError(
        f"gpg.format is {said!r:.80}, which git does not know",
        hint=f"One of {', '.join(get_args(Format))}. {_OTHERWISE}",
        where="gpg.format",
    )


def _key(git: Git, form: Format) -> str:
    """Return the key to name to git; empty where git finds it by itself."""
    if git.config("user.signingKey"):
        return ""
    if form == "ssh":
        if git.config("gpg.ssh.defaultKeyCommand"):
            return ""
        raise KaguraError(
            "git has no key to sign with",
            hint="`git config --global user.signingKey ~/.ssh/id_ed25519.pub` names one. "
            + _OTHERWISE,
            where="user.signingKey",
        )
    # By default it is the key of who commits, which the fixed names hide from git.
    return decode(git.run("var", "GIT_COMMITTER_IDENT").stdout).rpartition(">")[0] + ">"


def _failure(done: patient.Ended, form: Format, terminal: bool) -> KaguraError:
    where = "user.signingKey"
    unlock = {
        "ssh": "`ssh-add` the key",
        "openpgp": "unlock it (`gpg --sign` in a terminal asks)",
        "x509": "unlock it (`gpgsm --sign` in a terminal asks)",
    }[form]
    if done.code is None:
        return KaguraError(
            "signing took too long: something may ask for a passphrase where nobody sees it",
            hint=f"First {unlock}. {_OTHERWISE}",
            where=where,
        )
    heard = done.err.replace("Enter passphrase: ", "")
    lines = [line.strip(" ?") for line in heard.splitlines() if line.strip(" ?")]
    said = [line.partition(": ")[2] or line for line in lines if ":" in line] or lines
    # The last word is mostly "gpg failed to sign the data"; the first says why, if any does.
    told = f": {said[0][:_SEEN]}" if said else ""
    locked = "" if terminal else f"If it has a passphrase, first {unlock}. "
    return KaguraError(
        f"git could not sign{told}",
        hint="`git commit -S` signs with the same key (user.signingKey): is it here? "
        f"{locked}{_OTHERWISE}",
        where=where,
    )


__all__ = ["sign", "wanted"]
