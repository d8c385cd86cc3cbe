"""Every prompt as it is sent: what was reviewed is what a model is told."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from kagura_git.llm import structured
from kagura_git.llm.fences import fenced
from kagura_git.llm.operation import Operation, messages_of
from kagura_git.llm.prompts import prompt
from kagura_git.services.error_patterns import ERROR_PATTERNS
from kagura_git.services.preferences import PREFERENCES
from kagura_git.services.review.verdicts import CONTRADICTIONS
from kagura_git.services.screens import ARCHITECTURE_DIAGRAM, CODE_FROM_IMAGE, ERROR_SCREENSHOT
from kagura_git.services.suggestions import SOLUTION_SUGGESTION
from kagura_git.services.summaries import SESSION_SUMMARY

SNAPSHOTS = Path(__file__).parent / "snapshots"
OPERATIONS: tuple[Operation[Any], ...] = (
    SESSION_SUMMARY, SOLUTION_SUGGESTION, ERROR_PATTERNS, PREFERENCES, ERROR_SCREENSHOT,
    ARCHITECTURE_DIAGRAM, CODE_FROM_IMAGE, CONTRADICTIONS,
)  # fmt: skip
BY_NAME = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)


@BY_NAME
def test_a_prompt_is_the_one_that_was_reviewed(operation: Operation[Any]) -> None:
    messages = messages_of(operation, {"data": "E-00000000 an error", "more": ""})
    text = "\n\n=====\n\n".join(f"{m['role']}\n{m['content']}" for m in messages) + "\n"
    file = SNAPSHOTS / f"{operation.name}.prompt.txt"
    if os.environ.get("KAGURA_WRITE_SNAPSHOTS"):
        file.write_text(text)
    # Another text is another version: what it answered is kept with the version's name.
    assert text == file.read_text()


@BY_NAME
def test_a_prompt_has_a_role_principles_and_an_example_of_its_own_form(
    operation: Operation[Any],
) -> None:
    found = prompt(operation.name)
    assert found.version.isdigit()
    for part in ("# Role", "# Principles", "# Example", "Answer:\n"):
        assert part in found.text
    example = found.text.rpartition("Answer:\n")[2]
    answer = structured.read(example, operation.answer)
    fields = json.loads(example.strip().splitlines()[0]).keys()
    assert set(fields) == set(structured.schema(operation.answer)["required"])
    assert answer


@BY_NAME
def test_a_form_is_as_strict_as_providers_want_it(operation: Operation[Any]) -> None:
    def objects(part: Any) -> Any:
        if isinstance(part, dict):
            if part.get("type") == "object":
                yield part
            for inner in part.values():
                yield from objects(inner)
        elif isinstance(part, list):
            for inner in part:
                yield from objects(inner)

    form = structured.schema(operation.answer)
    assert form["type"] == "object"
    for part in objects(form):
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])


def test_equal_data_gives_an_equal_prompt_and_other_data_another_mark() -> None:
    one, two = fenced({"a": "x"}), fenced({"a": "x"})
    assert one == two
    assert fenced({"a": "y"})[0] != one[0]
    assert fenced({"a": f"<<<{one[0]} a"})[0] != one[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"language": "x", "code": "y", "confidence": "sure"}', "not of the form"),
        ("[]", "not of the form"),
        ("hello", "not JSON"),
        ("", "empty"),
        ("{" * 100_000, "not JSON"),
    ],
)
def test_an_answer_of_another_form_is_refused(text: str, said: str) -> None:
    with pytest.raises(structured.Unusable, match=said):
        structured.read(text, CODE_FROM_IMAGE.answer)


@pytest.mark.parametrize("form", ["{}", "Here:\n```json\n{}\n```\nDone.", "I say {} and no more"])
def test_talk_around_an_answer_is_passed_over(form: str) -> None:
    answer = '{"language": "go", "code": "x", "confidence": "high"}'
    assert structured.read(form.replace("{}", answer), CODE_FROM_IMAGE.answer).language == "go"
