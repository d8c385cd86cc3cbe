from __future__ import annotations

import numpy as np
import pytest

from kagura_git.search.candidates import _top


@pytest.mark.parametrize("count", [0, 5, 100, 40_000])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 1.0])
@pytest.mark.parametrize("depth", [1, 100, 500])
@pytest.mark.parametrize("ties", [False, True])
def test_the_best_are_found_whatever_a_sample_says(
    count: int, share: float, depth: int, ties: bool
) -> None:
    rng = np.random.default_rng(count)
    scores = rng.random(count) * (rng.random(count) < share)
    if ties:
        scores = scores.round(1)
    scores[::64] *= 1.0 + (depth == 100)  # the sample looks better than the rest
    found = scores[_top(scores, depth)]
    best = np.sort(scores[scores > 0])[::-1][:depth]
    assert np.sort(found)[::-1].tolist() == best.tolist()
