from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

from kagura_git.search import vectors
from kagura_git.search.vectors import VectorCache, text_digest

WRITER = """
import sys
from pathlib import Path
from kagura_git.search.vectors import VectorCache, text_digest
cache, name = VectorCache(Path(sys.argv[1])), sys.argv[2]
for i in range(40):
    cache.put_many("m", {text_digest(f"{name} {i} {j}"): b"1234" for j in range(20)})
    cache.put_many("m", {text_digest(f"shared {i}"): b"abcd"})
"""


def test_vectors_come_back_by_model_and_text(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "deep" / "v.db")
    a, b = text_digest("a"), text_digest("b")
    assert cache.get_many("m", [a]) == {}
    cache.put_many("m", {a: b"1111"})
    cache.put_many("other", {a: b"2222", b: b"3333"})
    assert cache.get_many("m", [a, b]) == {a: b"1111"}
    assert cache.get_many("other", [b]) == {b: b"3333"}
    assert cache.get_many("unknown", [a]) == {}


def test_many_are_fetched_at_once(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "v.db")
    many = {text_digest(str(i)): bytes([i % 256]) * 4 for i in range(3_000)}
    cache.put_many("m", many)
    assert cache.get_many("m", list(many)) == many


def test_two_processes_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    file = tmp_path / "v.db"
    root = str(Path(vectors.__file__).parents[2])
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(file), name], cwd=root)
        for name in ("one", "two")
    ]
    assert [process.wait(60) for process in running] == [0, 0]
    wanted = [
        text_digest(f"{n} {i} {j}") for n in ("one", "two") for i in range(40) for j in range(20)
    ]
    assert len(VectorCache(file).get_many("m", wanted)) == 1_600


def test_a_file_that_is_no_database_is_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "v.db"
    file.write_bytes(b"not a database, whatever its name " * 100)
    cache = VectorCache(file)
    assert cache.get_many("m", [text_digest("a")]) == {}
    cache.put_many("m", {text_digest("a"): b"1111"})
    assert cache.get_many("m", [text_digest("a")]) == {text_digest("a"): b"1111"}
    assert (tmp_path / "v.db.unreadable").exists()


def test_a_database_of_something_else_is_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "v.db"
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE vectors (other TEXT)")
    db.close()
    cache = VectorCache(file)
    cache.put_many("m", {text_digest("a"): b"1111"})
    assert cache.get_many("m", [text_digest("a")]) == {text_digest("a"): b"1111"}
