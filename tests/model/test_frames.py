"""Frames of real traces, in the shapes that runtimes print; and garbage in linear time."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from kagura_git.model.fingerprint import fingerprint, message_shape
from kagura_git.model.frames import Frame, frames

OWN, LIBRARY = True, False

PYTHON = """\
Traceback (most recent call last):
  File "/home/ada/shop/src/cart.py", line 12, in add
    self.items[item] += 1
    ~~~~~~~~~~^^^^^^
KeyError: 'apple'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/home/ada/shop/src/main.py", line 4, in <module>
    run()
  File "/usr/lib/python3.11/contextlib.py", line 81, in inner
    return func(*args, **kwds)
  File "/home/ada/.venv/lib/python3.11/site-packages/click/core.py", line 1157, in __call__
  File "<frozen importlib._bootstrap>", line 1204, in _gcd_import
  File "<string>", line 1, in <module>
  File "/home/o'brien/shop/src/views.py", line 20, in <lambda>
ValueError: no apples
"""
PYTHON_SYNTAX = """\
  File "/home/ada/shop/src/cart.py", line 3
    def add(:
            ^
SyntaxError: invalid syntax
"""
PYTHON_GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "/home/ada/shop/src/main.py", line 8, in main
  |     async with asyncio.TaskGroup() as group:
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/home/ada/shop/src/work.py", line 3, in work
    |     raise ValueError(n)
    | ValueError: 3
    +------------------------------------
"""
NODE = """\
TypeError: Cannot read properties of undefined (reading 'id')
    at Cart.add (/home/ada/shop/src/cart.js:12:5)
    at async run (file:///home/ada/shop/src/main.mjs:4:3)
    at new Order (C:\\Users\\Ada\\My Shop\\order.ts:7:11)
    at /home/ada/shop/src/routes.ts:30:9
    at Object.<anonymous> (/home/ada/shop/src/index.js:1:1)
    at Array.map (<anonymous>)
    at async Promise.all (index 0)
    at Layer.handle [as handle_request] (/home/ada/shop/node_modules/express/lib/layer.js:95:5)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
"""
BROWSER = """\
ReferenceError: total is not defined
    at Page (webpack-internal:///(rsc)/./src/app/page.tsx:12:9)
    at eval (webpack:///./src/cart.ts?:41:13)
    at onClick (http://localhost:3000/static/js/main.js?v=8f3:10:5)
    at __webpack_require__ (webpack/bootstrap:19:1)
"""
JAVA = """\
Exception in thread "main" java.lang.IllegalStateException: cart closed
\tat com.shop.Cart.add(Cart.java:42)
\tat com.shop.Cart.lambda$fill$0(Cart.java:57)
\tat com.shop.Main$Companion.main(Main.kt:9)
\tat com.shop.CartTest.should add an apple(CartTest.kt:21)
\tat com.shop.Shop$$Lambda$14/0x0000000800066840.apply(Unknown Source)
\tat java.base/java.util.ArrayList.forEach(ArrayList.java:1511)
\tat app//org.junit.runner.JUnitCore.run(JUnitCore.java:137)
\tat java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke0(Native Method)
Caused by: java.io.IOException: disk full
\tat com.shop.Store.write(Store.java:17)
\t... 12 more
"""
GO = """\
panic: runtime error: index out of range [3] with length 3

goroutine 1 [running]:
panic({0x4a3b60?, 0xc000014250?})
\t/usr/local/go/src/runtime/panic.go:884 +0x213
shop/cart.(*Cart).Add(0xc00009e000, {0x4c0f3a, 0x5})
\t/home/ada/shop/internal/cart/cart.go:12 +0x1d
shop/cart.Map[...](...)
\t/home/ada/shop/internal/cart/map.go:8
main.main.func1()
\t/home/ada/shop/main.go:9 +0x25
created by main.main in goroutine 1
\t/home/ada/shop/main.go:7 +0x20
"""
RUST = """\
thread 'main' panicked at src/cart.rs:12:5:
index out of bounds: the len is 3 but the index is 3
stack backtrace:
   0: rust_begin_unwind
             at /rustc/90b35a623/library/std/src/panicking.rs:578:5
   1: core::panicking::panic_fmt
             at /rustc/90b35a623/library/core/src/panicking.rs:67:14
   2: shop::cart::Cart::add::h0123456789abcdef
             at ./src/cart.rs:12:5
   3:     0x55d0c0de - shop::main
             at ./src/main.rs:4:9
"""
RUSTC = """\
error[E0382]: borrow of moved value: `cart`
  --> src/main.rs:5:20
   |
5  |     println!("{}", cart);
"""
DOTNET = """\
Unhandled exception. System.InvalidOperationException: Cart closed
   at Shop.Cart.Add(Int32 n) in /home/ada/shop/Cart.cs:line 12
   at Shop.Cart.<>c__DisplayClass0_0.<Fill>g__One|2() in C:\\src\\Cart.cs:line 30
   at Shop.Repository`1.Get[T](String id, Boolean now) in /home/ada/shop/Repository.cs:line 8
   at System.Linq.Enumerable.ToList[T](IEnumerable`1 source) in /_/src/Enumerable.cs:line 77
"""
RUBY = """\
src/cart.rb:12:in `add': no such item (KeyError)
\tfrom src/main.rb:4:in 'Shop::Main#run'
\tfrom /usr/lib/ruby/gems/3.2.0/gems/rack-3.0.8/lib/rack/builder.rb:8:in `call'
"""
ASAN = """\
==12==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010
    #0 0x4f5a2b in cart_add(int, char const*) /home/ada/shop/src/cart.cc:12:3
    #1 0x4f5b10 in alloc /home/ada/shop/src/pool.c:40
    #2 0x7f3c1a in __libc_start_main (/lib/x86_64-linux-gnu/libc.so.6+0x29d8f)
    #3 0x4f5c00 in std::vector<int>::at(unsigned long) /usr/include/c++/12/bits/stl_vector.h:11:2
"""

FIREFOX = """\
add@https://shop.test/static/js/cart.js:12:5
async*run@https://shop.test/static/js/main.js:4:3
@https://shop.test/static/js/main.js:1:1
setTimeout handler*tick@webpack:///node_modules/react-dom/index.js:9:9
global code@https://shop.test/static/js/boot.js:3:7
"""
DOTNET_RELEASE = """\
Unhandled exception. System.AggregateException: One or more errors occurred. (Cart closed)
 ---> System.InvalidOperationException: Cart closed
   at Shop.Cart.Add(Int32 n)
   at Shop.Cart.<FillAsync>d__5.MoveNext()
--- End of stack trace from previous location ---
   at System.Runtime.CompilerServices.TaskAwaiter.HandleNonSuccess(Task task)
   --- End of inner exception stack trace ---
   at Shop.Program.Main(String[] args) in C:\\src\\Program.cs:line 9
"""
SUPPRESSED = """\
com.shop.Closed: cart closed
\tat com.shop.Cart.add(SourceFile:42)
\tSuppressed: java.io.IOException: disk full
\t\tat com.shop.Store.close(Store.java:9)
\t\t... 3 more
Caused by: kotlinx.coroutines.JobCancellationException: gone
\tat _COROUTINE._BOUNDARY._(CoroutineDebugging.kt:46)
\tat com.shop.Pool$take$1.invokeSuspend(Pool.kt:31)
"""
RACE = """\
WARNING: DATA RACE
Write at 0x00c0000b4018 by goroutine 9:
  example.com/shop/stats.(*Counter).Inc()
      /home/ada/shop/stats/counter.go:22 +0x44
"""
GO_ELSEWHERE = """\
panic: no such item

goroutine 1 [running]:
main.main()
\tC:/Users/ada/shop/main.go:9 +0x25
runtime.main()
\t/opt/hostedtoolcache/go/1.22/x64/src/runtime/proc.go:271 +0x2a6
"""
RUST_WINDOWS = """\
   4: shop::main
             at C:\\shop\\src\\main.rs:4:9
"""
RUBY_TTY = """\
\t1: from src/main.rb:4:in `<main>'
src/cart.rb:12:in `block (2 levels) in add': no such item (KeyError)
"""
GDB = """\
Program received signal SIGSEGV, Segmentation fault.
#0  0x0000555555555131 in cart_add (cart=0x0, n=3) at src/cart.cc:12
#1  main () at src/main.c:4
#2  0x00007ffff7df7d90 in __libc_start_call_main (main=0x5) at ../sysdeps/nptl/libc_start.h:58
#3  0x00007ffff7df7e40 in __libc_start_main () from /lib/x86_64-linux-gnu/libc.so.6
"""
PYTEST = """\
tests/test_cart.py:12:
_ _ _ _ _
src/cart.py:31: in acquire
    self._refill()
E       Failed: Timeout (>10.0s) from pytest-timeout.

src/cart.py:24: Failed
"""
PANICKED = "thread 'main' panicked at src/cart.rs:12:5:\nno such item\n"
TSC = """\
src/server/seed.ts:3:20 - error TS2307: Cannot find module '@/lib/db'.
src/cart.ts(4,1): error TS2322: Type 'string' is not assignable to type 'number'.
"""
GCC = "src/cart.cc:12:3: error: use of undeclared identifier 'x'\n"
UBSAN = "src/cart.cc:12:3: runtime error: signed integer overflow: 1 + 2147483647\n"
GO_BUILD = "# shop/config\ninternal/config/load.go:27:26: cannot infer T\n"

REAL = {
    "firefox and safari": (FIREFOX, [
        ("https://shop.test/static/js/cart.js", "add", OWN),
        ("https://shop.test/static/js/main.js", "run", OWN),
        ("https://shop.test/static/js/main.js", "", OWN),
        ("webpack:///node_modules/react-dom/index.js", "setTimeout handler*tick", LIBRARY),
        ("https://shop.test/static/js/boot.js", "global code", OWN),
    ]),
    "dotnet without symbols": (DOTNET_RELEASE, [
        ("", "Shop.Cart.Add", OWN),
        ("", "Shop.Cart.<FillAsync>d__5.MoveNext", OWN),
        ("", "System.Runtime.CompilerServices.TaskAwaiter.HandleNonSuccess", LIBRARY),
        ("C:\\src\\Program.cs", "Shop.Program.Main", OWN),
    ]),
    "java suppressed, kotlin coroutine": (SUPPRESSED, [
        ("SourceFile", "com.shop.Cart.add", OWN),
        ("Store.java", "com.shop.Store.close", OWN),
        ("CoroutineDebugging.kt", "_COROUTINE._BOUNDARY._", LIBRARY),
        ("Pool.kt", "com.shop.Pool$take$1.invokeSuspend", OWN),
    ]),
    "go race": (RACE, [
        ("/home/ada/shop/stats/counter.go", "example.com/shop/stats.(*Counter).Inc", OWN),
    ]),
    "go on windows": (GO_ELSEWHERE, [
        ("C:/Users/ada/shop/main.go", "main.main", OWN),
        ("/opt/hostedtoolcache/go/1.22/x64/src/runtime/proc.go", "runtime.main", LIBRARY),
    ]),
    "rust on windows": (RUST_WINDOWS, [("C:\\shop\\src\\main.rs", "shop::main", OWN)]),
    "ruby on a terminal": (RUBY_TTY, [
        ("src/main.rb", "<main>", OWN),
        ("src/cart.rb", "block (2 levels) in add", OWN),
    ]),
    "gdb": (GDB, [
        ("src/cart.cc", "cart_add", OWN),
        ("src/main.c", "main", OWN),
        ("../sysdeps/nptl/libc_start.h", "__libc_start_call_main", LIBRARY),
    ]),
    "pytest": (PYTEST, [
        ("tests/test_cart.py", "", OWN), ("src/cart.py", "acquire", OWN), ("src/cart.py", "", OWN),
    ]),
    "a panic without a backtrace": (PANICKED, [("src/cart.rs", "", OWN)]),
    "tsc": (TSC, [("src/server/seed.ts", "", OWN), ("src/cart.ts", "", OWN)]),
    "gcc and clang": (GCC, [("src/cart.cc", "", OWN)]),
    "undefined behaviour sanitizer": (UBSAN, [("src/cart.cc", "", OWN)]),
    "go build": (GO_BUILD, [("internal/config/load.go", "", OWN)]),
    "python": (PYTHON, [
        ("/home/ada/shop/src/cart.py", "add", OWN),
        ("/home/ada/shop/src/main.py", "<module>", OWN),
        ("/usr/lib/python3.11/contextlib.py", "inner", LIBRARY),
        ("/home/ada/.venv/lib/python3.11/site-packages/click/core.py", "__call__", LIBRARY),
        ("<frozen importlib._bootstrap>", "_gcd_import", LIBRARY),
        ("<string>", "<module>", LIBRARY),
        ("/home/o'brien/shop/src/views.py", "<lambda>", OWN),
    ]),
    "python syntax error": (PYTHON_SYNTAX, [("/home/ada/shop/src/cart.py", "", OWN)]),
    "python exception group": (PYTHON_GROUP, [
        ("/home/ada/shop/src/main.py", "main", OWN),
        ("/home/ada/shop/src/work.py", "work", OWN),
    ]),
    "node": (NODE, [
        ("/home/ada/shop/src/cart.js", "Cart.add", OWN),
        ("file:///home/ada/shop/src/main.mjs", "run", OWN),
        ("C:\\Users\\Ada\\My Shop\\order.ts", "new Order", OWN),
        ("/home/ada/shop/src/routes.ts", "", OWN),
        ("/home/ada/shop/src/index.js", "Object.<anonymous>", OWN),
        ("/home/ada/shop/node_modules/express/lib/layer.js", "Layer.handle [as handle_request]",
         LIBRARY),
        ("node:internal/process/task_queues", "process.processTicksAndRejections", LIBRARY),
    ]),
    "browser": (BROWSER, [
        ("webpack-internal:///(rsc)/./src/app/page.tsx", "Page", OWN),
        ("webpack:///./src/cart.ts?", "eval", OWN),
        ("http://localhost:3000/static/js/main.js?v=8f3", "onClick", OWN),
        ("webpack/bootstrap", "__webpack_require__", LIBRARY),
    ]),
    "java and kotlin": (JAVA, [
        ("Cart.java", "com.shop.Cart.add", OWN),
        ("Cart.java", "com.shop.Cart.lambda$fill$0", OWN),
        ("Main.kt", "com.shop.Main$Companion.main", OWN),
        ("CartTest.kt", "com.shop.CartTest.should add an apple", OWN),
        ("ArrayList.java", "java.util.ArrayList.forEach", LIBRARY),
        ("JUnitCore.java", "org.junit.runner.JUnitCore.run", LIBRARY),
        ("Native Method", "jdk.internal.reflect.NativeMethodAccessorImpl.invoke0", LIBRARY),
        ("Store.java", "com.shop.Store.write", OWN),
    ]),
    "go": (GO, [
        ("/usr/local/go/src/runtime/panic.go", "panic", LIBRARY),
        ("/home/ada/shop/internal/cart/cart.go", "shop/cart.(*Cart).Add", OWN),
        ("/home/ada/shop/internal/cart/map.go", "shop/cart.Map[...]", OWN),
        ("/home/ada/shop/main.go", "main.main.func1", OWN),
        ("/home/ada/shop/main.go", "main.main", OWN),
    ]),
    "rust": (RUST, [
        ("/rustc/90b35a623/library/std/src/panicking.rs", "rust_begin_unwind", LIBRARY),
        ("/rustc/90b35a623/library/core/src/panicking.rs", "core::panicking::panic_fmt", LIBRARY),
        ("./src/cart.rs", "shop::cart::Cart::add::h0123456789abcdef", OWN),
        ("./src/main.rs", "shop::main", OWN),
    ]),
    "rustc": (RUSTC, [("src/main.rs", "", OWN)]),
    "dotnet": (DOTNET, [
        ("/home/ada/shop/Cart.cs", "Shop.Cart.Add", OWN),
        ("C:\\src\\Cart.cs", "Shop.Cart.<>c__DisplayClass0_0.<Fill>g__One|2", OWN),
        ("/home/ada/shop/Repository.cs", "Shop.Repository`1.Get[T]", OWN),
        ("/_/src/Enumerable.cs", "System.Linq.Enumerable.ToList[T]", LIBRARY),
    ]),
    "ruby": (RUBY, [
        ("src/cart.rb", "add", OWN),
        ("src/main.rb", "Shop::Main#run", OWN),
        ("/usr/lib/ruby/gems/3.2.0/gems/rack-3.0.8/lib/rack/builder.rb", "call", LIBRARY),
    ]),
    "sanitizer": (ASAN, [
        ("/home/ada/shop/src/cart.cc", "cart_add(int, char const*)", OWN),
        ("/home/ada/shop/src/pool.c", "alloc", OWN),
        ("/usr/include/c++/12/bits/stl_vector.h", "std::vector<int>::at(unsigned long)", LIBRARY),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_the_frames_of_a_real_trace_are_found_and_told_apart(name: str) -> None:
    trace, expected = REAL[name]
    assert frames(trace) == [Frame(*frame) for frame in expected]


@pytest.mark.parametrize("name", REAL)
def test_windows_newlines_make_no_difference(name: str) -> None:
    trace, expected = REAL[name]
    # What is stored has passed inputs.text, which makes them LF; a caller may come before it.
    assert len(frames(trace.replace("\n", "\r\n"))) <= len(expected)
    assert fingerprint("E", "", trace) == fingerprint("E", "", "\n" + trace + "\n\n")


def test_the_frames_of_a_trace_printed_by_this_python_are_found(tmp_path: Path) -> None:
    script = tmp_path / "shop.py"
    script.write_text(
        "def fail():\n    {}['apple']\n"
        "def run():\n    try:\n        fail()\n    except KeyError as e:\n"
        "        raise ValueError('x') from e\nrun()\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert [(frame.path, frame.function) for frame in frames(done.stderr)] == [
        (str(script), "run"),
        (str(script), "fail"),
        (str(script), "<module>"),
        (str(script), "run"),
    ]


@pytest.mark.parametrize(
    "text",
    ["", "no trace", "at noon: 12:30 sharp", "File missing", "see src/cart.py:12",
    "1: first\n2: second",
     "We met at the shop (main street) at 10:30", "--> arrow", "# 0x1 in x y"],
)  # fmt: skip
def test_prose_is_no_trace(text: str) -> None:
    assert frames(text) == []


SIZE = 1_000_000
UNITS = [
    "\n", " ", "\t", "a", "a.", "a-", "a/", "(", "( ", ")", "1", ":1", ":", "1: x\n", "?", "?\n",
    'File "x\n', "File '", 'File "x", line ', "at x (", "at (", "at a(x) in ", "at a.b(", "at ",
    "\n\t", "a(\n\t", "a\n\tb.go", "created by ", "--> a", "from a.rb", "from a.rb:1:in `",
    "#0 0x1 in ",
    "#1 0x1 in a ", "webpack:///", "file:///", "async ", "at async ", "0x0 - ", "=", "k=", "://",
    "a://",
    "://a:", "é", "\x00", "a.java", "|", "-", "_9", "A.", "::", ".:", "at a/", "\\",
    "@", "@/", "a@", "/a", "C:\\", "/tmp/", "#1 a (", " (", ") at ", "[", "[a] ", "10:00:00 1 ",
    "ERROR a", "E ", "1 ", "a |", "a | ", "\x1b[", "\r\n", "error TS", "a.py:1: ",
    " panicked at '", "$$", "a.py:1:\n", ">  a\n", "\n_ _ _", "Caused by: ", "\n ", "\n\t",
]  # fmt: skip


@pytest.mark.parametrize(
    "head",
    [
        "",
        "2026-01-01 10:00:00 ",
        "a@",
        "#1 ",
        'File "',
        "at ",
        "at x(",
        "#0 0x1 in ",
        "--> ",
        "1: ",
        "from ",
    ],
)
def test_no_pattern_takes_quadratic_time(head: str) -> None:
    """The usual 5 ms are far below the limit; quadratic time is over 10 s."""
    for unit in UNITS:
        garbage = head + unit * (60_000 // len(unit))
        start = time.process_time()
        frames(garbage)
        message_shape(garbage)
        fingerprint(garbage, "", "")
        assert time.process_time() - start < 5, (head, unit)


@pytest.mark.parametrize("unit", ["\n", "a", "at x\n", 'File "', "log line 12:30 (x.py:1)\n"])
def test_a_megabyte_of_garbage_is_read_in_linear_time(unit: str) -> None:
    start = time.process_time()
    fingerprint("E", "", unit * (SIZE // len(unit)))
    assert time.process_time() - start < 20


def test_a_megabyte_of_real_frames_is_read_in_linear_time() -> None:
    everything = "".join(trace for trace, _ in REAL.values())
    trace = everything * (SIZE // len(everything))
    start = time.process_time()
    fingerprint("E", "", trace)
    assert time.process_time() - start < 20
