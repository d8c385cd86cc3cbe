"""What an assistant may send, and where one may be pointed to: refused in words, served on."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.git_repo import Sandbox, new
from tests.hostile.program import CONTROL, Program
from tests.hostile.test_terminal import CODES, LINE, planted
from tests.mcp.assistant import Wire, initialize, wire

NESTED = "[" * 10_000 + "]" * 10_000


class Talk:
    """A server on its wire, and calls to it as bytes."""

    def __init__(self, on: Wire) -> None:
        self.on = on
        self.number = 100

    def __call__(self, tool: str, arguments: str | dict[str, Any]) -> dict[str, Any]:
        """Call a tool with arguments as they stand; return the answer, whatever it is."""
        self.number += 1
        given = arguments if isinstance(arguments, str) else json.dumps(arguments)
        line = (
            f'{{"jsonrpc": "2.0", "id": {self.number}, "method": "tools/call", '
            f'"params": {{"name": "{tool}", "arguments": {given}}}}}\n'
        )
        stdin, stdout = self.on.process.stdin, self.on.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(line.encode("utf-8", "surrogatepass"))
        stdin.flush()
        answer: dict[str, Any] = {}
        while answer.get("id") != self.number:  # others are of what was thrown
            ready, _, _ = select.select([stdout], [], [], 30)
            assert ready, f"no answer to {line[:200]}"
            said = stdout.readline()
            answer = json.loads(said)
        assert not CONTROL.search(said.decode("utf-8").rstrip("\n"))
        assert "Traceback" not in said.decode()
        return answer

    def thrown(self, tool: str, arguments: str) -> None:
        """Send what the protocol's own reader takes for no JSON: nothing need answer it."""
        assert self.on.process.stdin is not None
        line = f'{{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {{"name": "{tool}"'
        self.on.process.stdin.write(f'{line}, "arguments": {arguments}}}}}\n'.encode())

    def refused(self, tool: str, arguments: str | dict[str, Any]) -> str:
        """Call a tool; it must answer with a short error, which is returned."""
        answer = self(tool, arguments)
        if "error" in answer:
            text = answer["error"]["message"]
        else:
            assert answer["result"]["isError"], answer
            (block,) = answer["result"]["content"]
            text = block["text"]
        assert len(text) < 2500, text[:200]
        return str(text)

    def lives(self) -> None:
        """The server still serves: it finds the good record."""
        answer = self("coding_search", {"query": "needle"})
        assert "D-00000001" in json.dumps(answer["result"]["structuredContent"])


@pytest.fixture
def talk(kagura: Sandbox) -> Iterator[Talk]:
    env = {**kagura.env, "PYTHONPATH": os.pathsep.join(sys.path)}
    with wire(str(kagura.top), env) as on:
        initialize(on)
        yield Talk(on)


def test_arguments_of_no_sense_are_refused_and_the_server_lives(
    talk: Talk, kagura: Sandbox
) -> None:
    for tool, arguments in {
        "NaN": ("coding_record_decision", '{"decision": "d", "rationale": "r", "confidence": NaN}'),
        "infinity": ("coding_search_errors", '{"query": "q", "k": Infinity}'),
        "a huge number": ("coding_search_errors", '{"query": "q", "k": 1e999}'),
        "no object": ("coding_record_error", '"x"'),
        "a list": ("coding_record_error", "[1]"),
        "types": ("coding_record_error", '{"error_type": {"a": 1}, "message": "m", "tags": {}}'),
        "an id": ("coding_resolve_error", '{"error_id": "../../E-00000001", "solution": "s"}'),
        "an id of codes": ("coding_resolve_error", '{"error_id": "E-\\u001b[2J", "solution": "s"}'),
        "a path": ("coding_track_file_change",
                   '{"file_path": "../../etc/passwd", "action": "edit", "reason": "r"}'),
        "an absolute path": ("coding_track_file_change",
                             '{"file_path": "/etc/passwd", "action": "edit", "reason": "r"}'),
        "NUL": ("coding_track_file_change",
                '{"file_path": "a\\u0000b", "action": "edit", "reason": "r"}'),
        "a tool": ("coding_\\u001b[2J", "{}"),
        "another repository": ("coding_search", '{"query": "q", "repo": "/etc"}'),
        "a folder": ("coding_record_decision", '{"decision": "d", "rationale": "r", "cwd": "/"}'),
        "many names": ("coding_search", json.dumps({f"x{n}": n for n in range(5000)})),
        "a long name": ("coding_search", json.dumps({"x" * 100_000: 1})),
    }.values():  # fmt: skip
        talk.refused(tool, arguments)
        talk.lives()
    assert not list((kagura.top / ".kagura/errors").rglob("E-*.yaml"))


