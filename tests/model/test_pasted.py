"""Reading a pasted error: its type, its message, where it happened."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagura_git.model.pasted import read, tidied
from kagura_git.model.records import Error
from kagura_git.store.files import RecordFiles
from tests.work import processor_seconds

CASES = {
    "python": (
        'Traceback (most recent call last):\n  File "/x/src/auth.py", line 42, in check\n'
        '    if a < b:\n  File "/venv/lib/python3.12/site-packages/z/z.py", line 3, in lt\n'
        "TypeError: can't compare\n",
        "TypeError", "can't compare", "/x/src/auth.py", 42,
    ),
    "python, chained": (
        'Traceback (most recent call last):\n  File "a.py", line 1, in f\nKeyError: 1\n\n'
        "During handling of the above exception, another exception occurred:\n\n"
        'Traceback (most recent call last):\n  File "b.py", line 2, in g\napp.errors.Bad: no\n',
        "app.errors.Bad", "no", "b.py", 2,
    ),
    "pytest": (
        "    def test_a():\n>       assert f() == 1\nE       ValueError: bad value\n\n"
        "tests/test_a.py:7: ValueError\n",
        "ValueError", "bad value", "tests/test_a.py", 7,
    ),
    "node": (
        "Uncaught TypeError: x is not a function\n    at run (/app/src/a.js:4:5)\n"
        "    at Module._compile (node:internal/modules/cjs/loader:1376:14)\n",
        "TypeError", "x is not a function", "/app/src/a.js", 4,
    ),
    "node, with a code": (
        "node:internal/errors:496\n\nError [ERR_HTTP_HEADERS_SENT]: Cannot set headers\n"
        "    at send (/app/src/b.ts:9:1)\n",
        "Error [ERR_HTTP_HEADERS_SENT]", "Cannot set headers", "/app/src/b.ts", 9,
    ),
    "java, caused by": (
        "org.x.Outer: failed\n\tat com.shop.Cart.add(Cart.java:12)\n"
        "\tat java.base/java.lang.Thread.run(Thread.java:840)\n"
        "Caused by: java.lang.IllegalStateException: no stock\n"
        "\tat com.shop.Stock.take(Stock.java:31)\n\t... 4 more\n",
        "java.lang.IllegalStateException", "no stock", "Stock.java", 31,
    ),
    "kotlin on android": (
        "FATAL EXCEPTION: main\nProcess: com.x, PID: 1\n"
        "kotlin.UninitializedPropertyAccessException: lateinit property a\n"
        "\tat com.x.Main.show(Main.kt:64)\n",
        "kotlin.UninitializedPropertyAccessException", "lateinit property a", "Main.kt", 64,
    ),
    "go": (
        "panic: close of closed channel\n\ngoroutine 41 [running]:\n"
        "shop/ws.(*Session).Close(...)\n\t/src/ws/session.go:83\n",
        "panic", "close of closed channel", "/src/ws/session.go", 83,
    ),
    "rust panic": (
        "thread 'main' (20417) panicked at src/args.rs:31:47:\n"
        "called `Option::unwrap()` on a `None` value\n",
        "panic", "called `Option::unwrap()` on a `None` value", "src/args.rs", 31,
    ),
    "rustc": (
        "error[E0382]: borrow of moved value: `cart`\n  --> src/main.rs:5:20\n",
        "E0382", "borrow of moved value: `cart`", "src/main.rs", 5,
    ),
    "c#": (
        "Unhandled exception. System.InvalidOperationException: Sequence is empty\n"
        "   at System.Linq.Enumerable.First(Object o)\n"
        "   at Shop.Cart.Add(Int32 n) in /src/Cart.cs:line 12\n",
        "System.InvalidOperationException", "Sequence is empty", "/src/Cart.cs", 12,
    ),
    "ruby": (
        "src/cart.rb:12:in `add': divided by 0 (ZeroDivisionError)\n"
        "\tfrom src/main.rb:4:in `run'\n",
        "ZeroDivisionError", "divided by 0", "src/cart.rb", 12,
    ),
    "address sanitizer": (
        "==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x1\n"
        "    #0 0x4f in add src/cart.cc:12:3\n",
        "AddressSanitizer", "heap-use-after-free on address 0x1", "src/cart.cc", 12,
    ),
    "typescript": (
        "src/a.ts:11:18 - error TS7053: Element implicitly has an 'any' type\n",
        "TS7053", "Element implicitly has an 'any' type", "src/a.ts", 11,
    ),
    "gcc": (
        "src/a.c:3:5: error: 'x' undeclared\n", "error", "'x' undeclared", "src/a.c", 3,
    ),
    "behind a log": (
        'web-1  | Traceback (most recent call last):\nweb-1  |   File "a.py", line 3, in f\n'
        "web-1  | ValueError: x\n",
        "ValueError", "x", "a.py", 3,
    ),
    "only a line": ("ValueError: too many apples", "ValueError", "too many apples", None, None),
    "no error at all": ("hello\nworld", "Unknown", "hello", None, None),
    "nothing": ("", "Unknown", "Unknown", None, None),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_an_error_says_of_itself(case: tuple[str, str, str, str | None, int | None]) -> None:
    text, *wanted = case
    told = read(text)
    assert [told.error_type, told.message, told.file_path, told.line_number] == wanted


def test_on_the_shipped_corpus_python_is_read_wholly() -> None:
    corpus = Path(__file__).parents[1] / "data" / "corpus"
    records = [stored.record for stored in RecordFiles(str(corpus)).read_all(("error",))]
    seen = 0
    for record in records:
        if not isinstance(record, Error) or "Traceback" not in record.stack_trace:
            continue
        told = read(record.stack_trace)
        seen += 1
        assert told.error_type.rpartition(".")[2] == record.error_type.rpartition(".")[2]
        assert "".join(told.message.split())[:40] in "".join(record.message.split())
    assert seen > 30


def test_blanks_that_a_reader_of_pictures_lost_come_back() -> None:
    lost = 'File"src/auth.py",line42,in check\n  if a < b:\nTypeError: no'
    told = read(tidied(lost))
    assert (told.file_path, told.line_number, told.error_type) == ("src/auth.py", 42, "TypeError")
    whole = CASES["python"][0]
    assert tidied(whole) == whole


@given(st.text(st.sampled_from('File "a.py", line 3:Error\n\tat ()E>-[]0.x'), max_size=400))
def test_whatever_is_pasted_is_read(text: str) -> None:
    told = read(tidied(text))
    assert told.error_type
    assert told.message


@pytest.mark.parametrize("piece", ["at a.b(", "E  x: ", "A.", "\n", " ", "Caused by: ", "error: "])
def test_a_text_made_to_be_slow_is_not(piece: str) -> None:
    start = processor_seconds()
    read(tidied(piece * (200_000 // len(piece))))
    assert processor_seconds() - start < 10
