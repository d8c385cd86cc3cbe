"""The environment at the start counts: no `.env` of a working folder changes it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from kagura_git.config.environment import frozen, unchanged_environment
from kagura_git.mcp_server.home import Home
from tests.git_repo import ROOT, Sandbox
from tests.llm.provider import Provider

# Not imported here: litellm would fetch its prices.
needs_litellm = pytest.mark.skipif(find_spec("litellm") is None, reason="needs litellm")

# provider: (model, the variable of its address, its path there, other variables)
PROVIDERS = {
    "openai": ("gpt-4o-mini", "OPENAI_BASE_URL", {"OPENAI_API_KEY": "users-key"}),
    "anthropic": ("claude-sonnet-4-5", "ANTHROPIC_API_BASE", {"ANTHROPIC_API_KEY": "users-key"}),
    "gemini": ("gemini/gemini-2.5-flash", "GEMINI_API_BASE", {"GEMINI_API_KEY": "users-key"}),
    "azure": (
        "azure/gpt-4o", "AZURE_API_BASE",
        {"AZURE_API_KEY": "users-key", "AZURE_API_VERSION": "2024-10-21"},
    ),
    "ollama": ("ollama/llama3", "OLLAMA_API_BASE", {}),
    "openrouter": (
        "openrouter/openai/gpt-4o", "OPENROUTER_API_BASE", {"OPENROUTER_API_KEY": "users-key"},
    ),
    "mistral": (
        "mistral/mistral-small-latest", "MISTRAL_AZURE_API_BASE", {"MISTRAL_API_KEY": "users-key"},
    ),
    "bedrock": (
        "bedrock/anthropic.claude-3-haiku-20240307-v1:0", "AWS_BEDROCK_RUNTIME_ENDPOINT",
        {"AWS_ACCESS_KEY_ID": "users", "AWS_SECRET_ACCESS_KEY": "users-key",
         "AWS_REGION_NAME": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"},
    ),
}  # fmt: skip
_ASK = """
import json, os, sys
from types import SimpleNamespace
from kagura_git.llm import client
client._TRIES = 1
reserve = lambda limited: SimpleNamespace(most_out=9, release=lambda: None)
told = json.loads(sys.argv[1])
for base in (told["base"], ""):
    for name, (model, variable, more) in told["providers"].items():
        os.environ.pop(variable, None)
        if base:
            os.environ[variable] = f"{base}/{name}"
        try:
            client.ask(model, [{"role": "user", "content": "x"}], seconds=10, reserve=reserve)
        except client.ModelFailed:
            pass
    # Then without an address: the real one lies behind a proxy where nobody listens.
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        os.environ[name] = "http://127.0.0.1:9"
print(json.dumps({name: os.environ.get(name) for name in told["planted"]}))
"""


@pytest.fixture
def theirs() -> Iterator[tuple[str, list[bytes]]]:
    """The server that a repository's `.env` names, and the first bytes of every connection."""
    came: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                came.append(connection.recv(4096))

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", came
    listener.close()


