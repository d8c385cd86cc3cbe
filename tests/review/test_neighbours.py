"""A decision governs, less strictly, what its files import and what imports them."""

from __future__ import annotations

import pytest

from kagura_git.cli import review_markdown, review_text
from tests.review.conftest import Desk

STORE = "def load():\n    return 1\n"
API = "from shop.store import load\n\n\ndef get():\n    return load()\n"


@pytest.fixture
def shop(desk: Desk) -> Desk:
    desk.box.commit(
        "shop",
        **{
            "shop/__init__.py": "", "shop/store.py": STORE, "shop/api.py": API,
            "shop/other.py": "import os\n", "web/a.ts": "import { b } from './b'\n",
            "web/b.ts": "export const b = 1\n",
        },
    )  # fmt: skip
    return desk


def places(desk: Desk) -> dict[str, list[tuple[str, str, bool]]]:
    return {
        one.id: [(file.path, file.because, file.near) for file in one.files]
        for one in desk.report().governing
    }


def test_a_file_that_imports_one_that_is_named_is_near(shop: Desk) -> None:
    name = shop.decide(related_files=["shop/store.py"])
    shop.accept(name)
    shop.branch()
    shop.box.commit("work", **{"shop/api.py": API + "# more\n", "shop/other.py": "import sys\n"})
    assert places(shop) == {name: [("shop/api.py", "imports shop/store.py", True)]}
    ((file,),) = (one.files for one in shop.report().governing)
    assert file.lines == [(6, 6)]
    found = shop.finding("governed-nearby")
    assert found.severity == "note"
    assert "shop/api.py, imports shop/store.py, named by" in found.message
    assert "governed" not in shop.rules()


def test_a_file_that_one_that_is_named_imports_is_near(shop: Desk) -> None:
    paths = ("shop/api.py", "web/a.ts")
    names = {path: shop.decide(path, "so", related_files=[path]) for path in paths}
    for name in names.values():
        shop.accept(name)
    shop.branch()
    shop.box.commit("work", **{"shop/store.py": STORE + "#\n", "web/b.ts": "export const b = 2\n"})
    assert places(shop) == {
        names["shop/api.py"]: [("shop/store.py", "imported by shop/api.py", True)],
        names["web/a.ts"]: [("web/b.ts", "imported by web/a.ts", True)],
    }


def test_what_a_decision_names_itself_is_not_told_as_near(shop: Desk) -> None:
    name = shop.decide(related_files=["shop/store.py", "shop/api.py"])
    folder = shop.decide("B", "b", related_files=["shop", "shop/store.py"])
    shop.accept(name)
    shop.accept(folder)
    shop.branch()
    shop.box.commit("work", **{"shop/api.py": API + "#\n", "shop/store.py": STORE + "#\n"})
    assert [near for files in places(shop).values() for _, _, near in files] == [False] * 4


def test_the_heads_imports_count_not_the_bases(shop: Desk) -> None:
    name = shop.decide(related_files=["shop/store.py"])
    shop.accept(name)
    shop.branch()
    shop.box.commit("one", **{"shop/api.py": "x = 1\n"})
    assert places(shop) == {}
    shop.box.commit("two", **{"shop/other.py": "from . import store\n"})
    assert places(shop) == {name: [("shop/other.py", "imports shop/store.py", True)]}


def test_a_new_a_deleted_a_binary_and_a_huge_file_do_no_harm(shop: Desk) -> None:
    name = shop.decide(
        related_files=["shop/store.py", "shop/gone.py", "shop/link.py", "shop\nx.py"]
    )
    shop.accept(name)
    shop.branch()
    shop.box.write("shop/bin.py", b"\0\xff\nfrom shop.store import x\n")
    shop.box.write("shop/huge.py", b"from shop.store import x\n" + b"#\n" * 200_000)
    (shop.box.top / "shop/link.py").symlink_to("store.py")
    (shop.box.top / "shop/api.py").unlink()
    shop.box.commit("work", **{"shop/new.py": "from shop.store import load\n"})
    assert {path for path, _, _ in places(shop)[name]} == {
        "shop/bin.py", "shop/new.py", "shop/link.py",
    }  # fmt: skip


def test_a_file_that_everything_imports_says_nothing_of_any_one(shop: Desk) -> None:
    name = shop.decide(related_files=["shop/store.py"])
    shop.accept(name)
    shop.branch()
    files = {f"shop/m{n}.py": "from shop.store import load\n" for n in range(9)}
    shop.box.commit("work", **dict(list(files.items())[:3]))
    assert len(places(shop)[name]) == 3
    shop.box.commit("work", **files)
    assert name not in places(shop)


def test_every_format_says_which_file_is_near_which(shop: Desk) -> None:
    shop.accept(shop.decide(related_files=["shop/store.py"]))
    shop.branch()
    shop.box.commit("work", **{"shop/api.py": API + "# more\n"})
    report = shop.report()
    assert "(imports shop/store.py)" in "\n".join(review_text.lines(report))
    assert "`shop/api.py`, lines 6 (imports shop/store.py)" in review_markdown.markdown(report)
