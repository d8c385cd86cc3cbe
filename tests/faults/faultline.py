"""Faults at a chosen system call: the n-th change of a file kills, or finds the disk full.

``faultline.c`` is loaded into a command and all its children (``LD_PRELOAD``);
here it is built, and told what to do. Where there is no C compiler, or another
loader than Linux's, faults happen at random times only.
"""

from __future__ import annotations

import functools
import mmap
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("faultline.c")
_LAYOUT: Final = struct.Struct("qqiiq1024s1024s")


class Fault(IntEnum):
    """What happens at the chosen event."""

    NONE = 0
    KILL_BEFORE = 1
    KILL_AFTER = 2
    KILL_HALFWAY = 3  # of a write; of anything else before it
    DISK_FULL = 4  # from then on


KILLS: Final = (Fault.KILL_BEFORE, Fault.KILL_AFTER, Fault.KILL_HALFWAY)


@functools.cache
def library() -> Path | None:
    """Return the built library, or None where it cannot be built or loaded."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or not sys.platform.startswith("linux"):
        return None
    # Kept for other processes of the same run; another source has another name.
    mark = f"{SOURCE.stat().st_mtime_ns:x}-{os.getuid()}"
    built = Path(tempfile.gettempdir(), f"kagura-faultline-{mark}.so")
    if not built.exists():
        aside = built.with_suffix(f".{os.getpid()}")
        command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(aside), str(SOURCE), "-ldl"]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode != 0:
            return None
        os.replace(aside, built)
    return built


class Faultline:
    """One plan: at which event below a folder which fault happens.

    Args:
        control: where to make the file that the processes share.
        under: only changes below this folder are events.
        at: the number of the event, from 1; 0 only counts.
    """

    def __init__(self, control: Path, under: Path, fault: Fault = Fault.NONE, at: int = 0) -> None:
        self.path = control
        folder = os.fsencode(os.path.realpath(under))
        control.write_bytes(_LAYOUT.pack(0, at, fault, 0, 0, folder, b""))

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return the environment in which a command is under this plan."""
        built = library()
        assert built is not None
        return {**env, "LD_PRELOAD": str(built), "KAGURA_FAULTLINE": str(self.path)}

    def _read(self) -> tuple[int, int, int, int, int, bytes, bytes]:
        with self.path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as data:
            return _LAYOUT.unpack(data[: _LAYOUT.size])

    @property
    def events(self) -> int:
        """How many events there have been."""
        return self._read()[0]

    @property
    def happened(self) -> str:
        """The event at which the fault happened, empty if it did not."""
        _, _, _, _, hits, _, said = self._read()
        return said.split(b"\0", 1)[0].decode("utf-8", "replace") if hits else ""
