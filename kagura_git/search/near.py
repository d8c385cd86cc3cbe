"""Nearest neighbours by faiss: exact while that is fast, by inverted lists above that.

A flat index reads every row. From ``LARGE`` rows on, an inverted file (Jégou,
Douze and Schmid, "Product Quantization for Nearest Neighbor Search", IEEE TPAMI
33(1), 2011) reads the rows near the query only, at a byte per dimension; the
rows themselves stay beside it, mapped, and what it finds is scored by them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGE: Final = 100_000
# Rows a list is to hold, and rows of each that the lists are learnt from.
_LIST: Final = 400
_SAMPLED: Final = 48
# What the lists that are read must find of the ten nearest, on queries made of rows.
_RECALL: Final = 0.99
_PROBES: Final = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
_TRIALS: Final = 200
# A query is about as like its record as this turns a row: a cosine near 0.7.
_TURN: Final = 1.0


def index_of(vectors: NDArray[Any]) -> Any:
    """Return the faiss index that suits that many rows."""
    return flat(vectors) if len(vectors) < LARGE else _lists(vectors)


def flat(vectors: NDArray[Any]) -> Any:
    """Return the exact index over these rows."""
    index = _faiss().IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return index


def is_flat(index: Any) -> bool:
    """Tell whether an index is the rows themselves."""
    return index is None or hasattr(index, "get_xb")


def packed(index: Any) -> memoryview:
    """Return an index as a file's content."""
    data: memoryview = _faiss().serialize_index(index).data
    return data


class Filter:
    """Which rows may be found; made once, it serves many searches.

    Args:
        allowed: one boolean per row.
    """

    def __init__(self, allowed: NDArray[Any]) -> None:
        import numpy as np

        self.selector = _faiss().IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        self.share = max(int(np.count_nonzero(allowed)), 1) / max(len(allowed), 1)


def search(index: Any, query: NDArray[Any], count: int, allowed: Filter | None) -> Any:
    """Return ``(likeness, rows)`` of the nearest rows, best first.

    Args:
        allowed: which rows may be found; None: all.
    """
    faiss = _faiss()
    # Even to allow everything: with a selector faiss goes through the rows in one thread. Its
    # OpenMP threads would spin on after the search, against the model's at the next query
    # (measured at 10,000 records on 4 cores: 20 ms a query, against 9 ms).
    selector = allowed.selector if allowed else faiss.IDSelectorAll()
    if is_flat(index):
        params = faiss.SearchParameters(sel=selector)
    elif allowed is None:
        params = faiss.SearchParametersIVF(nprobe=index.nprobe)
    else:
        # A filter that few rows pass must not find its lists empty.
        probes = min(index.nlist, int(index.nprobe / allowed.share) + 1)
        params = faiss.SearchParametersIVF(sel=selector, nprobe=probes)
    likeness, rows = index.search(query.reshape(1, -1), min(count, index.ntotal), params=params)
    found = rows[0] >= 0
    return likeness[0][found], rows[0][found]


def open_(file: Path, lists: Path | None, dim: int) -> tuple[Any, NDArray[Any]] | None:
    """Return the index of these files and its rows, mapped; None without faiss.

    Raises:
        ValueError, RuntimeError, OSError: they are not what they should be.
    """
    try:
        faiss = _faiss()
    except ImportError:
        return None  # the extra was taken away; words still answer
    index = _read(file)
    if index.d != dim or index.ntotal == 0:
        raise ValueError("not the vectors of this manifest")
    rows: NDArray[Any] = faiss.rev_swig_ptr(index.get_xb(), index.ntotal * index.d)
    rows = rows.reshape(index.ntotal, index.d)
    if lists is None:
        return index, rows
    coarse = _read(lists)
    if (coarse.d, coarse.ntotal) != (dim, len(rows)):
        raise ValueError("the lists and the vectors do not fit together")
    coarse.referenced_objects = [index]  # the rows live as long as what finds them
    return coarse, rows


def _read(file: Path) -> Any:
    faiss = _faiss()
    name = str(file)
    if not any("\ud800" <= sign <= "\udfff" for sign in name):
        # Maps the file instead of reading it, where this faiss knows how.
        return faiss.read_index(name, getattr(faiss, "IO_FLAG_MMAP_IFC", 0))
    import numpy as np  # faiss takes no other names

    return faiss.deserialize_index(np.fromfile(file, np.uint8))


def _lists(vectors: NDArray[Any]) -> Any:
    import numpy as np

    faiss = _faiss()
    count, dim = vectors.shape
    lists = max(64, count // _LIST)
    quantizer = faiss.IndexFlatIP(dim)
    code = faiss.ScalarQuantizer.QT_8bit
    index = faiss.IndexIVFScalarQuantizer(
        quantizer, dim, lists, code, faiss.METRIC_INNER_PRODUCT, False
    )
    index.cp.max_points_per_centroid = _SAMPLED
    index.cp.min_points_per_centroid = 1
    index.cp.spherical = True
    rng = np.random.default_rng(0)
    sample = rng.choice(count, min(count, lists * _SAMPLED), replace=False)
    index.train(vectors[np.sort(sample)])
    index.add(vectors)
    index.nprobe = _probes(index, vectors, rng)
    return index


def _probes(index: Any, vectors: NDArray[Any], rng: Any) -> int:
    """Return how many lists must be read to find what an exact search finds."""
    import numpy as np

    some = vectors[rng.choice(len(vectors), _TRIALS, replace=False)]
    noise = rng.standard_normal(some.shape, np.float32) * (_TURN / np.sqrt(some.shape[1]))
    asked = some + noise
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    exact = _faiss().knn(asked, vectors, 10, metric=_faiss().METRIC_INNER_PRODUCT)[1]
    for probes in _PROBES:
        index.nprobe = min(probes, index.nlist)
        # A few more than ten: their order is by a byte per dimension.
        found = index.search(asked, 30)[1]
        held = sum(
            len(set(a) & set(b)) for a, b in zip(exact.tolist(), found.tolist(), strict=True)
        )
        if held >= _RECALL * exact.size:
            break
    return int(index.nprobe)


def _faiss() -> Any:
    import faiss

    return faiss
