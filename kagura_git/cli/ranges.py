"""``BASE...HEAD`` on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kagura_git.errors import NotFound

if TYPE_CHECKING:
    from kagura_git.git.run import Git

_BASES: Final = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


def split(git: Git, range_: str | None) -> tuple[str, str]:
    """Return base and head; without a range the main branch and ``HEAD``.

    Raises:
        NotFound: there is no main branch to compare with.
    """
    if range_ is None:
        return _default_base(git), "HEAD"
    base, dots, head = range_.partition("...")
    if not dots:
        base, dots, head = range_.partition("..")
    return base or "HEAD", head or "HEAD"


def _default_base(git: Git) -> str:
    for name in _BASES:
        asked = ("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        if git.run(*asked, ok=(0, 1, 128)).returncode == 0:
            return name
    raise NotFound("no base to compare with", hint="Name it: `BASE...HEAD`.")
