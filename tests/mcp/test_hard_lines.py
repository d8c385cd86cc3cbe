"""Lines that no JSON parser of the SDK takes, and arguments that mean nothing was given."""

from __future__ import annotations

import json
import select
import time
from typing import Any

import pytest
from assistant import Assistant, Wire, initialize, wire
from git_repo import Sandbox
from test_arguments import one_era
from test_tools import stored

NINES, MANY = "9" * 400, "9" * 5000


def line(on: Wire, text: str) -> dict[str, Any]:
    """Write a line as it is; return the answer."""
    assert on.process.stdin
    assert on.process.stdout
    on.process.stdin.write(text.encode() + b"\n")
    on.process.stdin.flush()
    found: dict[str, Any] = json.loads(on.process.stdout.readline())
    return found


def call(on: Wire, number: int, tool: str, arguments: str) -> dict[str, Any]:
    return line(
        on,
        f'{{"jsonrpc":"2.0","id":{number},"method":"tools/call",'
        f'"params":{{"name":"{tool}","arguments":{arguments}}}}}',
    )


def test_every_line_gets_an_answer(kagura: Sandbox) -> None:
    with wire(str(kagura.top), kagura.env) as on:
        initialize(on)
        texts = {
            "cut off \\ud83d": "cut off \ufffd", "\\ude00 begins": "\ufffd begins",
            "a \\\\ud83d \\ud83d\\ude00 \\ud83d": "a \\ud83d \U0001f600 \ufffd",
        }  # fmt: skip
        for number, (sent, kept) in enumerate(texts.items(), 10):
            answer = call(
                on, number, "coding_record_error", f'{{"error_type":"X","message":"{sent}"}}'
            )
            done = answer["result"]["structuredContent"]
            assert (answer["id"], stored(kagura, done["id"]).message) == (number, kept)
        for number, value in enumerate((NINES, MANY, "1e999", "NaN", f'"{MANY}"'), 20):
            answer = call(
                on, number, "coding_record_error",
                f'{{"error_type":"X","message":"m","line_number":{value}}}',
            )  # fmt: skip
            assert answer["result"]["isError"]
            said = answer["result"]["content"][0]["text"]
            assert "not a whole number" in said
            assert len(said) < 400
        deep = "[" * 3000 + "]" * 3000
        answer = call(on, 30, "coding_record_error", f'{{"error_type":"X","message":{deep}}}')
        assert (answer["id"], answer["error"]["code"]) == (30, -32700)
        assert line(on, '{"jsonrpc":"2.0","id":31')["error"]["code"] == -32700
        assert line(on, "hello") | {"error": 0} == {"jsonrpc": "2.0", "id": None, "error": 0}
        assert line(on, '{"jsonrpc":"2.0","id":32,"x":1}')["error"]["code"] == -32600
        assert on.ask("tools/list")["tools"]


@pytest.mark.parametrize("with_stdin", [True, False])
def test_a_client_that_has_gone_ends_the_server_quietly(kagura: Sandbox, with_stdin: bool) -> None:
    with wire(str(kagura.top), kagura.env) as on:
        initialize(on)
        assert on.process.stdout
        assert on.process.stdin
        assert on.process.stderr
        on.send("tools/list", None)
        select.select([on.process.stdout], [], [])
        on.process.stdout.close()
        on.send("tools/list", None)
        if with_stdin:
            on.process.stdin.close()
        assert on.process.wait(200) == 0
        assert on.process.stderr.read() == b""


@pytest.mark.parametrize("word", ["null", "undefined", "None", '"null"', ["null"], "[]", ""])
@one_era
def test_an_optional_argument_may_be_the_word_for_nothing(
    ask: Assistant, kagura: Sandbox, word: Any
) -> None:
    done = ask(
        "coding_record_error", error_type="E", message=f"m {time.time_ns()}", solution=word,
        file_path=word, line_number=word, stack_trace=word, tags=word,
    )  # fmt: skip
    record = stored(kagura, done["id"])
    assert (record.solution, record.resolved, record.file_path) == (None, False, None)
    assert (record.line_number, record.stack_trace, record.tags) == (None, "", [])
    decided = ask(
        "coding_record_decision", decision="d", rationale="r", impact=word, confidence=word
    )
    assert (stored(kagura, decided["id"]).impact, stored(kagura, decided["id"]).confidence) == (
        None,
        0.8,
    )


@one_era
def test_a_required_text_keeps_the_word(ask: Assistant, kagura: Sandbox) -> None:
    done = ask("coding_record_error", error_type="AssertionError", message="None")
    assert stored(kagura, done["id"]).message == "None"
    assert ask("coding_search_errors", query="None")["results"][0]["id"] == done["id"]
    tagged = ask("coding_start_session", description="null", tags=["null", "pointer"])
    assert (tagged["description"], tagged["tags"]) == ("null", ["null", "pointer"])
