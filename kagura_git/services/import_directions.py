"""Which folder imports which: the architecture as the code lives it (Python)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from kagura_git.services.pattern import Pattern, is_test, share
from kagura_git.services.source_habits import Lines

_IMPORT: Final = re.compile(r"\s*(?:from ([A-Za-z_][\w.]*) import|import ([A-Za-z_][\w.]*))")
# A direction that so few imports show is chance.
_FEW: Final = 5
_MOST: Final = 5
# One against so many is an exception from a rule, not another rule.
_AGAINST: Final = 0.1


def directions(lines: Lines) -> Iterator[Pattern]:
    """Yield the pairs of folders of which one imports the other and (nearly) never the reverse."""
    sources = {path: found for path, found in lines.items() if path.endswith(".py")}
    own = {path: found for path, found in sources.items() if not is_test(path)}
    folders = {_folder(path) for path in own}
    seen: Counter[tuple[str, str]] = Counter()
    where: dict[tuple[str, str], list[str]] = {}
    for path in sorted(own):
        for line in own[path]:
            match = _IMPORT.match(line)
            target = _target((match[1] or match[2]) if match else "", folders)
            pair = (_folder(path), target)
            if target and target != pair[0]:
                seen[pair] += 1
                where.setdefault(pair, []).append(path)
    ranked = [(pair, count) for pair, count in seen.most_common() if count >= _FEW]
    for (one, other), count in ranked[:_MOST]:
        back = seen[other, one]
        if back > _AGAINST * count:
            continue
        against = f"; {back} the other way" if back else ", none the other way"
        yield Pattern(
            pattern_type="architecture",
            name=f"{one} imports {other}",
            description=f"{count} imports of {other} in {one}{against}",
            frequency=count,
            total=count + back,
            confidence=share(count, count + back),
            examples=tuple(dict.fromkeys(where[one, other]))[:3],
            recommendation=f"{where[other, one][0]} goes against that." if back else None,
            severity="low" if back else "info",
        )


def _folder(path: str) -> str:
    parts = path.removeprefix("src/").split("/")[:-1]
    return "/".join(parts[:2])


def _target(module: str, folders: Sequence[str] | set[str]) -> str:
    parts = module.split(".")
    for length in (2, 1):
        name = "/".join(parts[:length])
        if name in folders:
            return name
    return ""
