"""An error that comes again elsewhere is the record there is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kagura_git import CodingMemory
from kagura_git.memory import SyncCodingMemory
from kagura_git.services import setup

TRACE = """\
Traceback (most recent call last):
  File "/home/ada/shop/src/main.py", line 4, in main
    run()
  File "/home/ada/shop/src/cart.py", line 12, in add
    self.items[item] += 1
KeyError: 'apple'
"""
AGAIN = """\
web-1  | Traceback (most recent call last):
web-1  |   File "/app/src/main.py", line 9, in main
web-1  |     run()
web-1  |   File "/app/src/cart.py", line 31, in add
web-1  |     self.items[item] += 1
web-1  | KeyError: 'pear'
"""


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SyncCodingMemory:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Kim")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "kim@example.com")
    folder = tmp_path / "shop"
    subprocess.run(["git", "init", "--quiet", "-b", "main", str(folder)], check=True)
    opened = CodingMemory.sync(folder)
    setup.init(opened.ws.repo)
    return opened


def test_the_same_error_from_a_container_is_seen_again(memory: SyncCodingMemory) -> None:
    first = memory.record_error("KeyError", "'apple'", TRACE, "src/cart.py", 12)
    again = memory.record_error("KeyError", "'pear'", AGAIN, "src/cart.py", 31)
    assert (again.id, again.new, again.occurrences) == (first.id, False, 2)


def test_a_pasted_trace_finds_its_record_first_even_if_it_calls_the_error_otherwise(
    memory: SyncCodingMemory,
) -> None:
    record = memory.record_error("lookup failure", "no such item", TRACE, "src/cart.py", 12)
    for number in range(5):
        other = AGAIN.replace("in add", f"in find_{'abcde'[number]}")
        memory.record_error("KeyError", "'pear'", other, "src/cart.py", 31)
    hits = memory.search_errors(AGAIN, k=3)
    assert (hits[0].id, hits[0].score) == (record.id, 1.0)
    assert hits[1].score < 1


def test_a_record_of_an_older_rule_is_seen_again_and_keeps_its_fingerprint(
    memory: SyncCodingMemory,
) -> None:
    (old,) = memory.record_many(
        [
            {
                "kind": "error", "error_type": "KeyError", "message": "'apple'",
                "stack_trace": TRACE, "fingerprint": "0123456789abcdef" * 2,
            }
        ]
    )  # fmt: skip
    again = memory.record_error("KeyError", "'pear'", AGAIN, "src/cart.py", 31)
    assert (again.id, again.new) == (old.id, False)
    # Those who still have the older version must find it as well.
    assert memory.recall(old.id).fingerprint == "0123456789abcdef" * 2
    assert memory.search_errors(AGAIN, k=1)[0].score == 1.0
