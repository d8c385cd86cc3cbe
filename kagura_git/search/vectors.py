"""Embeddings by (model digest, text digest), in one SQLite file.

The file lies in the common git directory: worktrees and processes share it, so
a branch switch or a rebuild embeds nothing that was seen before. It is derived
data: a file that SQLite cannot read is set aside and started anew.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from kagura_git import permissions

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T")

_SCHEMA: Final = (
    "CREATE TABLE models (number INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE)",
    "CREATE TABLE vectors (model INTEGER NOT NULL, text BLOB NOT NULL, vector BLOB NOT NULL, "
    "PRIMARY KEY (model, text))",
    "PRAGMA application_id = {ours}",
)
_OURS: Final = 0x6B67_7601  # "kgv", version 1
_BUSY_SECONDS: Final = 30.0
# SQLite before 3.32 takes at most 999 parameters in one statement.
_CHUNK: Final = 900
DIGEST_SIZE: Final = 16


def text_digest(text: str) -> bytes:
    """Return the 16 bytes that a text goes by."""
    import hashlib

    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST_SIZE).digest()


def split(digests: bytes) -> list[bytes]:
    """Return the text digests of an entry, which keeps them joined."""
    return [digests[i : i + DIGEST_SIZE] for i in range(0, len(digests), DIGEST_SIZE)]


class VectorCache:
    """The vectors of all texts ever embedded in this repository, by model.

    Args:
        path: the SQLite file; it and its folder are made when first written to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def get_many(self, model: str, texts: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the float32 bytes of those texts (by digest) that are known."""
        if not texts or not self.path.exists():
            return {}
        return self._tolerantly(lambda db: _read(db, model, texts)) or {}

    def put_many(self, model: str, vectors: Mapping[bytes, bytes]) -> None:
        """Keep vectors (float32 bytes by text digest); one that is known stays."""
        if vectors:
            self._tolerantly(lambda db: _write(db, model, vectors))

    def _tolerantly(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do the work; None if the file cannot be used now, which only costs time."""
        import sqlite3  # here: a query needs no cache, and would pay 3 ms for it

        try:
            return self._with_database(work)
        except (sqlite3.OperationalError, OSError):
            if not self._obstructed():
                return None  # locked for too long, disk full, read-only: the file itself is fine
        except sqlite3.DatabaseError:
            pass
        self._set_aside()
        try:
            return self._with_database(work)
        except (sqlite3.DatabaseError, OSError):
            return None

    def _with_database(self, work: Callable[[sqlite3.Connection], T]) -> T:
        import sqlite3

        permissions.make_folder(str(self.path.parent))
        if not self.path.exists():  # SQLite would give it the permissions of the umask
            os.close(permissions.open_file(str(self.path), os.O_RDWR))
        db = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
        # A connection of sqlite3 closes nothing at the end of its own `with`.
        with contextlib.closing(db):
            # On a network file system WAL may be refused; the default journal serves then.
            with contextlib.suppress(sqlite3.OperationalError):
                db.execute("PRAGMA journal_mode=WAL")
            # Derived data: a power cut may lose the last vectors, never corrupt the file (WAL).
            db.execute("PRAGMA synchronous=NORMAL")
            if _owner(db) != _OURS:
                _create(db)
            return work(db)

    def _parts(self) -> list[Path]:
        suffixes = ("", "-wal", "-shm", "-journal")
        return [self.path.with_name(self.path.name + suffix) for suffix in suffixes]

    def _obstructed(self) -> bool:
        """Tell whether something that is no file stands in the place of one of SQLite's."""
        return any(os.path.lexists(part) and not part.is_file() for part in self._parts())

    def _set_aside(self) -> None:
        """Move the file away, with the journals that must not be replayed into a new one."""
        mark = os.urandom(4).hex()
        for part in self._parts():
            with contextlib.suppress(OSError):
                if part != self.path and part.is_file():
                    part.unlink()
                elif os.path.lexists(part):
                    name = f"{part.name}.unreadable"
                    # A folder cannot take the place of what was set aside before.
                    aside = name if part.is_file() else f"{name}.{mark}"
                    os.replace(part, part.with_name(aside))


def _owner(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA application_id").fetchone()[0])


def _create(db: sqlite3.Connection) -> None:
    import sqlite3

    db.execute("BEGIN IMMEDIATE")
    if _owner(db) != _OURS:  # another process may have been first
        if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise sqlite3.DatabaseError("this is another program's database, or another version")
        for statement in _SCHEMA:
            db.execute(statement.format(ours=_OURS))
    db.execute("COMMIT")


def _number(db: sqlite3.Connection, model: str) -> int | None:
    row = db.execute("SELECT number FROM models WHERE digest = ?", (model,)).fetchone()
    return int(row[0]) if row else None


def _read(db: sqlite3.Connection, model: str, texts: Sequence[bytes]) -> dict[bytes, bytes]:
    number = _number(db, model)
    if number is None:
        return {}
    found: dict[bytes, bytes] = {}
    for start in range(0, len(texts), _CHUNK):
        chunk = texts[start : start + _CHUNK]
        marks = ",".join("?" * len(chunk))
        query = f"SELECT text, vector FROM vectors WHERE model = ? AND text IN ({marks})"
        found.update(db.execute(query, (number, *chunk)).fetchall())
    return found


def _write(db: sqlite3.Connection, model: str, vectors: Mapping[bytes, bytes]) -> None:
    import sqlite3

    db.execute("BEGIN IMMEDIATE")
    try:
        db.execute("INSERT OR IGNORE INTO models (digest) VALUES (?)", (model,))
        number = _number(db, model)
        rows = [(number, text, vector) for text, vector in vectors.items()]
        db.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)", rows)
        db.execute("COMMIT")
    except BaseException:
        # The busy timeout covers BEGIN; whatever else fails must not leave the lock held.
        with contextlib.suppress(sqlite3.OperationalError):
            db.execute("ROLLBACK")
        raise
