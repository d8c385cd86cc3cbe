"""What a merge, an editor or a hostile branch may leave behind: one clear error, never another."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kagura_git.errors import InvalidRecord
from kagura_git.store import codec, strict_yaml
from tests.record_strategies import TROUBLE, decision, error, path_for

PATH = path_for(decision())
GOOD = codec.dumps(decision(tags=["auth"], alternatives=["a", "b"], rationale="Why\nnot\n"))
LINES = GOOD.decode().split("\n")


def refused(data: bytes, path: str = PATH) -> InvalidRecord:
    with pytest.raises(InvalidRecord) as caught:
        codec.loads(data, path)
    assert caught.value.message
    assert caught.value.where.startswith(path)
    return caught.value


def line_of(start: str) -> int:
    return next(n for n, line in enumerate(LINES, 1) if line.startswith(start))


def with_line(start: str, *new: str) -> bytes:
    """Return the good file with one line replaced."""
    at = line_of(start) - 1
    return "\n".join([*LINES[:at], *new, *LINES[at + 1 :]]).encode()


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    start = time.process_time()  # not the clock on the wall: the machine may be busy
    yield
    assert time.process_time() - start < seconds


def test_the_good_file_is_good() -> None:
    assert codec.loads(GOOD, PATH).id == "D-7k3f9q2m"


def test_a_field_that_stands_twice_is_named_with_its_second_line() -> None:
    problem = refused(GOOD + b"status: accepted\n")
    assert "'status' stands twice" in problem.message
    assert problem.where == f"{PATH}:{len(LINES)}"


def test_a_field_that_stands_twice_further_down_is_refused_too() -> None:
    problem = refused(GOOD + b"later:\n  - a: 1\n    b: 2\n    a: 3\n")
    assert "'a' stands twice" in problem.message
    assert problem.where == f"{PATH}:{len(LINES) + 3}"


@pytest.mark.parametrize(
    "tail",
    [
        "later: &a x\n",
        "later: &a [x]\n",
        "later: &a {b: c}\n",
        "later: [&a x, *a]\n",
        "later: *nowhere\n",
        "&a later: x\n",
        "*a : x\n",
        "later: {<<: *a}\n",
    ],
)
def test_anchors_and_aliases_are_refused(tail: str) -> None:
    assert refused(GOOD + tail.encode()).where == f"{PATH}:{len(LINES)}"


@pytest.mark.parametrize(
    "tail",
    [
        "later: !!python/object/apply:os.system [x]\n",
        "later: !!str 1\n",
        "later: !mine x\n",
        "later: ! x\n",
        "later: !!set {a, b}\n",
        "later: [!!int '1']\n",
        "!!str later: x\n",
    ],
)
def test_tags_are_refused(tail: str) -> None:
    assert refused(GOOD + tail.encode()).where == f"{PATH}:{len(LINES)}"


CONFLICTS = {
    "two sides": ["<<<<<<< HEAD", "status: accepted", "=======", "status: rejected", ">>>>>>> x"],
    "diff3": [
        "<<<<<<< HEAD", "status: accepted", "||||||| 1a2b3c4", "status: proposed", "=======",
        "status: rejected", ">>>>>>> x",
    ],
    "one side empty": ["<<<<<<< HEAD", "=======", "status: rejected", ">>>>>>> x"],
    "labels left out": ["<<<<<<<", "status: accepted", "=======", "status: rejected", ">>>>>>>"],
    "start alone": ["<<<<<<< HEAD", "status: accepted"],
    "middle alone": ["status: accepted", "======="],
    "base alone": ["||||||| 1a2b3c4", "status: accepted"],
    "end alone": ["status: accepted", ">>>>>>> x"],
}  # fmt: skip


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("name", CONFLICTS)
def test_a_conflict_left_in_the_file_is_called_by_its_name(name: str, newline: str) -> None:
    data = with_line("status:", *CONFLICTS[name]).replace(b"\n", newline.encode())
    problem = refused(data)
    assert problem.message == "merge conflict markers"
    marker = next(n for n, line in enumerate(CONFLICTS[name]) if line[:7] == line[:1] * 7)
    assert problem.where == f"{PATH}:{line_of('status:') + marker}"


@pytest.mark.parametrize(
    "text",
    [
        "Title\n=======\ntext",
        "=======",
        "\n".join(CONFLICTS["diff3"]),
        "\n".join(CONFLICTS["two sides"]) + "\n",
        "<<<<<<< HEAD",
        ">>>>>>> x",
    ],
)
def test_a_text_about_a_conflict_is_no_conflict(text: str) -> None:
    record = decision(rationale=text, alternatives=[text], extra={"later": text})
    assert codec.loads(codec.dumps(record), PATH) == record


WRONG = {
    "status:": "status: maybe",
    "confidence:": "confidence: high",
    "rationale:": "rationale: 5",
    "tags:": "tags: auth",
    "alternatives:": "alternatives: {a: b}",
    "author:": "author: [Ada]",
    "created_at:": "created_at: yesterday",
}


@pytest.mark.parametrize("start", WRONG)
def test_a_wrong_type_names_its_field_and_line(start: str) -> None:
    plain = codec.dumps(decision()).decode().removesuffix("\n")
    kept = [*plain.split("\n"), "tags: []", "alternatives: []"]
    at = next(n for n, line in enumerate(kept) if line.startswith(start))
    kept[at] = WRONG[start]
    problem = refused("\n".join(kept).encode())
    assert problem.where == f"{PATH}:{at + 1}"
    assert problem.message.startswith(start)


@pytest.mark.parametrize(
    "line",
    [
        "confidence: 1.5",
        "confidence: -0.1",
        "confidence: .nan",
        "confidence: 1e999",
        "confidence: true",
        "confidence: null",
        "created_at: '2026-03-01T12:30:15'",
        "created_at: 2026-03-01",
        "created_at: 5",
        "rationale: ''",
        "rationale: null",
    ],
)
def test_a_value_outside_its_range_is_refused_at_its_line(line: str) -> None:
    plain = codec.dumps(decision()).decode().split("\n")
    name = line.split(":")[0]
    at = next(n for n, old in enumerate(plain) if old.startswith(f"{name}:"))
    plain[at] = line
    assert refused("\n".join(plain).encode()).where == f"{PATH}:{at + 1}"


def test_a_wrong_type_deep_inside_points_to_the_top_field() -> None:
    data = codec.dumps(error()) + b"seen:\n- at: '2026-03-01T12:30:15Z'\n- at: soon\n"
    problem = refused(data, path_for(error()))
    assert problem.where == f"{path_for(error())}:{data.decode().split(chr(10)).index('seen:') + 1}"
    assert problem.message.startswith("seen[1].at: ")


@pytest.mark.parametrize(
    "line",
    [r'session: "S-7k3f9q2m\n"', "session: S-7K3F9Q2M", "session: ../x", "session: D-7k3f9q2m"],
)
def test_an_id_that_is_none_is_refused(line: str) -> None:
    assert refused(GOOD + f"{line}\n".encode()).where == f"{PATH}:{len(LINES)}"


@pytest.mark.parametrize("name", ["id", "decision", "rationale", "author", "created_at"])
def test_a_missing_field_is_named(name: str) -> None:
    plain = codec.dumps(decision()).decode().split("\n")
    data = "\n".join(line for line in plain if not line.startswith(f"{name}:")).encode()
    problem = refused(data)
    assert f"`{name}`" in problem.message


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ("schema: kagura/decision/2", "newer"),
        ("schema: kagura/decision/99", "newer"),
        ("schema: kagura/decision/0", "'schema'"),
        ("schema: kagura/change/1", "'schema'"),
        ("schema: other/decision/1", "'schema'"),
        ("schema: 1", "'schema'"),
        ("schema: null", "'schema'"),
        ("schema: [kagura/decision/1]", "'schema'"),
        (r'schema: "kagura/decision/1\n"', "'schema'"),
    ],
)
def test_a_foreign_or_newer_schema_is_told_apart(schema: str, said: str) -> None:
    problem = refused(with_line("schema:", schema))
    assert said in problem.message
    assert problem.where == f"{PATH}:2"
    assert ("Upgrade" in problem.hint) == (said == "newer")


def test_no_schema_at_all_is_said() -> None:
    assert "'schema'" in refused(with_line("schema:")).message


@pytest.mark.parametrize(
    "path",
    [
        ".kagura/decisions/2026-03/D-00000000-x.yaml",
        ".kagura/decisions/2026-03/x.yaml",
        ".kagura/decisions/2026-03/E-7k3f9q2m-x.yaml",
        ".kagura/decisions/D-7k3f9q2m/x.yaml",
    ],
)
def test_an_id_that_is_not_the_one_in_the_file_name_is_refused(path: str) -> None:
    assert refused(GOOD, path).where == f"{path}:3"


def test_a_file_of_over_one_mebibyte_is_not_even_parsed() -> None:
    fill = b"# " + b"x" * (1024 * 1024 - len(GOOD) - 3) + b"\n"
    assert codec.loads(GOOD + fill, PATH).id == "D-7k3f9q2m"
    with within(1.0):
        assert "1,048,577" in refused(GOOD + fill + b"\n").message


@pytest.mark.parametrize("junk", [b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"caf\xe9"])
def test_bytes_that_are_not_utf8_are_named_with_their_line(junk: bytes) -> None:
    problem = refused(GOOD + b"later: " + junk + b"\n")
    assert problem.message == "not UTF-8"
    assert problem.where == f"{PATH}:{len(LINES)}"


def test_utf16_is_refused() -> None:
    refused(GOOD.decode().encode("utf-16"))


@pytest.mark.parametrize(
    "sign", ["\x00", "\x01", "\x07", "\x1b", "\x7f", "\x9f", "\ufffe", "\uffff"]
)
def test_control_characters_are_refused(sign: str) -> None:
    refused(GOOD + f"later: a{sign}b\n".encode())


@pytest.mark.parametrize("tail", ["---\na: b\n", "...\n---\nx\n", "--- x\n", "---\n"])
def test_a_second_document_is_refused(tail: str) -> None:
    assert "document" in refused(GOOD + tail.encode()).message


@pytest.mark.parametrize("data", ["", "\n", "# a comment\n", "\ufeff"])
def test_an_empty_file_is_called_empty(data: str) -> None:
    assert refused(data.encode()).message == "empty"


@pytest.mark.parametrize("data", ["- a\n", "[]\n", "text\n", "5\n", "null\n", "--- |\n text\n"])
def test_anything_but_fields_at_the_top_is_refused(data: str) -> None:
    assert "mapping" in refused(data.encode()).message


@pytest.mark.parametrize("tail", ["{a: b}: c\n", "? [a]\n: c\n", "? - a\n: c\n"])
def test_a_field_name_must_be_plain_text(tail: str) -> None:
    refused(GOOD + tail.encode())


LAUGHS = "a0: &a0 [ha, ha]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
BOMBS = {
    "lists": "later: " + "[" * 10_000 + "]" * 10_000,
    "open lists": "later: " + "[" * 900_000,
    "maps": "later: " + "{a: " * 200_000,
    "indented lists": "later: " + "- " * 200_000,
    "indented maps": "\n".join(" " * depth + "a:" for depth in range(1000)),
    "keys": "? " * 300_000,
    "laughs": LAUGHS,
    "anchors": "later: " + "&a " * 200_000,
    "tags": "later: " + "!a " * 200_000,
    "quotes": "later: " + '"' * 900_000,
    "dashes": "\n" + "-" * 900_000,
    "digits": "confidence: " + "1" * 900_000,
    "exponent": "confidence: 1e" + "9" * 900_000,
    "comments": "#\n" * 400_000 + "[",
    "lines": "later: |\n" + " \n" * 300_000 + "x",
    "colons": ": " * 400_000,
    "markers": "<<<<<<< \n" * 100_000,
    "fields": "".join(f"f{n}: {n}\n" for n in range(60_000)) + "f1: 2",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_less_than_a_second(name: str) -> None:
    with within(10.0):
        refused(BOMBS[name].encode())


def test_a_bomb_behind_good_fields_costs_less_than_a_second() -> None:
    with within(10.0):
        assert "levels" in refused(GOOD + BOMBS["lists"].encode()).message
    with within(10.0):
        assert "aliases" in refused(GOOD + LAUGHS.encode()).message


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@example(b"\x85")
@example(b"%")
@example(b"\xef\xbb\xbf")
@example(b"a: 'x")
def test_no_bytes_raise_anything_but_invalid_record(data: bytes) -> None:
    for content in (data, GOOD + data, data + GOOD):
        with contextlib.suppress(InvalidRecord):
            codec.loads(content, PATH)


_PIECES = [line.encode() for line in (*LINES, *TROUBLE, *WRONG.values(), "seen:", "  ", "extra: 1")]


@given(st.lists(st.sampled_from(_PIECES), max_size=25))
def test_no_shuffle_of_lines_raises_anything_but_invalid_record(lines: list[bytes]) -> None:
    with contextlib.suppress(InvalidRecord):
        codec.loads(b"\n".join(lines), PATH)


@given(st.data())
def test_a_damaged_file_is_read_as_something_sound_or_refused(data: st.DataObject) -> None:
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged)))
        end = data.draw(st.integers(at, min(len(damaged), at + 8)))
        damaged[at:end] = data.draw(st.binary(max_size=4) | st.sampled_from(_PIECES))
    try:
        record = codec.loads(bytes(damaged), PATH)
    except InvalidRecord:
        return
    assert codec.loads(codec.dumps(record), PATH) == record


@given(st.text(max_size=40))
def test_a_plain_scalar_is_a_json_value_or_stays_text(text: str) -> None:
    value = strict_yaml.scalar(text)
    if isinstance(value, str):
        assert value == text
    elif isinstance(value, bool) or value is None:
        assert text in {"true", "false", "null", "~", ""}
    else:
        assert float(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["no", "yes", "on", "off", "y", "12:30", "0123", "0x1F", "1_000", "+1", ".5", "5.",
             "True", "NULL", ".inf", ".nan", "1e999", "2026-01-31", "٣", "1\n", "Infinity", "NaN"]
)  # fmt: skip
def test_what_only_yaml_1_1_or_python_takes_for_a_value_stays_text(text: str) -> None:
    assert strict_yaml.scalar(text) == text
