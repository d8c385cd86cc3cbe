"""``git kagura mcp config``: lines that start this server for this repository."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from typing import Any

import pytest
from assistant import Wire, initialize
from git_repo import Sandbox


def run(kagura: Sandbox, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kagura_git", "mcp", *args],
        cwd=kagura.top, env=kagura.env, capture_output=True, text=True, check=False,
    )  # fmt: skip


def entry_of(client: str, text: str) -> dict[str, Any]:
    key = {"vscode": "servers", "codex": "mcp_servers"}.get(client, "mcpServers")
    document = tomllib.loads(text) if client == "codex" else json.loads(text)
    entry: dict[str, Any] = document[key]["kagura"]
    return entry


@pytest.mark.parametrize("client", ["claude", "cursor", "vscode", "codex"])
def test_stdout_is_the_snippet_alone_and_starts_the_server(kagura: Sandbox, client: str) -> None:
    done = run(kagura, "config", "--client", client)
    assert done.returncode == 0, done.stderr
    entry = entry_of(client, done.stdout)
    assert entry["command"].startswith("/")
    assert entry["args"][-4:] == ["-C", str(kagura.top), "mcp", "serve"]
    assert "for " in done.stderr
    on = Wire([entry["command"], *entry["args"]], "/", kagura.env)
    try:
        assert initialize(on)["serverInfo"]["name"] == "kagura-git"
    finally:
        on.close()


def test_claude_is_the_default_and_json_holds_the_same(kagura: Sandbox) -> None:
    plain = run(kagura, "config")
    data = json.loads(run(kagura, "config", "--json").stdout)
    assert (data["client"], data["file"]) == ("claude", ".mcp.json")
    assert json.loads(plain.stdout) == json.loads(data["text"]) == data["config"]


def test_a_path_with_quotes_and_spaces_survives(kagura: Sandbox) -> None:
    top = kagura.top.rename(kagura.top.with_name('a "b" \\c é'))
    kagura.top = top
    for client in ("claude", "codex"):
        assert (
            str(top) in entry_of(client, run(kagura, "config", "--client", client).stdout)["args"]
        )


def test_an_unknown_client_is_a_usage_error(kagura: Sandbox) -> None:
    assert run(kagura, "config", "--client", "emacs").returncode == 2


def test_outside_a_repository_it_says_so(kagura: Sandbox, tmp_path: Any) -> None:
    kagura.top = tmp_path
    done = run(kagura, "config", "--json")
    assert done.returncode == 1
    assert "git work tree" in json.loads(done.stdout)["error"]["message"]
