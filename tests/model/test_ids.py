"""Ids and slugs: what a file is called."""

from __future__ import annotations

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagura_git.model.ids import (
    ID_PATTERN,
    KINDS,
    LETTERS,
    id_in_name,
    is_id,
    kind_of,
    new_id,
    slug,
)


@given(st.sampled_from(KINDS), st.binary(min_size=5, max_size=5))
def test_an_id_holds_all_its_randomness_and_its_kind(kind: str, entropy: bytes) -> None:
    found = new_id(kind, lambda size: entropy[:size])  # type: ignore[arg-type]
    assert is_id(found)
    assert kind_of(found) == kind
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    number = 0
    for digit in found[2:]:
        number = number * 32 + alphabet.index(digit)
    assert number.to_bytes(5, "big") == entropy


def test_ids_do_not_repeat() -> None:
    assert len({new_id("error", os.urandom) for _ in range(5000)}) == 5000


@pytest.mark.parametrize(
    "text",
    ["", "D-", "D-7k3f9q2", "D-7k3f9q2mm", "D-7k3f9q2m\n", "X-7k3f9q2m", "d-7k3f9q2m", "D_7k3f9q2m",
     "D-7K3F9Q2M", "D-7k3f9q2i", "D-7k3f9q2l", "D-7k3f9q2o", "D-7k3f9q2u", " D-7k3f9q2m",
     "D-٣٣٣٣٣٣٣٣"],
)  # fmt: skip
def test_what_is_no_id_is_told(text: str) -> None:
    assert not is_id(text)
    with pytest.raises(ValueError, match="not a record id"):
        kind_of(text)


@given(st.text())
def test_a_slug_is_safe_in_any_file_system(title: str) -> None:
    found = slug(title)
    assert re.fullmatch(r"(?:[a-z0-9]+(?:-[a-z0-9]+)*)?", found)
    assert len(found) <= 48
    assert slug(found) == found


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Use JWT, not sessions!", "use-jwt-not-sessions"),
        ("Café déjà vu", "cafe-deja-vu"),
        ("日本語", ""),
        ("../../etc/passwd", "etc-passwd"),
        ("a\nb\x00c", "a-b-c"),
        ("", ""),
        ("x" * 100, "x" * 48),
        ("one " + "x" * 44, "one-" + "x" * 44),
        ("one " + "x" * 45, "one"),
        ("ﬁle №5", "file-no5"),
    ],
)
def test_a_slug_is_made_of_whole_ascii_words(title: str, expected: str) -> None:
    assert slug(title) == expected


@pytest.mark.parametrize("name", ["x.yaml", "", ".D-7k3f9q2m.yaml", "-D-7k3f9q2m", "D-7k3f9.yaml"])
def test_a_name_without_an_id_in_front_has_none(name: str) -> None:
    assert id_in_name(name) is None


def test_the_id_is_read_from_a_file_name() -> None:
    assert id_in_name("D-7k3f9q2m-use-jwt.yaml") == "D-7k3f9q2m"
    assert id_in_name("E-7k3f9q2m.yaml") == "E-7k3f9q2m"


def test_the_pattern_for_others_agrees() -> None:
    assert set(LETTERS.values()) == set("DESPC")
    assert re.fullmatch(ID_PATTERN, "S-7k3f9q2m")
