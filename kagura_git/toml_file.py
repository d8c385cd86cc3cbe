"""One TOML file as others may have written it: bounded, never a device, each fault one line.

Standard library only: the hooks read settings through it.
"""

from __future__ import annotations

import os
import stat
from typing import Any, Final

from kagura_git.errors import KaguraError

_MAX_BYTES: Final = 64 * 1024
# tomllib takes quadratic time for a key of many dots: six seconds for 32,000 of them.
_MAX_LINE: Final = 1000
_BOM: Final = b"\xef\xbb\xbf"


def stay_inside(path: str, top: str, where: str) -> None:
    """Refuse a link that leads out of the repository; raises ``KaguraError``."""
    # The repository is untrusted: its links may point to a device or a private file.
    if not os.path.islink(path):
        return
    real, inside = os.path.realpath(path), os.path.realpath(top)
    if os.path.commonpath([real, inside]) != inside:
        raise KaguraError(
            "a symbolic link that leaves the repository",
            hint="Replace it with a file, or remove it to use the defaults.",
            where=where,
        )


def read(path: str, where: str) -> dict[str, Any]:
    """Return a TOML file's content; a missing file, or one of comments alone, is empty.

    Raises:
        KaguraError: it is no regular file, too large, or not valid TOML.
    """
    data = _bytes(path, where)
    if data.startswith(_BOM):  # TOML has none, and the shims, which read it too, know none
        raise KaguraError(
            "not valid TOML: it starts with a byte order mark",
            hint="Save it as UTF-8 without one.",
            where=where,
        )
    lines = [line.strip() for line in data.splitlines()]
    if all(not line or line[:1] == b"#" or (line[:1] + line[-1:]) == b"[]" for line in lines):
        return {}  # as `init` wrote it: a hook need not pay 10 ms for the TOML parser
    long = next((n for n, line in enumerate(lines, 1) if len(line) > _MAX_LINE), None)
    if long is not None:
        raise KaguraError(
            f"not valid TOML: line {long} is over {_MAX_LINE:,} characters long",
            hint="Correct that line.",
            where=where,
        )
    import tomllib

    try:
        return tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        said = " ".join(f"{error}".split())[:200]
        raise KaguraError(
            f"not valid TOML: {said}", hint="Correct that line.", where=where
        ) from None


def _bytes(path: str, where: str) -> bytes:
    """Return a settings file's bytes, none if there is no file; opening one never blocks."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return b""
    except OSError as error:
        raise KaguraError(
            f"cannot be read: {error.strerror}", hint="Mend or remove the file.", where=where
        ) from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            return b""
        raise KaguraError("not a regular file", hint="Replace or remove it.", where=where)
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise KaguraError(
            f"over {_MAX_BYTES // 1024} KiB; settings need a small part of that",
            hint="Take out what is no setting, or remove the file to use the defaults.",
            where=where,
        )
    return data
