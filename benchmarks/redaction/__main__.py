"""Measure redaction on the labelled set: recall of each shape, wrong redactions of each kind."""

from __future__ import annotations

import argparse
import math
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks.redaction import harmless, rule_lists, secrets

Redactor = Callable[[str], str]


def ours(text: str) -> str:
    """Redact as this version does."""
    from kagura_git.model.redact import redact

    return redact(text)[0]


def earlier(path: Path) -> Redactor:
    """Return the redactor of an earlier version of ``redact.py``."""
    scope: dict[str, object] = {"__name__": "earlier"}
    exec(compile(path.read_text("utf-8"), str(path), "exec"), scope)
    redact = scope["redact"]
    assert callable(redact)
    return lambda text: str(redact(text)[0])


def detect_secrets(text: str) -> str:
    """Redact what all plugins of detect-secrets find, with its default filters."""
    from detect_secrets.core.scan import scan_file
    from detect_secrets.settings import default_settings

    with default_settings(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "text.log")
        path.write_text(text, "utf-8")
        for found in scan_file(str(path)):
            if found.secret_value:
                text = text.replace(found.secret_value, "[redacted]")
    return text


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of a proportion."""
    if not total:
        return 0.0, 1.0
    z, p = 1.96, hits / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return middle - half, middle + half


def _line(name: str, hits: int, total: int) -> str:
    low, high = wilson(hits, total)
    return f"{name:34}{hits:6}{total:6}   {hits / max(1, total):6.4f}   {low:.4f}-{high:.4f}"


def _kept(case: secrets.Case, redactor: Redactor) -> bool:
    return case.secret in redactor(case.text)


def report(
    name: str,
    redactor: Redactor,
    cases: Sequence[secrets.Case],
    texts: Sequence[harmless.Text],
    show: bool,
) -> Iterable[str]:
    """Yield one redactor's figures, and with ``show`` what it misses and redacts wrongly."""
    kept = [case for case in cases if _kept(case, redactor)]
    changed = [text for text in texts if redactor(text.text) != text.text]
    yield _line(f"{name}: secrets redacted", len(cases) - len(kept), len(cases))
    yield _line(f"{name}: harmless changed", len(changed), len(texts))
    if show:
        for case in kept:
            yield f"  missed {case.shape}: {case.text[:160]!r}"
        for text in changed:
            yield f"  wrong  {text.kind}: {text.text[:400]!r}"
            yield f"      -> {redactor(text.text)[:400]!r}"


def shapes(cases: Sequence[secrets.Case], redactor: Redactor) -> Iterable[str]:
    """Yield the recall of each shape."""
    found: dict[str, list[bool]] = defaultdict(list)
    for case in cases:
        found[case.shape].append(not _kept(case, redactor))
    for shape, hits in sorted(found.items(), key=lambda pair: (sum(pair[1]), pair[0])):
        yield _line(shape, sum(hits), len(hits))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=["seen", "held-out", "all"], default="all")
    parser.add_argument("--misses", action="store_true", help="print what is missed and wrong")
    parser.add_argument("--shapes", action="store_true", help="print the recall of each shape")
    parser.add_argument("--earlier", type=Path, help="an earlier redact.py to compare with")
    parser.add_argument("--peers", action="store_true", help="compare with detect-secrets")
    parser.add_argument("--gitleaks", type=Path, help="a gitleaks.toml to compare with")
    parser.add_argument("--trufflehog", type=Path, help="its pkg/detectors to compare with")
    args = parser.parse_args()
    wanted = {"seen": {False}, "held-out": {True}, "all": {True, False}}[args.part]
    cases = [case for case in secrets.cases() if case.held_out in wanted]
    texts = [text for text in harmless.texts() if text.held_out in wanted]
    print(f"{len(cases)} secrets in {len({case.shape for case in cases})} shapes, {len(texts)} "
          f"harmless texts of {len({text.kind for text in texts})} kinds")  # fmt: skip
    print(f"{'':34}{'hits':>6}{'of':>6}   {'share':6}   95 %")
    redactors: list[tuple[str, Redactor]] = [("now", ours)]
    if args.earlier:
        redactors.append(("earlier", earlier(args.earlier)))
    if args.peers:
        redactors.append(("detect-secrets", detect_secrets))
    if args.gitleaks:
        redactors.append(("gitleaks' rules", rule_lists.gitleaks(args.gitleaks)))
    if args.trufflehog:
        redactors.append(("trufflehog's rules", rule_lists.trufflehog(args.trufflehog)))
    for name, redactor in redactors:
        print("\n".join(report(name, redactor, cases, texts, args.misses)))
    if args.shapes:
        print("\n".join(shapes(cases, ours)))


if __name__ == "__main__":
    main()
