"""Whether a version was made from another one, told from what they say."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kagura_git.model.editing import edited_on
from tests.record_strategies import decision

BASE = decision(tags=["database"])
LONG = "One file, many readers, and a backup that is one copy; writers wait for each other."


@pytest.mark.parametrize(
    ("changed", "later"),
    [
        ({"impact": LONG}, {"impact": LONG}),
        ({"impact": LONG}, {"impact": LONG.replace("writers wait", "the writers wait")}),
        ({"impact": LONG}, {"impact": f"{LONG} Nobody minded, in two years of using it this way."}),
        ({"tags": ["database", "sql"]}, {"tags": ["sql"]}),
        ({"confidence": 0.5}, {"confidence": 0.5, "tags": []}),
        ({}, {"confidence": 0.1}),
        ({"impact": "同じデータベースを使い続ける"}, {"impact": "同じデータベースを使い続けます"}),
    ],
)
def test_what_was_changed_and_is_there_was_edited_on(
    changed: dict[str, Any], later: dict[str, Any]
) -> None:
    assert edited_on(BASE, replace(BASE, **changed), replace(BASE, **later))


@pytest.mark.parametrize(
    ("changed", "later"),
    [
        ({"impact": LONG}, {}),
        ({"impact": LONG}, {"impact": "Slower writes."}),
        ({"impact": LONG, "confidence": 0.5}, {"impact": LONG}),
        ({"tags": ["database", "sql"]}, {"tags": ["database", "file"]}),
        ({"confidence": 0.5}, {"confidence": 0.4}),
        ({"status": "accepted"}, {"status": "rejected"}),
    ],
)
def test_what_was_changed_and_is_not_there_was_not(
    changed: dict[str, Any], later: dict[str, Any]
) -> None:
    assert not edited_on(BASE, replace(BASE, **changed), replace(BASE, **later))


def test_where_a_record_begins_everything_of_its_id_comes_from_it() -> None:
    assert edited_on(None, BASE, replace(BASE, decision="Something else"))
    assert not edited_on(None, BASE, replace(BASE, id="D-00000009"))
