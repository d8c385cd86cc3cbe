"""Environment variables as they were at the start, and a guard against changes by libraries.

A repository is untrusted. Libraries such as python-dotenv copy a ``.env`` file of the
working folder into ``os.environ``; settings and provider keys must not come from there.
Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

_guard = threading.RLock()


def frozen(environ: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Return a read-only copy of the environment (default: of this process)."""
    return MappingProxyType(dict(os.environ if environ is None else environ))


@contextlib.contextmanager
def unchanged_environment(*, keep: Collection[str] = (), **during: str) -> Iterator[None]:
    """Undo every change that the block makes to ``os.environ``.

    Args:
        keep: names of variables that the block may change for good.
        during: variables to set inside the block only.
    """
    # One block at a time: another thread's block would take our variables for the user's.
    with _guard:
        before = dict(os.environ)
        os.environ.update(during)
        try:
            yield
        finally:
            _restore(before, keep)


def _restore(before: Mapping[str, str], keep: Collection[str]) -> None:
    for name in set(os.environ) - set(before) - set(keep):
        del os.environ[name]
    for name, value in before.items():
        if name not in keep and os.environ.get(name) != value:
            os.environ[name] = value
