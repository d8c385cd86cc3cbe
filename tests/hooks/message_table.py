"""Commits to make in two repositories, with and without our hooks: each way to write a message."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

MODES = ("", "default", "strip", "whitespace", "verbatim", "scissors")
SIGNS = ("#", ";", "auto")

# What the editor does with the message file $1.
EDITORS = {
    "untouched": ":",
    "subject": 'printf "Do it\\n" | cat - "$1" > "$1.new"; mv "$1.new" "$1"',
    "number": 'printf "#123 repair\\n" | cat - "$1" > "$1.new"; mv "$1.new" "$1"',
    "number alone": 'echo "#12 x" > "$1"',
    "semicolon alone": 'echo "; x" > "$1"',
    "cleared": ': > "$1"',
    "spaces": 'printf " \\n\\t\\n" > "$1"',
    "sign-off alone": 'echo "Signed-off-by: A <a@b.c>" > "$1"',
    "trailers": 'printf "Do it\\n\\nFixes:   #12\\nReviewed-by:x\\n" > "$1"',
    "like trailers": 'printf "Do it\\n\\nsee: there\\nand more\\nand more\\n" > "$1"',
    "title like a trailer": 'echo "fix: it" > "$1"',
    "no newline": 'printf "Do it" > "$1"',
    "CRLF": 'printf "Do it\\r\\n\\r\\nat length \\r\\n" > "$1"',
    "Latin-1": 'printf "T\\374r\\n" > "$1"',
    "number at the end": 'printf "Do it\\n\\n#12\\n\\n\\n" > "$1"',
    "after git": 'echo "Do it" >> "$1"',
    "last line gone": 'sed -i "\\$d" "$1"; echo "Do it" | cat - "$1" > "$1.new"; mv "$1.new" "$1"',
}
# Options under which an editor runs, and those that give the message.
EDITED = (
    (), ("-v",), ("-s",), ("-t", "{template}"), ("-t", "{template}", "-s", "-v"),
    ("--allow-empty-message",), ("-m", "#5 begun", "-e"), ("--amend",), ("--no-status",),
    ("--trailer", "Helped-by: B"),
)  # fmt: skip
GIVEN = (
    ("-m", "Do it"), ("-m", "#12 mend it"), ("-m", " "), ("-m", "Do it", "-m", "#12"),
    ("-m", "; x"), ("-F", "{file}"), ("-F", "{number}"), ("-F", "{latin}"),
    ("--amend", "--no-edit"), ("-C", "HEAD"), ("-m", "Do it\n\n---\nbelow"),
    ("-m", "Do it", "-s"), ("-m", "", "--allow-empty-message"),
    ("-F", "{signed}"), ("--fixup", "HEAD"), (),
)  # fmt: skip
FILES = {
    "template": b"Subject:\n\n# why\nTicket: 12\n",
    "file": b"Do it\r\n\r\nat length",
    "number": b"#12\n#13",
    "latin": b"T\xfcr\n\n\n  x  \n\n\n",
    "signed": b"\n\nDo it\n\nbody\n\nSigned-off-by:  A <a@b.c>\nChange-Id:I1\n# no\n",
}


@dataclass(frozen=True)
class Case:
    """One `git commit`: its options, what the editor runs (None: there is none), its settings."""

    mode: str
    by_option: bool
    sign: str
    options: tuple[str, ...]
    editor: str | None

    @property
    def arguments(self) -> list[str]:
        """The arguments of git."""
        settings = ["-c", f"core.commentChar={self.sign}"]
        if self.mode and not self.by_option:
            settings += ["-c", f"commit.cleanup={self.mode}"]
        options = [f"--cleanup={self.mode}"] if self.mode and self.by_option else []
        return [*settings, "commit", "--allow-empty", *options, *self.options]


def cases() -> Iterator[Case]:
    """Yield every case."""
    for mode, by_option, sign in itertools.product(MODES, (False, True), SIGNS):
        if by_option and not mode:
            continue
        for options, editor in itertools.product(EDITED, EDITORS):
            yield Case(mode, by_option, sign, options, EDITORS[editor])
        for options in GIVEN:
            yield Case(mode, by_option, sign, options, None)


def without_ours(message: bytes) -> set[bytes]:
    """Return what a message may have been before our trailers: with a blank line there, or not."""
    ours = rb"(?:Kagura-(?:Session|Decision): \S+\r?\n)+"
    return {re.sub(rb"^" + blank + ours, b"", message, flags=re.M) for blank in (b"", rb"\r?\n")}
