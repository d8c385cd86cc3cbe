"""Fixtures: real repositories."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from git_repo import box, env

__all__ = ["box", "env"]