@needs_litellm
@pytest.mark.slow
@pytest.mark.parametrize("way", ["-c, so from the current folder up", "a file, so from it up"])
def test_requests_go_to_the_user_s_own_address_only(
    box: Sandbox, theirs: tuple[str, list[bytes]], way: str
) -> None:
    address, came = theirs
    users = Provider()
    planted = {
        variable: address
        for _, variable, _ in PROVIDERS.values()
        for variable in (variable, variable.replace("_BASE_URL", "_API_BASE"))
    } | {
        **{name: "their-key" for _, _, more in PROVIDERS.values() for name in more},
        "HTTPS_PROXY": address, "HTTP_PROXY": address, "ALL_PROXY": address,
        "ANTHROPIC_BASE_URL": address, "CODING_MEMORY_AUTO_APPROVE": "1", "LITELLM_MODE": "DEV",
    }  # fmt: skip
    text = "".join(f"{name}={value}\n" for name, value in planted.items())
    for place in (".env", "below/.env", "litellm_config.yaml"):
        box.write(place, text)
    # The environment lies in the project, as `python -m venv .venv` makes it.
    (box.top / ".venv").symlink_to(sys.prefix)
    python = box.top / ".venv" / os.path.relpath(sys.executable, sys.prefix)
    asked = PROVIDERS if way[0] == "a" else {"openai": PROVIDERS["openai"]}
    told = json.dumps({"base": users.url, "providers": asked, "planted": list(planted)})
    script = box.top.parent / "ask.py"
    script.write_text(_ASK)
    own = {name: value for _, _, more in PROVIDERS.values() for name, value in more.items()}
    env = {n: v for n, v in box.env.items() if n not in planted and "PROXY" not in n.upper()}
    try:
        done = subprocess.run(
            [str(python), "-P", *(["-c", _ASK] if way[0] == "-" else [str(script)]), told],
            cwd=box.top / "below", capture_output=True, text=True, check=True,
            env={**env, **own, "NO_PROXY": "127.0.0.1", "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    finally:
        users.close()
    after = json.loads(done.stdout)
    assert came == []
    assert {path.path.split("/")[1] for path in users.asked} == set(asked)
    assert not any("their-key" in str(request.headers) for request in users.asked)
    assert after["CODING_MEMORY_AUTO_APPROVE"] is None
    assert after["ALL_PROXY"] is None


_IMPORTS = """
import json, os, sys
here = os.getcwd()
opened = []
def watch(event, args):
    if event in ("open", "os.listdir", "os.scandir") and args and isinstance(args[0], (str, bytes)):
        path = os.path.abspath(os.fsdecode(args[0]))
        if path.startswith(here + os.sep) or (path == here and event != "open"):
            opened.append(f"{event} {path}")
sys.addaudithook(watch)
from kagura_git.llm import client
client._litellm()
import importlib
for name in ("mcp.server.mcpserver", "kagura_git.mcp_server.server", "pydantic_settings", "git.cmd",
             "huggingface_hub", "transformers", "sentence_transformers", "boto3", "pygit2",
             "google.auth", "detect_secrets", "numpy", "networkx", "onnxruntime", "faiss"):
    try:
        importlib.import_module(name)
    except ImportError:
        pass
print(json.dumps([opened, sorted(set(os.environ) - set(json.loads(sys.argv[1])))]))
"""


@needs_litellm
@pytest.mark.slow
def test_no_import_reads_the_working_folder(box: Sandbox) -> None:
    for name in (
        ".env",
        "litellm_config.yaml",
        "config.yaml",
        "boto.cfg",
        ".netrc",
        "pyproject.toml",
    ):
        box.write(name, "KAGURA_PLANTED=1\n")
    env = {**box.env, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", _IMPORTS, json.dumps(list(env))], cwd=box.top, env=env,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    opened, new = json.loads(done.stdout.splitlines()[-1])
    assert opened == []
    assert "KAGURA_PLANTED" not in new
    assert "LITELLM_MODE" not in new


def test_changes_inside_the_guard_are_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAGURA_ONE", "1")
    monkeypatch.setenv("KAGURA_TWO", "2")
    with unchanged_environment(keep={"KAGURA_KEPT"}, KAGURA_INSIDE="x"):
        assert os.environ["KAGURA_INSIDE"] == "x"
        os.environ["KAGURA_ONE"] = "changed"
        del os.environ["KAGURA_TWO"]
        os.environ["KAGURA_NEW"] = os.environ["KAGURA_KEPT"] = "3"
    assert [os.environ.get(f"KAGURA_{name}") for name in ("ONE", "TWO", "NEW", "INSIDE")] == [
        "1", "2", None, None,
    ]  # fmt: skip
    assert os.environ.pop("KAGURA_KEPT") == "3"


def test_a_server_reads_settings_again_with_the_environment_of_its_start(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(str(box.top), os.environ)
    with home.memory() as memory:
        assert not memory.ws.settings.auto_approve
    # As a library would that reads a `.env`.
    monkeypatch.setenv("CODING_MEMORY_AUTO_APPROVE", "1")
    box.write("kagura.toml", "[coding_memory]\nmax_session_duration_hours = 7\n")
    with home.memory() as memory:
        assert memory.ws.settings.max_session_hours == 7
        assert not memory.ws.settings.auto_approve
        assert not memory.purse().policy.auto_approve


def test_a_frozen_environment_cannot_be_changed() -> None:
    given = {"A": "1"}
    kept = frozen(given)
    given["A"] = "2"
    assert kept["A"] == "1"
    with pytest.raises(TypeError):
        kept["A"] = "3"  # type: ignore[index]
