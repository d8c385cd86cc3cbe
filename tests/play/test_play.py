"""Random git and kagura operations against a plain model; a failing seed replays.

``benchmarks/play.py`` plays the long games.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.play.player import Player

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_nothing_acknowledged_is_lost_or_misattributed(tmp_path: Path, seed: int) -> None:
    player = Player(tmp_path, seed, clones=2)
    player.play(60, gather=30)
