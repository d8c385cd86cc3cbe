"""When two errors are the same error."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagura_git.model.fingerprint import PLACE, fingerprint, message_shape, of_error
from kagura_git.model.records import Error

TRACE = """\
Traceback (most recent call last):
  File "/home/ada/shop/src/main.py", line 4, in main
    run()
  File "/home/ada/shop/src/cart.py", line 12, in add
    at 0x7f3c1a2b3c4d
KeyError: 'apple'
"""


def same(trace: str, other: str = TRACE) -> bool:
    return fingerprint("KeyError", "'apple'", trace) == fingerprint("KeyError", "'apple'", other)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("line 12", "line 99"),
        ("0x7f3c1a2b3c4d", "0x55d0c0de0000"),
        ("/home/ada/shop/", "/Users/kim/work/shop/"),
        ("/home/ada/shop/", "C:\\Users\\Kim\\shop\\"),
        ("/home/ada/shop/src/", ""),
        ("    run()\n", ""),
        ("    run()\n", "    run()  # later\n    ^^^^^\n"),
        ("'apple'", "'pear'"),
        (
            '  File "/home/ada/shop/src/cart.py"',
            '  File "/usr/lib/python3.12/contextlib.py", line 8, in inner\n'
            '  File "/home/ada/shop/src/cart.py"',
        ),
    ],
)
def test_the_same_error_on_another_line_or_machine_is_the_same(old: str, new: str) -> None:
    assert old in TRACE
    assert same(TRACE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("in add", "in remove"),
        ("cart.py", "order.py"),
        ('  File "/home/ada/shop/src/main.py", line 4, in main\n', ""),
    ],
)
def test_another_way_through_the_own_code_is_another_error(old: str, new: str) -> None:
    assert old in TRACE
    assert not same(TRACE.replace(old, new))


def test_another_type_is_another_error_but_its_module_does_not_matter() -> None:
    assert fingerprint("KeyError", "", TRACE) != fingerprint("IndexError", "", TRACE)
    assert fingerprint("builtins.KeyError", "", TRACE) == fingerprint("KeyError", "", TRACE)
    assert fingerprint("shop::errors::Full", "") == fingerprint("Full", "")
    assert fingerprint(" KeyError\n", "") == fingerprint("KeyError", "")
    assert fingerprint("a.b.c", "") != fingerprint("c", "")


def test_an_error_with_a_trace_is_not_the_one_without() -> None:
    assert fingerprint("KeyError", "x", TRACE) != fingerprint("KeyError", "x")
    assert fingerprint("KeyError", "x", " \n") == fingerprint("KeyError", "x", "")


TERMINALS = {
    "colours": lambda line: f"\x1b[31;1m{line}\x1b[0m",
    "a logger": lambda line: f"2026-03-01 12:30:15,250 ERROR [worker-3] {line}",
    "a named logger": lambda line: f"[2026-03-01T12:30:15+09:00] ERROR shop.cart: {line}",
    "docker compose": lambda line: f"web-1  | {line}",
    "docker compose and a time": lambda line: f"web-1  | 2026-03-01T12:30:15.250Z {line}",
    "docker build": lambda line: f"#9 0.412 {line}",
    "syslog": lambda line: f"Mar  1 12:30:15 host shop[812]: {line}",
    "logcat": lambda line: f"03-01 12:30:15.250  1234  5678 E AndroidRuntime: {line}",
    "kubernetes": lambda line: f"2026-03-01T12:30:15.250912Z stderr F {line}",
    "maven": lambda line: f"[ERROR] {line}",
    "docker build below a logger": lambda line: f"2026-03-01 12:30:15    #9 0.412 {line}",
    "windows": lambda line: f"{line}\r",
    "an indentation": lambda line: f"    {line}" if line else "",
}
GO = "main.add(0xc00)\n\t/src/cart.go:12 +0x1d\nmain.main()\n\t/src/main.go:4 +0x25\n"
JAVA = "\tat com.shop.Cart.add(Cart.java:57)\n\tat com.shop.Main.main(Main.java:5)\n"
UNKNOWN = "== step build\nERROR in ./src/cart.js\n\n  [1] no such thing\n"


@pytest.mark.parametrize("name", TERMINALS)
@pytest.mark.parametrize("trace", [TRACE, GO, JAVA, UNKNOWN], ids=["python", "go", "java", "?"])
def test_what_a_terminal_or_a_logger_adds_to_every_line_does_not_matter(
    name: str, trace: str
) -> None:
    assert same("\n".join(map(TERMINALS[name], trace.split("\n"))), trace)


def test_what_only_libraries_throw_is_told_by_the_last_exception() -> None:
    library = '  File "/x/site-packages/{}.py", line 1, in load\n'
    handling = "\nDuring handling of the above exception, another exception occurred:\n\n"
    assert same(library.format("a") + handling + library.format("b"), library.format("b"))
    java = "\tat java.base/java.util.{}.get(List.java:9)\n"
    assert same(java.format("A"), java.format("A") + "Caused by: E: x\n" + java.format("B"))
    assert not same(java.format("A"), java.format("B"))


def in_test(function: str, inner: str, way: str = "cart.py") -> str:
    return (
        f'  File "/x/tests/test_cart.py", line 5, in {function}\n    add(1)\n'
        f'  File "/x/shop/{way}", line 9, in run\n  File "{inner}", line 2, in add\n'
    )


def test_a_failing_test_is_the_same_whichever_way_its_parameters_take() -> None:
    first = in_test("test_add", "/x/shop/store.py")
    assert same(first, in_test("test_add", "/x/shop/store.py", "order.py"))
    # A library in one environment is one's own code in the next.
    assert same(first, in_test("test_add", "/venv/lib/python3.12/site-packages/shop/store.py"))
    assert not same(first, in_test("test_add", "/x/shop/disk.py"))
    assert not same(first, in_test("test_remove", "/x/shop/store.py"))
    assert fingerprint("KeyError", "", first) != fingerprint("TypeError", "", first)


def test_a_test_without_a_name_is_told_by_its_source_or_by_all_its_calls() -> None:
    nameless = in_test("?", "/x/shop/store.py")
    assert same(nameless, in_test("?", "/x/shop/store.py", "order.py"))
    assert not same(nameless, nameless.replace("add(1)", "remove(1)"))
    bare = nameless.replace("    add(1)\n", "")
    assert not same(bare, bare.replace("/cart.py", "/order.py"))
    script = in_test("<module>", "/x/shop/store.py")
    assert not same(script, in_test("<module>", "/x/shop/store.py", "order.py"))
    helper = in_test("make_cart", "/x/shop/store.py")
    assert not same(helper, in_test("make_cart", "/x/shop/store.py", "order.py"))
    jest = "    at Object.<anonymous> (src/cart.test.ts:5:1)\n    at {} (src/a.ts:1:1)\n"
    assert not same(jest.format("one"), jest.format("two"))


PYTEST = """\
_________________ test_add _________________

    def test_add():
        cart = Cart()
