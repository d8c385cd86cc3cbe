"""The server as a process: what is on the wire, what is loaded, when it ends."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from assistant import Wire, initialize, modern, wire
from git_repo import Sandbox

from tests.work import wait_until

HEAVY = (
    "faiss", "onnxruntime", "torch", "litellm", "networkx", "sentence_transformers", "tokenizers",
    "transformers", "numpy", "git", "pygit2",
)  # fmt: skip


def call(on: Wire, era: str, tool: str, **arguments: Any) -> dict[str, Any]:
    params: dict[str, Any] = {"name": tool, "arguments": arguments}
    return on.ask("tools/call", modern(params) if era == "modern" else params)


@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_both_eras_are_served_on_stdio(kagura: Sandbox, era: str) -> None:
    with wire(str(kagura.top), kagura.env) as on:
        if era == "modern":
            found = on.ask("server/discover", modern())
            assert "2026-07-28" in found["supportedVersions"]
        else:
            found = initialize(on)
            assert found["protocolVersion"] == "2025-06-18"
        assert "kagura-git" in json.dumps(found)
        assert "coding_search_errors" in found["instructions"]
        listed = on.ask("tools/list", modern() if era == "modern" else {})["tools"]
        assert len(listed) == 10
        done = call(on, era, "coding_record_error", error_type="E", message="lost update")
        error = done["structuredContent"]["id"]
        assert done["content"][0]["text"].startswith(error)
        call(on, era, "coding_resolve_error", error_id=error, solution="Lock it")
        hits = call(on, era, "coding_search_errors", query="lost update")["structuredContent"]
        assert hits["results"][0]["solution"] == "Lock it"
        refused = call(on, era, "coding_search_errors", quarry="x")
        assert refused["isError"] is True
        assert "did you mean 'query'?" in refused["content"][0]["text"]
        rest, said = on.close()
        assert (rest, on.process.returncode) == ("", 0)
        assert said == ""


NOISY = """
import logging, os, subprocess, sys, warnings
from kagura_git.mcp_server import server
from kagura_git.memory import SyncCodingMemory

real = SyncCodingMemory.find

def noisy(self, *args, **kwargs):
    print("noise: print", flush=True)
    os.write(1, b"noise: write\\n")
    subprocess.run(["sh", "-c", "echo noise: child; echo noise: child >&2"])
    warnings.warn("noise: warning")
    logging.getLogger("noise").warning("noise: log")
    return real(self, *args, **kwargs)

SyncCodingMemory.find = noisy
server.serve(sys.argv[1])
"""


def test_only_the_protocol_is_on_stdout(kagura: Sandbox) -> None:
    with wire(str(kagura.top), kagura.env, str(kagura.top), script=NOISY) as on:
        initialize(on)
        for _ in range(3):
            call(on, "legacy", "coding_search_errors", query="anything")
        rest, said = on.close()
    assert rest == ""
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in on.seen)
    for noise in ("print", "write", "child", "warning", "log"):
        assert f"noise: {noise}" in said


LOADED = """
import asyncio, os, sys
from mcp import Client
from kagura_git.mcp_server.server import build

async def main():
    async with Client(build(sys.argv[1], os.environ), mode=sys.argv[2]) as client:
        await client.list_tools()
        return sorted(name for name in sys.modules if "." not in name)

