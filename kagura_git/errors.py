"""The one family of errors that kagura-git raises on purpose.

Every message says what happened, ``where`` says in which file, record or
setting, and ``hint`` says what to do next. The edges (CLI, hooks, MCP) turn
them into text; nothing below prints. No hint ever names a command that
deletes or overwrites work: assistants run what they read.
"""

from __future__ import annotations


class KaguraError(Exception):
    """Something a user can understand and mend.

    Args:
        message: what happened, one sentence.
        hint: what to do next.
        where: the file (``path`` or ``path:line``), record id or setting.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "", where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n{self.hint}" if self.hint else text


class UsageError(KaguraError):
    """The call itself is off: an unknown option value, a missing argument."""

    exit_code = 2


class InvalidRecord(KaguraError):
    """A record that cannot be read or must not be stored as it is."""


class NotFound(KaguraError):
    """No record, file or revision goes by that name here."""


class Conflict(KaguraError):
    """The request contradicts what is stored, such as a second active session."""


class GitError(KaguraError):
    """git refused or is not usable here."""


class MissingExtra(KaguraError):
    """An optional package that this request needs is not installed."""
