"""Fixtures: an isolated environment and an empty repository."""

from tests.git_repo import box, env

__all__ = ["box", "env"]
