"""Being told by Linux when a folder's files change, so that nothing has to be looked at.

A warm server asks before every answer whether the records are still those it
knows; a ``stat`` for each of thousands costs more than the search. inotify
(inotify(7)) queues an event with the write itself, edits in place included.
Where there is no inotify (other systems, no watches left) the answer is always
"maybe", and the caller looks.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterable
from typing import Any, Final

_MODIFY, _ATTRIB, _CLOSE_WRITE = 0x2, 0x4, 0x8
_MOVED, _CREATE, _DELETE, _SELF = 0xC0, 0x100, 0x200, 0xC00
_MASK: Final = _MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED | _CREATE | _DELETE | _SELF
_ONLY_FOLDER, _NO_LINK = 0x1000000, 0x2000000
# Network file systems and writes through mmap send no event: look now and then all the same.
_TRUST_SECONDS: Final = 2.0


class Watch:
    """Watches folders; closed with the process."""

    def __init__(self) -> None:
        self._libc: Any = None
        self._descriptor = -1
        self._armed = False
        self._since = 0.0

    def arm(self, folders: Iterable[str]) -> None:
        """Watch exactly these folders from now on; call it before looking at them."""
        self.close()
        if not sys.platform.startswith("linux"):
            return
        if self._libc is None:
            import ctypes

            self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            return
        mask = _MASK | _ONLY_FOLDER | _NO_LINK
        watches = [
            self._libc.inotify_add_watch(self._descriptor, os.fsencode(folder), mask)
            for folder in folders
        ]
        self._armed = bool(watches) and min(watches) >= 0
        self._since = time.monotonic()

    def quiet(self) -> bool:
        """Tell whether surely nothing has changed since :meth:`arm`; False means maybe."""
        if not self._armed or time.monotonic() - self._since > _TRUST_SECONDS:
            return False
        try:
            os.read(self._descriptor, 65536)
        except BlockingIOError:
            return True
        except OSError:
            pass
        self._armed = False
        return False

    def close(self) -> None:
        """Stop watching."""
        self._armed = False
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
        self._descriptor = -1

    def __del__(self) -> None:
        """Give the descriptor back."""
        self.close()
