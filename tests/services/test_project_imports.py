"""Which files of its own project a source imports."""

from __future__ import annotations

import pytest

from kagura_git.services import imports

PATHS = {
    "app.py", "pkg/__init__.py", "pkg/a.py", "pkg/b.py", "pkg/deep/__init__.py", "pkg/deep/c.py",
    "src/lib/__init__.py", "src/lib/x.py", "src/lib/y.py", "bare/m.py", "web/main.ts",
    "web/util.ts", "web/view.tsx", "web/parts/index.ts", "web/old.js", "README.md",
}  # fmt: skip


def found(path: str, text: str) -> list[str]:
    known = imports.modules(PATHS)
    return list(dict.fromkeys(imports.imported(path, imports.rows(path, text), known, PATHS)))


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("app.py", "import pkg.a\n", ["pkg/a.py"]),
        ("app.py", "from pkg import a, b\n", ["pkg/a.py", "pkg/b.py"]),
        ("app.py", "from pkg import a as z\n", ["pkg/a.py"]),
        ("app.py", "from pkg import (\n    a,  # first\n    b,\n)\n", ["pkg/a.py", "pkg/b.py"]),
        ("app.py", "from pkg.a import thing\n", ["pkg/a.py"]),
        ("app.py", "from pkg import thing\n", ["pkg/__init__.py"]),
        ("app.py", "def f():\n    from pkg.deep.c import d\n", ["pkg/deep/c.py"]),
        ("app.py", "from bare import m\n", ["bare/m.py"]),
        ("app.py", "import os, sys\nfrom numpy import array\n", []),
        ("app.py", "x = 'import pkg.a'\n# from pkg import a\n", []),
        ("pkg/a.py", "from . import b\n", ["pkg/b.py"]),
        ("pkg/a.py", "from .deep.c import d\n", ["pkg/deep/c.py"]),
        ("pkg/deep/c.py", "from ..a import b\n", ["pkg/a.py"]),
        ("pkg/deep/c.py", "import app\n", ["app.py"]),
        ("pkg/__init__.py", "from .a import *\n", ["pkg/a.py"]),
        ("bare/m.py", "from . import x\n", []),
        ("src/lib/x.py", "from lib.y import z\n", ["src/lib/y.py"]),
        ("src/lib/x.py", "from lib import y\n", ["src/lib/y.py"]),
        ("src/lib/x.py", "from .y import z\n", ["src/lib/y.py"]),
        ("web/main.ts", "import { a } from './util'\n", ["web/util.ts"]),
        ("web/main.ts", "import {\n  a,\n} from \"./view\";\n", ["web/view.tsx"]),
        ("web/main.ts", "export * from './parts'\n", ["web/parts/index.ts"]),
        ("web/main.ts", "import './util.js'\n", ["web/util.ts"]),
        ("web/old.js", "const u = require('./main')\n", ["web/main.ts"]),
        ("web/main.ts", "import x from 'react'\nimport y from '../../outside'\n", []),
        ("README.md", "import pkg.a\n", []),
    ],
)  # fmt: skip
def test_a_line_names_the_file_it_imports(path: str, text: str, expected: list[str]) -> None:
    assert found(path, text) == expected


def test_hostile_texts_take_no_time() -> None:
    for text in (
        "from " * 50_000, "import (" * 30_000, "\t" * 200_000, "from 'x" * 30_000,
        "from a import (" + "b," * 90_000, "\n".join(["from a import (x"] * 15_000),
    ):  # fmt: skip
        assert found("app.py", text) == []
        assert found("web/main.ts", text) == []
