"""Recall, MRR and nDCG of one ranking, and how sure a mean of them is."""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from typing import Any

import numpy as np

NAMES = ("R@1", "R@5", "MRR@10", "nDCG@10")
_ROUNDS = 2_000


def of(keys: Sequence[str], wanted: Set[str]) -> tuple[float, float, float, float]:
    """Return the measures of one query's first ten keys, in the order of ``NAMES``."""
    ranks = [rank for rank, key in enumerate(keys[:10], 1) if key in wanted]
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(10, len(wanted)) + 1))
    return (
        sum(rank == 1 for rank in ranks) / len(wanted),
        sum(rank <= 5 for rank in ranks) / len(wanted),
        1 / ranks[0] if ranks else 0.0,
        sum(1 / math.log2(rank + 1) for rank in ranks) / ideal,
    )


def interval(values: Any, seed: int = 1) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean of one number per query."""
    values = np.asarray(values)
    drawn = np.random.default_rng(seed).integers(0, len(values), (_ROUNDS, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), (2.5, 97.5))
    return float(low), float(high)
