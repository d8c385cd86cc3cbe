"""The text of a picture, without a model: by Tesseract if it is installed, else by RapidOCR."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from statistics import median
from typing import Any, Final, NamedTuple

from kagura_git.errors import KaguraError, MissingExtra
from kagura_git.llm.client import quiet
from kagura_git.llm.pictures import Picture

_SECONDS: Final = 60
# Below this the middle of all pixels is that of a dark theme.
_DARK: Final = 110
# Letters of a screen are 7 pixels wide and more; readers are made for twice that.
_SMALL: Final = 1_600
_MOST_SIDE: Final = 6_000
_SURE: Final = 0.5


class Word(NamedTuple):
    """A piece of text and where it stands: left, top, right and bottom, in pixels."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def read(picture: Picture) -> str:
    """Return a picture's text in lines, indented as it is there.

    Raises:
        MissingExtra: neither program is installed.
        KaguraError: the picture cannot be decoded, or the program failed.
    """
    if find_spec("rapidocr") is not None:
        return lines(_by_rapidocr(picture))
    program = shutil.which("tesseract")
    if program:
        return _by_tesseract(program, picture)
    raise MissingExtra(
        "reading a picture without a vision model needs Tesseract or RapidOCR",
        hint='Install one: pip install "kagura-git[ocr]", or Tesseract by your system. '
        "CODING_MEMORY_VISION_MODEL names a model.",
    )


def lines(words: Sequence[Word]) -> str:
    """Return words as lines of text, from top to bottom, with the blanks that lie between them."""
    if not words:
        return ""
    height = median(word.bottom - word.top for word in words)
    width = median((word.right - word.left) / max(len(word.text), 1) for word in words)
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.top + word.bottom):
        middle = (word.top + word.bottom) / 2
        if rows and abs(middle - _middle(rows[-1])) < height / 2:
            rows[-1].append(word)
        else:
            rows.append([word])
    margin = min(word.left for word in words)
    return "\n".join(_line(row, margin, max(width, 1.0)) for row in rows)


def _middle(row: Sequence[Word]) -> float:
    return sum((word.top + word.bottom) / 2 for word in row) / len(row)


def _line(row: Sequence[Word], margin: float, width: float) -> str:
    text, at = "", margin
    for word in sorted(row, key=lambda word: word.left):
        blanks = round((word.left - at) / width)
        text += " " * (max(1, blanks) if text else max(0, blanks)) + word.text
        at = word.right
    return text


def _by_rapidocr(picture: Picture) -> list[Word]:
    import numpy as np

    image = np.asarray(_prepared(picture))[:, :, ::-1]  # it wants blue first
    with quiet():
        found = _engine()(image, use_cls=False)
    if found.boxes is None:
        return []
    words = []
    for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
        across, down = [float(x) for x, _ in box], [float(y) for _, y in box]
        if score >= _SURE and text.strip():
            words.append(Word(text, min(across), min(down), max(across), max(down)))
    return words


@cache
def _engine() -> Any:
    with quiet():
        from rapidocr import RapidOCR

        return RapidOCR(params={"Global.log_level": "critical"})


def _by_tesseract(program: str, picture: Picture) -> str:
    data = picture.data
    if find_spec("PIL") is not None:
        out = io.BytesIO()
        _prepared(picture).save(out, "PNG")
        data = out.getvalue()
    argv = [program, "stdin", "stdout", "--psm", "6", "-c", "preserve_interword_spaces=1"]
    try:
        done = subprocess.run(argv, input=data, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KaguraError(f"Tesseract failed: {error}", hint="", where=program) from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or [""]
        raise KaguraError(f"Tesseract failed: {said[-1][:200]}", where=program)
    return done.stdout.decode("utf-8", "replace").rstrip()


def _prepared(picture: Picture) -> Any:
    """Return the picture as readers like it: dark on light, and large enough."""
    from PIL import Image, ImageOps, ImageStat, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(picture.data)) as opened:
            image = opened.convert("RGBA")
            ground = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(ground, image).convert("RGB")
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError) as error:
        raise KaguraError(
            "the picture cannot be decoded", hint="It may be damaged: save it anew."
        ) from error
    if ImageStat.Stat(image.convert("L")).median[0] < _DARK:
        image = ImageOps.invert(image)
    scale = min(2.0 if image.width < _SMALL else 1.0, _MOST_SIDE / max(image.size))
    if scale != 1.0:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.LANCZOS)
    return image
