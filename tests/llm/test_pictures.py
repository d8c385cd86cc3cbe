"""Pictures by their content: cleaned, bounded, and hostile ones refused."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagura_git.errors import KaguraError
from kagura_git.llm import pictures
from kagura_git.llm.pictures import load

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed (the ocr extra)")
KINDS = ("PNG", "JPEG", "GIF", "WEBP")
SECRET = b"taken at home by ada"


def drawn(kind: str, **more: Any) -> bytes:
    image = Image.new("RGB", (40, 30), "#336699")
    image.paste("#ffcc00", (5, 5, 20, 20))
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def with_metadata(kind: str) -> bytes:
    from PIL.PngImagePlugin import PngInfo

    if kind == "PNG":
        info = PngInfo()
        info.add_text("Comment", SECRET.decode())
        info.add_itxt("Author", SECRET.decode())
        return drawn(kind, pnginfo=info)
    if kind == "GIF":
        return drawn(kind, comment=SECRET)
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    more = {"comment": SECRET} if kind == "JPEG" else {"xmp": SECRET}
    return drawn(kind, exif=exif, **more)


def stored(folder: Path, data: bytes, name: str = "shot.png") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_keeps_its_pixels_and_tells_nothing_else(tmp_path: Path, kind: str) -> None:
    data = with_metadata(kind)
    assert SECRET in data
    found = load(stored(tmp_path, data))
    assert (found.kind, found.width, found.height) == (kind.lower(), 40, 30)
    assert SECRET not in found.data
    before, after = (Image.open(io.BytesIO(d)).convert("RGB") for d in (data, found.data))
    assert before.tobytes() == after.tobytes()
    assert found.url.startswith(f"data:image/{kind.lower()};base64,")


@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_picture_stays_whole(tmp_path: Path, kind: str) -> None:
    found = load(stored(tmp_path, drawn(kind)))
    Image.open(io.BytesIO(found.data)).load()


def test_an_animation_still_loops(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "green", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], loop=0, comment=SECRET)
    found = load(stored(tmp_path, out.getvalue()))
    opened = Image.open(io.BytesIO(found.data))
    assert (opened.n_frames, opened.info.get("loop")) == (3, 0)
    assert SECRET not in found.data


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "this is no picture"),
        (b"hello", "this is no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "this is no picture"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"\xff\xd8\xff", "damaged"),
        (b"GIF89a", "damaged"),
        (b"RIFF\x04\x00\x00\x00WEBP", "0 x 0 pixels"),
    ],
)
def test_what_is_no_picture_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(KaguraError, match=said) as caught:
        load(stored(tmp_path, data))
    assert caught.value.hint


def test_one_that_is_missing_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KaguraError, match="cannot be read"):
        load(tmp_path / "none.png")
    with pytest.raises(KaguraError, match="cannot be read"):
        load(tmp_path)
    with pytest.raises(KaguraError, match="larger than 10 MiB"):
        load(stored(tmp_path, drawn("PNG") + b"x" * pictures.MOST_BYTES))


def test_a_bomb_of_pixels_is_refused_unopened(tmp_path: Path) -> None:
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b""))
    )
    with pytest.raises(KaguraError, match="60000 x 60000 pixels"):
        load(stored(tmp_path, b"\x89PNG\r\n\x1a\n" + chunks))


@given(st.sampled_from(KINDS), st.data())
def test_a_damaged_picture_is_an_error_or_a_picture(kind: str, data: st.DataObject) -> None:
    whole = bytearray(drawn(kind))
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        try:
            found = load(stored(Path(folder), cut))
        except KaguraError:
            return
    assert found.width * found.height > 0