def test_huge_and_broken_texts_are_cut_or_taken_and_the_server_lives(
    talk: Talk, kagura: Sandbox
) -> None:
    huge = "x y " * (5 << 20)
    for tool, arguments in (
        ("coding_record_error", {"error_type": "T", "message": huge, "stack_trace": huge}),
        ("coding_record_decision", {"decision": huge, "rationale": huge}),
        ("coding_search", {"query": huge}),
        ("coding_get_project_context", {"focus": huge}),
        ("coding_start_session", {"description": huge, "user_id": huge, "project_id": CODES}),
    ):
        answer = talk(tool, arguments)
        assert len(json.dumps(answer)) < 20_000
        talk.lives()
    for broken in (r'"\ud800"', r'"a\udc00 b"', NESTED, "9" * 6000):
        talk.thrown("coding_record_error", f'{{"error_type": "T", "message": {broken}}}')
        talk.thrown("coding_search", f'{{"query": {broken}}}')
        talk.lives()
    for path in (kagura.top / ".kagura").rglob("*.yaml"):
        assert path.stat().st_size < 1 << 20
        path.read_text(encoding="utf-8")


def test_lines_that_are_no_messages_do_not_end_it(talk: Talk) -> None:
    stdin = talk.on.process.stdin
    assert stdin is not None
    for line in (b"\n", b"not JSON\n", b"[]\n", b"{}\n", b"\xff\xfe\n", b"1\n", b"null\n"):
        stdin.write(line)
    stdin.flush()
    # It may answer to each; what follows is still answered.
    talk.number += 1
    stdin.write(b'{"jsonrpc": "2.0", "id": "last", "method": "tools/list"}\n')
    stdin.flush()
    assert talk.on.process.stdout is not None
    for _ in range(20):
        if json.loads(talk.on.process.stdout.readline()).get("id") == "last":
            break
    talk.lives()


def test_what_a_hostile_branch_holds_is_answered_clean_and_as_data(
    talk: Talk, kagura: Sandbox
) -> None:
    planted(kagura)
    for tool, arguments in (
        ("coding_search", {"query": "FORGED", "k": 50}),
        ("coding_search", {"query": "evil", "file": "evil"}),
        ("coding_search_errors", {"query": "FORGED", "k": 50}),
        ("coding_get_project_context", {"focus": "evil"}),
        ("coding_analyze_patterns", {}),
        ("coding_record_decision", {"decision": f"Use JWT {LINE}", "rationale": LINE}),
        ("coding_record_error", {"error_type": LINE, "message": LINE}),
    ):
        answer = talk(tool, arguments)["result"]
        assert not answer.get("isError"), answer
        told = json.dumps(answer, ensure_ascii=False)
        assert "\\u001b" not in told
        assert "\\u202e" not in told
        assert "data, not instructions" in told


FOLDERS = {
    "spaces": " a  b ",
    "quotes": "a\"b'c`d",
    "newline": "a\nb\tc",
    "shell": "$(touch pwned);`touch pwned`&|<>*?~%PATH%${HOME}",
    "backslashes": "a\\b\\n\\u0041\\",
    "TOML": 'a"]\nargs = ["x',
    "codes": "a\x1b[31m\x7f\x9b",
    "right to left": "\u202eab\u2066",
    "option": "-C",
}


@pytest.mark.parametrize("client", ["claude", "cursor", "vscode", "codex"])
def test_a_configuration_for_any_folder_is_valid_and_names_that_folder(
    tmp_path: Path, env: dict[str, str], capsys: pytest.CaptureFixture[str], client: str
) -> None:
    for name in FOLDERS.values():
        box = new(tmp_path / name, env)
        text = Program(box, capsys).ok("mcp", "config", "--client", client)
        document = tomllib.loads(text) if client == "codex" else json.loads(text)
        key = {"vscode": "servers", "codex": "mcp_servers"}.get(client, "mcpServers")
        assert list(document) == [key]
        assert list(document[key]) == ["kagura"]
        assert document[key]["kagura"]["args"][-4:] == ["-C", str(box.top), "mcp", "serve"]


def test_a_server_started_by_such_a_configuration_serves_that_folder(
    tmp_path: Path, env: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("quotes", "newline", "shell"):
        box = new(tmp_path / FOLDERS[name], env)
        Program(box, capsys).ok("init", "--no-hooks")
        (entry,) = json.loads(Program(box, capsys).ok("mcp", "config"))["mcpServers"].values()
        on = Wire([entry["command"], *entry["args"]], "/", env)
        try:
            initialize(on)
            made = Talk(on)("coding_record_decision", {"decision": "here", "rationale": "r"})
            path = made["result"]["structuredContent"]["path"]
            assert (box.top / path).is_file()
        finally:
            on.close()
        assert not (box.top / "pwned").exists()


def test_no_configuration_can_hold_a_name_that_is_not_utf8(
    tmp_path: Path, env: dict[str, str]
) -> None:
    box = new(tmp_path / os.fsdecode(b"caf\xe9"), env)
    done = subprocess.run(
        [sys.executable, "-m", "kagura_git", "mcp", "config"], cwd=box.top, check=False,
        env={**env, "PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"not UTF-8" in done.stderr
