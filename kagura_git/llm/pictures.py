"""A picture given by its path: checked by its content, cleaned of what it tells besides.

What a camera or a screen grabber writes into a file (place, time, user, program)
is no part of an error. It is cut out by the structure of the file, without
decoding it: PNG (ISO/IEC 15948), JPEG (ISO/IEC 10918-1, annex B), GIF (GIF89a)
and WebP (RFC 9649).
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from kagura_git.errors import KaguraError
from kagura_git.fs import regular_file

MOST_BYTES: Final = 10 * 2**20
_MOST_PIXELS: Final = 50_000_000
_PNG: Final = b"\x89PNG\r\n\x1a\n"
# All that is needed to draw it; everything else in a PNG is ancillary and may tell more.
_PNG_KEPT: Final = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"acTL", b"fcTL",
     b"fdAT"}
)  # fmt: skip
_WEBP_KEPT: Final = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"})
_WEBP_TOLD: Final = 0x2C  # flags of VP8X: a colour profile, EXIF, XMP
_HINT: Final = "Give a PNG, JPEG, GIF or WebP file."


class Picture(NamedTuple):
    """A picture's file, without metadata; ``kind`` is png, jpeg, gif or webp."""

    data: bytes
    kind: str
    width: int
    height: int

    @property
    def url(self) -> str:
        """The picture as a ``data:`` address, as providers take it."""
        return f"data:image/{self.kind};base64,{base64.b64encode(self.data).decode()}"


def load(path: str | Path) -> Picture:
    """Return a picture, cleaned.

    Raises:
        KaguraError: there is none, it is too large, of another type or damaged.
    """
    where = str(path)
    try:
        data = regular_file.read(path, MOST_BYTES + 1)
    except OSError as error:
        raise KaguraError(
            f"the picture cannot be read: {error.strerror or error}", hint=_HINT, where=where
        ) from None
    if len(data) > MOST_BYTES:
        raise KaguraError(
            f"the picture is larger than {MOST_BYTES // 2**20} MiB",
            hint="Cut it to what matters, or save it smaller.",
            where=where,
        )
    try:
        found = _cleaned(data)
    except (struct.error, IndexError, ValueError):
        raise KaguraError("the picture is damaged", hint=_HINT, where=where) from None
    if found is None:
        raise KaguraError("this is no picture", hint=_HINT, where=where)
    if not 0 < found.width * found.height <= _MOST_PIXELS:
        raise KaguraError(
            f"the picture has {found.width} x {found.height} pixels",
            hint=f"At most {_MOST_PIXELS:,} are read.",
            where=where,
        )
    return found


def _cleaned(data: bytes) -> Picture | None:
    if data.startswith(_PNG):
        width, height = struct.unpack(">II", data[16:24])
        return Picture(_PNG + b"".join(_png(data)), "png", width, height)
    if data.startswith(b"\xff\xd8\xff"):
        clean, width, height = _jpeg(data)
        return Picture(clean, "jpeg", width, height)
    if data[:6] in (b"GIF87a", b"GIF89a"):
        width, height = struct.unpack("<HH", data[6:10])
        return Picture(b"".join(_gif(data)), "gif", width, height)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    return None


def _png(data: bytes) -> Iterator[bytes]:
    at = len(_PNG)
    while True:
        (size,) = struct.unpack(">I", data[at : at + 4])
        name, end = data[at + 4 : at + 8], at + 12 + size
        if end > len(data):
            raise ValueError("cut short")
        if name in _PNG_KEPT:
            yield data[at:end]
        if name == b"IEND":
            return
        at = end


def _jpeg(data: bytes) -> tuple[bytes, int, int]:
    kept, at, width, height = [data[:2]], 2, 0, 0
    while True:
        if data[at] != 0xFF:
            raise ValueError("no marker")
        mark = data[at + 1]
        if mark == 0xDA:  # from here on the picture itself
            return b"".join([*kept, data[at:]]), width, height
        (size,) = struct.unpack(">H", data[at + 2 : at + 4])
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
        # APP0 (JFIF) and APP14 (how colours are meant) stay; APP1 and its like, and comments, go.
        if mark in (0xE0, 0xEE) or not (0xE1 <= mark <= 0xEF or mark == 0xFE):
            kept.append(data[at : at + 2 + size])
        at += 2 + size


def _gif(data: bytes) -> Iterator[bytes]:
    flags = data[10]
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    yield data[:at]
    while True:
        start, sign = at, data[at]
        if sign == 0x3B:
            yield b"\x3b"
            return
        if sign == 0x2C:
            flags = data[at + 9]
            at += 10 + (3 << (flags & 7) + 1 if flags & 0x80 else 0) + 1
        elif sign == 0x21:
            at += 2
        else:
            raise ValueError("no block")
        body = at
        while data[at]:
            at += data[at] + 1
        at += 1
        # Comments, and applications' own blocks but the one that makes it loop.
        told = sign == 0x21 and (
            data[start + 1] == 0xFE
            or (data[start + 1] == 0xFF and data[body + 1 : body + 12] != b"NETSCAPE2.0")
        )
        if not told:
            yield data[start:at]


def _webp(data: bytes) -> Picture:
    kept, at, width, height = [], 12, 0, 0
    while at < len(data):
        name = data[at : at + 4]
        (size,) = struct.unpack("<I", data[at + 4 : at + 8])
        body, end = data[at + 8 : at + 8 + size], at + 8 + size + size % 2
        if at + 8 + size > len(data):
            raise ValueError("cut short")
        if name == b"VP8X":
            width = int.from_bytes(body[4:7], "little") + 1
            height = int.from_bytes(body[7:10], "little") + 1
            body = bytes([body[0] & ~_WEBP_TOLD]) + body[1:]
        elif name == b"VP8 " and not width:
            width, height = (side & 0x3FFF for side in struct.unpack("<HH", body[6:10]))
        elif name == b"VP8L" and not width:
            bits = int.from_bytes(body[1:5], "little")
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        if name in _WEBP_KEPT:
            kept.append(name + struct.pack("<I", size) + body + b"\0" * (size % 2))
        at = end
    inside = b"WEBP" + b"".join(kept)
    return Picture(b"RIFF" + struct.pack("<I", len(inside)) + inside, "webp", width, height)