print("\\n".join(asyncio.run(main())))
"""


@pytest.mark.parametrize("era", ["auto", "legacy"])
def test_nothing_heavy_is_imported_before_the_first_call(kagura: Sandbox, era: str) -> None:
    with wire(str(kagura.top), kagura.env, str(kagura.top), era, script=LOADED) as on:
        out, said = on.close(60)
    assert on.process.returncode == 0, said
    loaded = out.split()
    assert "mcp" in loaded
    assert not set(HEAVY) & set(loaded)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="reads /proc")
def test_the_real_process_maps_no_heavy_library_at_the_handshake(kagura: Sandbox) -> None:
    with wire(str(kagura.top), kagura.env) as on:
        initialize(on)
        maps = Path(f"/proc/{on.process.pid}/maps").read_text()
        assert "pydantic_core" in maps
        assert not [name for name in HEAVY if f"site-packages/{name}" in maps]


def test_the_search_warms_up_behind_the_handshake(kagura: Sandbox) -> None:
    with wire(str(kagura.top), kagura.env) as on:
        initialize(on)
        call(on, "legacy", "coding_record_decision", decision="Use JWT", rationale="Stateless")
        on.close()
    index = kagura.top / ".git" / "kagura" / "index"
    for file in index.iterdir():
        file.unlink()
    with wire(str(kagura.top), kagura.env) as on:
        initialize(on)
        on.ask("tools/list", {})
        wait_until(lambda: list(index.glob("*.vectors")))
        found = call(on, "legacy", "coding_search", query="JWT")["structuredContent"]
        assert len(found["results"]) == 1
        rest, said = on.close()
        assert (rest, said, on.process.returncode) == ("", "", 0)


STUCK = """
import sys, time
from kagura_git.mcp_server import server, warmup

warmup.Warmup._work = lambda self: time.sleep(600)
server.serve(sys.argv[1])
"""
BROKEN = STUCK.replace("time.sleep(600)", "1 / 0")


def test_a_warm_up_that_hangs_neither_delays_an_answer_nor_the_end(kagura: Sandbox) -> None:
    with wire(str(kagura.top), kagura.env, str(kagura.top), script=STUCK) as on:
        initialize(on)
        on.ask("tools/list", {})
        time.sleep(0.5)
        call(on, "legacy", "coding_search_errors", query="anything")
        on.close()
        assert on.process.returncode == 0


def test_a_warm_up_that_fails_is_a_line_in_the_log(kagura: Sandbox) -> None:
    with wire(str(kagura.top), kagura.env, str(kagura.top), script=BROKEN) as on:
        initialize(on)
        on.ask("tools/list", {})
        time.sleep(0.6)
        call(on, "legacy", "coding_search_errors", query="anything")
        rest, said = on.close()
    assert (rest, on.process.returncode) == ("", 0)
    assert "ZeroDivisionError" in said


def test_the_repository_is_that_of_the_option_then_of_the_environment(
    kagura: Sandbox, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    top = str(kagura.top)
    for arguments, environ in (
        (["-C", top], {"KAGURA_REPO": str(elsewhere)}),
        ([], {"KAGURA_REPO": top}),
    ):
        with wire(str(elsewhere), {**kagura.env, **environ}, *arguments) as on:
            initialize(on)
            done = call(on, "legacy", "coding_record_decision", decision="d", rationale="r")
            path = Path(top, done["structuredContent"]["path"])
            assert path.is_file()
            path.unlink()


def test_outside_a_repository_the_server_starts_and_says_what_to_do(
    kagura: Sandbox, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with wire(str(elsewhere), kagura.env) as on:
        initialize(on)
        assert len(on.ask("tools/list", {})["tools"]) == 10
        done = call(on, "legacy", "coding_start_session", description="d")
        assert done["isError"] is True
        said = done["content"][0]["text"]
        assert "git kagura -C /path/to/repo mcp serve" in said
        assert "cwd" in said
        rest, log = on.close()
        assert (rest, log, on.process.returncode) == ("", "", 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server(kagura: Sandbox, number: signal.Signals) -> None:
    with wire(str(kagura.top), kagura.env) as on:
        initialize(on)
        on.process.send_signal(number)
        assert on.process.wait() == -number


def test_a_recorded_error_is_on_disk_when_the_server_is_killed(kagura: Sandbox) -> None:
    with wire(str(kagura.top), kagura.env) as on:
        initialize(on)
        done = call(on, "legacy", "coding_record_error", error_type="E", message="m")
        on.process.kill()
        on.process.communicate()
    assert (kagura.top / done["structuredContent"]["path"]).is_file()
