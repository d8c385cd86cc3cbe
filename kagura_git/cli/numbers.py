"""Number types of options: out of range, NaN and 400 digits are usage errors."""

from __future__ import annotations

import math
from typing import Any, Final

import click

_MOST: Final = 10**9
COUNT: Final = click.IntRange(max=_MOST)
POSITIVE: Final = click.IntRange(min=1, max=_MOST)


class _Seconds(click.FloatRange):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a number of seconds; NaN is in no range though it compares with none."""
        found = super().convert(value, param, ctx)
        if found != found:
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)
        return found


class _Score(click.ParamType[float]):
    name = "score"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a number of ordinary size: over 1, which no score reaches, finds nothing."""
        try:
            found = float(value)
        except (ValueError, OverflowError):  # a whole number of 400 digits
            found = math.nan
        if not abs(found) <= _MOST:
            self.fail(f"{str(value)!r:.60} is not a score, a number from 0 to 1.", param, ctx)
        return found


SECONDS: Final = _Seconds(min=0, max=_MOST)
SOME_SECONDS: Final = _Seconds(min=0, max=_MOST, min_open=True)
SCORE: Final = _Score()
