"""``kill -9`` at random moments: ``benchmarks/faults.py`` plays the long runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import rounds
from tests.faults.jobs import JOBS
from tests.faults.place import Place
from tests.faults.rounds import Extent

pytestmark = pytest.mark.slow
_SEEDS = (1, 2)
_EXTENTS: dict[str, Extent] = {}


def _extent(template: Place, name: str, folder: Path) -> Extent:
    if name not in _EXTENTS:
        _EXTENTS[name] = rounds.measure(template, name, folder)
    return _EXTENTS[name]


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize("name", JOBS)
def test_a_kill_loses_nothing_acknowledged_and_work_goes_on(
    template: Place, tmp_path: Path, name: str, seed: int
) -> None:
    extent = _extent(template, name, tmp_path / "measured")
    rounds.play(template, name, seed, tmp_path / "round", extent)
