"""Named numpy arrays in one file that is mapped, not read.

``numpy.load`` cannot map the members of an ``.npz`` and spends milliseconds on
its zip directory. Here a header names type, length and place of each array.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAGIC: Final = b"kagura-arrays-1\n"
_ALIGN: Final = 64


class _Place(msgspec.Struct, frozen=True, array_like=True):
    name: str
    dtype: str
    length: int
    offset: int


def pack(arrays: Mapping[str, NDArray[Any]]) -> list[bytes | memoryview]:
    """Return the file's content for one-dimensional arrays, as chunks to write in order."""
    places: list[_Place] = []
    chunks: list[bytes | memoryview] = []
    at = 0
    for name, array in arrays.items():
        places.append(_Place(name, array.dtype.str, len(array), at))
        padding = -array.nbytes % _ALIGN
        chunks += [array.data.cast("B") if array.nbytes else b"", bytes(padding)]
        at += array.nbytes + padding
    header = msgspec.msgpack.encode(places)
    head = _MAGIC + len(header).to_bytes(4, "little") + header
    return [head + bytes(-len(head) % _ALIGN), *chunks]


def unpack(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file, mapped read-only.

    Raises:
        ValueError: the file is not one of ours, or is cut short.
        OSError: it cannot be read.
    """
    import numpy as np

    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    start = len(_MAGIC) + 4
    if data[: len(_MAGIC)] != _MAGIC:
        raise ValueError(f"{path}: not an array file")
    size = int.from_bytes(data[len(_MAGIC) : start], "little")
    # msgspec's errors are ValueErrors.
    places = msgspec.msgpack.decode(data[start : start + size], type=list[_Place])
    base = start + size + -(start + size) % _ALIGN
    return {
        place.name: np.frombuffer(data, np.dtype(place.dtype), place.length, base + place.offset)
        for place in places
    }