>       assert cart.add(1) == 1

tests/test_cart.py:12:
_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _
src/cart.py:31: in add
    self._refill()
_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _
    def _refill(self):
>       with self._lock:
E       Failed: Timeout (>10.0s) from pytest-timeout.

src/cart.py:24: Failed
"""


def test_what_pytest_prints_at_length_is_told_by_the_marked_line() -> None:
    assert same(PYTEST, PYTEST.replace(":12:", ":99:").replace("Cart()", "Cart(7)"))
    assert same(PYTEST, PYTEST.replace("src/cart.py:31: in add\n    self._refill()\n", ""))
    assert not same(PYTEST, PYTEST.replace("cart.add(1)", "cart.remove(1)"))
    outside = PYTEST.replace("tests/test_cart.py", "src/main.py")
    assert not same(outside, outside.replace("with self._lock", "with self._pool"))


@pytest.mark.parametrize(
    ("outer", "inner", "between"),
    [
        ("\tat com.shop.CartTest.adds(CartTest.java:9)\n",
         "\tat com.shop.Cart.add(Cart.java:5)\n", "\tat com.shop.Main.run(Main.java:7)\n"),
        ("shop/cart.TestAdd(0xc00)\n\t/src/cart_test.go:9 +0x1\n",
         "panic({0x4})\n\t/usr/local/go/src/runtime/panic.go:884 +0x2\n"
         "shop/cart.add(0x1)\n\t/src/cart.go:5 +0x3\n", "shop.run()\n\t/src/main.go:7 +0x4\n"),
        ("from test/cart_test.rb:9:in `test_adds'\n", "src/cart.rb:5:in `add'\n",
         "from src/main.rb:7:in `run'\n"),
        ("   9: shop::tests::adds\n             at ./src/lib.rs:9:1\n",
         "   1: shop::add\n             at ./src/cart.rs:5:1\n",
         "   2: shop::run\n             at ./src/main.rs:7:1\n"),
    ],
    ids=["java", "go", "ruby", "rust"],
)  # fmt: skip
def test_tests_are_known_in_other_languages(outer: str, inner: str, between: str) -> None:
    assert same(inner + outer, inner + between + outer)
    assert not same(inner + outer, inner + outer.replace("dd", "ddd"))
    assert not same(inner + between, between)


def test_two_assertions_of_one_test_are_two_errors() -> None:
    trace = '  File "/x/tests/test_cart.py", line {}, in test_add\n    assert cart.{}\n'
    assert same(trace.format(3, "total == 2"), trace.format(8, "total == 5"))
    assert not same(trace.format(3, "total == 2"), trace.format(4, "empty"))


def test_a_number_in_a_functions_name_tells_it_apart_unless_a_compiler_gave_it() -> None:
    page = '  File "/x/cart.py", line 3, in page2\n'
    assert not same(page, page.replace("page2", "page3"))
    assert not same(in_test("test_2", "/x/a.py"), in_test("test_3", "/x/a.py"))
    closure = "main.run.func{}.{}()\n\t/src/main.go:4 +0x25\n"
    assert same(closure.format(1, 2), closure.format(3, 1))
    lambdas = (
        "   at Shop.Cart.<>c__DisplayClass{0}_0.<Fill>g__One|{0}_1() in /src/Cart.cs:line 30\n"
    )
    assert same(lambdas.format(1), lambdas.format(4))
    machine = "   at Shop.Cart.<FillAsync>d__{}.MoveNext()\n"
    assert same(machine.format(5), machine.format(12))


def test_a_call_cut_at_its_arguments_names_nothing() -> None:
    trace = '  File "/x/tests/test_cart.py", line {}, in ?\n    add(\n'
    first = fingerprint("ValueError", "too many apples", trace.format(3))
    assert first == fingerprint("ValueError", "too many apples", trace.format(9))
    assert first != fingerprint("ValueError", "too many pears", trace.format(9))


def test_where_nothing_has_a_name_the_message_must_agree() -> None:
    place = "error[E0382]: x\n  --> src/main.rs:5:20\n"
    first = fingerprint("E0382", "borrow of moved value: `cart`", place)
    assert first == fingerprint("E0382", "borrow of moved value: `cart`", place.replace("5", "9"))
    assert first != fingerprint("E0382", "borrow of moved value: `order`", place)


def test_the_place_is_the_same_for_every_type() -> None:
    first, second = (fingerprint(kind, "", TRACE) for kind in ("KeyError", "IndexError"))
    assert first[:PLACE] == second[:PLACE]
    assert first != second


def test_an_older_rules_fingerprint_is_made_anew_and_any_other_kept() -> None:
    def stored(mark: str | None) -> str | None:
        error = Error(
            id="E-00000001", error_type="KeyError", message="'apple'", stack_trace=TRACE,
            author="Ada", created_at=datetime(2026, 1, 2, tzinfo=UTC), fingerprint=mark,
        )  # fmt: skip
        return of_error(error)

    now = fingerprint("KeyError", "'apple'", TRACE)
    assert stored("f" * 32) == stored("9-" + "f" * 32) == now
    assert stored(now) == now
    assert stored("given by hand") == "given by hand"
    assert stored(None) is None


def test_only_library_frames_still_tell_errors_apart() -> None:
    library = '  File "/usr/lib/python3.11/json/decoder.py", line 355, in {}\n'
    assert not same(library.format("decode"), library.format("raw_decode"))
    assert same(library.format("decode"), library.format("decode").replace("355", "1"))


@pytest.mark.parametrize("nameless", [", in <module>", ", in ?", ""])
def test_lines_outside_any_function_are_told_apart_by_their_source(nameless: str) -> None:
    def trace(number: int, source: str, indent: str = "    ") -> str:
        return f'  File "/x/script.py", line {number}{nameless}\n{indent}{source}\n'

    below = '  File "/x/cart.py", line 3, in add\n    raise Full\n'
    assert not same(trace(3, "load(a)"), trace(9, "store(b)"))
    assert not same(trace(3, "load(a)") + below, trace(9, "store(b)") + below)
    assert same(trace(3, "load(a)"), trace(9, "load(a)", "  |    "))
    assert same(trace(3, "load(2)"), trace(3, "load(5)"))
    # Whatever stands below a frame with a name, it is the name that counts.
    assert same(below, below.replace("raise Full", "raise TooFull"))
    # Without its source a line is as good as any other of that file.
    head = trace(3, "").rstrip()
    assert same(f"{head}\n{below}", f"{head.replace('3', '9')}\n{below}")


@pytest.mark.parametrize("cycle", [["walk"], ["visit", "walk"], ["a", "b", "c"], list("abcdefgh")])
def test_the_depth_of_a_recursion_does_not_matter(cycle: list[str]) -> None:
    def trace(times: int) -> str:
        calls = ["main", *cycle * times, "leaf"]
        return "".join(f'  File "/x/tree.py", line {n}, in {c}\n' for n, c in enumerate(calls))

    assert same(trace(3), trace(300))
    assert not same(trace(3), trace(3).replace("in leaf", "in twig"))
    assert not same(trace(3), trace(3).replace("in main", "in other"))


def test_the_cause_of_a_chained_error_counts() -> None:
    cause = '  File "/x/{}.py", line 1, in load\nOSError: x\n\nDuring handling of the above\n\n'
    assert not same(cause.format("disk") + TRACE)
    assert same(cause.format("disk") + TRACE, cause.format("disk").replace("1", "7") + TRACE)
    assert not same(cause.format("disk") + TRACE, cause.format("net") + TRACE)


def test_rust_symbol_hashes_and_numbered_lambdas_do_not_matter() -> None:
    rust = "   2: shop::add::h{}\n             at ./src/cart.rs:12:5\n"
    assert same(rust.format("0123456789abcdef"), rust.format("fedcba9876543210"))
    java = "\tat com.shop.Cart.lambda$fill${}(Cart.java:57)\n"
    assert same(java.format(0), java.format(14))


def test_a_bundlers_query_does_not_matter() -> None:
    bundle = "    at onClick (http://localhost:{}/js/main.js?v={}:10:5)\n"
    assert same(bundle.format(3000, "8f3"), bundle.format(8080, "17a"))


def test_an_unknown_trace_format_is_compared_by_its_masked_lines() -> None:
    assert same("step 12 failed\nin phase build", "step 99 failed\n  in phase  build")
    assert not same("step 12 failed\nin phase build", "step 12 failed\nin phase test")


VOLATILE = [
    ("after 30 seconds", "after 31 seconds"),
    ("id 6f1c2b3a-9d4e-4f5a-8b7c-1d2e3f4a5b6c", "id 00000000-9d4e-4f5a-8b7c-aaaaaaaaaaaa"),
    ("object at 0x7f3c1a2b3c4d", "object at 0xdeadbeef"),
    ("user=ada, role=admin failed", "user=kim, role=guest failed"),
    ("GET https://api.test/users/ada failed", "GET https://api.test/users/kim?x=y failed"),
    ("redis://localhost refused", "redis://cache.internal refused"),
    ("at 2026-03-01T12:30:15.250Z", "at 2025-12-24T08:00:00+09:00"),
    ("[12:30:15] failed", "[23:59:59] failed"),
    ("commit 1a2b3c4d failed", "commit 99887766 failed"),
    ("port 8080 in use", "port 8081 in use"),
    ("/tmp/pytest-12/x.db locked", "/tmp/pytest-873/x.db locked"),
    ("C:\\Temp\\a1\\x locked", "C:\\Temp\\b22\\x locked"),
    ("ratio 1.5e-3", "ratio 2.25"),
    ("Failed  twice\n here", "failed twice here"),
    ("shard-3 is down", "shard-17 is down"),
    ("cannot open '/home/ada/shop/x.db'", "cannot open '/srv/app/x.db'"),
    ("cannot open C:\\Users\\Kim\\x.db", "cannot open ~/shop/x.db"),
    ("linking /tmp/rustcAbCd/x.o failed", "linking /tmp/rustcEfGh/x.o failed"),
    ("cannot open /var/folders/zz/T/tmpqwerty", "cannot open /tmp/tmpasdfgh"),
]


@pytest.mark.parametrize(("first", "second"), VOLATILE)
def test_volatile_parts_of_a_message_are_masked(first: str, second: str) -> None:
    assert message_shape(first) == message_shape(second)
    assert fingerprint("E", first, "", "a.py") == fingerprint("E", second, "", "a.py")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("connection refused", "connection reset"),
        ("no module named foo", "no module named bar"),
        ("missing key 'apple'", "missing key 'pear'"),
        ("user is unknown", "user=ada is unknown"),
        ("", "x"),
    ],
)
def test_words_of_a_message_are_not_masked(first: str, second: str) -> None:
    assert fingerprint("E", first, "", "a.py") != fingerprint("E", second, "", "a.py")


def test_without_a_trace_the_file_counts() -> None:
    assert fingerprint("E", "m", "", "a.py") != fingerprint("E", "m", "", "b.py")
    assert fingerprint("E", "m", "", "src/a.py") == fingerprint("E", "m", "", "./src\\a.py")
    assert fingerprint("E", "m", "", None) == fingerprint("E", "m", "", "")


def test_the_parts_cannot_run_into_each_other() -> None:
    assert fingerprint("E", "b", "", "a") != fingerprint("E", "", "", "a b")
    assert fingerprint("E", "a", "", "b") != fingerprint("E", "b", "", "a")


@given(st.text(), st.text(), st.text(), st.none() | st.text())
def test_any_text_gives_the_rule_and_32_stable_digits(
    kind: str, message: str, trace: str, path: str | None
) -> None:
    found = fingerprint(kind, message, trace, path)
    assert re.fullmatch("2-[0-9a-f]{32}", found)
    assert found == fingerprint(kind, message, trace, path)


@given(st.text(st.characters(codec="utf-16", categories=["Cs", "Lu", "Nd"])))
def test_surrogates_in_a_trace_do_no_harm(text: str) -> None:
    fingerprint(text, text, text, text)
    fingerprint("E\ud800", "\udfff", 'File "\udc80.py", line 1, in f\n', "\ud800")


@given(st.text())
def test_a_shape_is_its_own_shape(text: str) -> None:
    once = message_shape(text)
    assert message_shape(once) == once
