"""Is an error read rightly from a screenshot of it, without a model?

    python benchmarks/screens.py [--traces 40] [--misses]

Stack traces of the shipped corpus are drawn as terminals and as panels of an
editor, light and dark, at one, one and a half and two times the size; the
picture is read letter by letter and taken apart. A field is right if it is what
the same reader finds in the text that was drawn (blanks aside; of a message 19
of 20 letters).
"""

from __future__ import annotations

import argparse
import difflib
import io
import random
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from PIL import Image, ImageDraw, ImageFont

from kagura_git.llm import ocr, pictures
from kagura_git.model import pasted
from kagura_git.model.records import Error
from kagura_git.store.files import RecordFiles

CORPUS = Path(__file__).parent.parent / "tests" / "data" / "corpus"
FONTS = (
    "DejaVuSansMono.ttf", "LiberationMono-Regular.ttf", "Menlo.ttc", "consola.ttf",
    "UbuntuMono-R.ttf",
)  # fmt: skip
# Ground, text, and what is accented.
THEMES = {
    "light": ("#ffffff", "#24292e", "#d73a49"),
    "dark": ("#1e1e1e", "#d4d4d4", "#f48771"),
    "dark blue": ("#002b36", "#93a1a1", "#cb4b16"),
}
SCALES = (1.0, 1.5, 2.0)
FIELDS = ("error_type", "message", "file_path", "line_number")
COLUMNS, ROWS, SIZE = 120, 34, 14


def font(scale: float) -> Any:
    """Return a monospaced font of this machine; Pillow's own if there is none."""
    for name in FONTS:
        try:
            return ImageFont.truetype(name, round(SIZE * scale))
        except OSError:
            continue
    return ImageFont.load_default(round(SIZE * scale))


def shown(trace: str) -> list[str]:
    """Return the lines of a trace that fit on a screen, the longest wrapped as a terminal does."""
    rows = [
        line[at : at + COLUMNS]
        for line in trace.expandtabs(8).splitlines()
        for at in range(0, max(len(line), 1), COLUMNS)
    ]
    return rows if len(rows) <= ROWS else [*rows[: ROWS // 2], *rows[-ROWS // 2 :]]


def drawn(rows: list[str], theme: str, scale: float, *, editor: bool) -> bytes:
    """Return a screenshot as a PNG file."""
    ground, ink, accent = THEMES[theme]
    letters = font(scale)
    height = round(SIZE * 1.35 * scale)
    margin = round(12 * scale)
    width = max(round(letters.getlength(row)) for row in rows) + 4 * margin
    head = 2 if editor else 1
    image = Image.new("RGB", (width, (len(rows) + head) * height + 2 * margin), ground)
    draw = ImageDraw.Draw(image)
    title = "PROBLEMS   OUTPUT   TERMINAL" if editor else "$ make check"
    draw.text((margin, margin), title, fill=ink, font=letters)
    if editor:
        line = margin + round(1.5 * height)
        draw.line((0, line, width, line), fill=accent, width=max(1, round(scale)))
    for number, row in enumerate(rows):
        colour = accent if number in (0, len(rows) - 1) else ink
        draw.text((margin, margin + (number + head) * height), row, fill=colour, font=letters)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def right(name: str, found: Any, wanted: Any) -> bool:
    """Tell whether a field was read rightly."""
    if name == "line_number":
        return bool(found == wanted)
    one, other = ("".join(str(value or "").split()) for value in (found, wanted))
    if name != "message":
        return one == other
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() >= 0.95


def main() -> None:
    """Print the share of fields that are right, by theme and size."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--traces", type=int, default=40)
    parser.add_argument("--misses", action="store_true")
    given = parser.parse_args()
    records = [stored.record for stored in RecordFiles(str(CORPUS)).read_all(("error",))]
    traces = [r.stack_trace for r in records if isinstance(r, Error) and r.stack_trace.strip()]
    some = random.Random(1).sample(traces, min(given.traces, len(traces)))
    counts: dict[tuple[str, float], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    spent = 0.0
    for number, trace in enumerate(some):
        rows = shown(trace)
        wanted = pasted.read("\n".join(rows))
        for theme in THEMES:
            for scale in SCALES:
                picture = drawn(rows, theme, scale, editor=bool(number % 2))
                start = time.perf_counter()
                text = ocr.read(pictures.Picture(picture, "png", 1, 1))
                spent += time.perf_counter() - start
                found = pasted.read(pasted.tidied(text))
                count = counts[theme, scale]
                count["pictures"] += 1
                for name in FIELDS:
                    ok = right(name, getattr(found, name), getattr(wanted, name))
                    count[name] += ok
                    if given.misses and not ok:
                        pair = (getattr(wanted, name), getattr(found, name))
                        print(f"  {theme} {scale}: {name}: {pair[0]!r:.90} {pair[1]!r:.90}")
    _print(counts, spent)


def _print(counts: Any, spent: float) -> None:
    print(f"{'':<12} {'size':>5} {'pictures':>9} " + " ".join(f"{name:>12}" for name in FIELDS))
    total: dict[str, int] = defaultdict(int)
    for (theme, scale), count in counts.items():
        shares = " ".join(f"{count[name] / count['pictures']:>12.3f}" for name in FIELDS)
        print(f"{theme:<12} {scale:>5} {count['pictures']:>9} {shares}")
        for name, value in count.items():
            total[name] += value
    shares = " ".join(f"{total[name] / total['pictures']:>12.3f}" for name in FIELDS)
    print(f"{'all':<12} {'':>5} {total['pictures']:>9} {shares}")
    print(f"{spent / total['pictures']:.1f} s a picture")


if __name__ == "__main__":
    main()
