"""The git configuration of an untrusted repository runs nothing while it is read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.git_repo import ROOT, Sandbox, isolated, new
from tests.review.keys import SshKey, needs_ssh

pytestmark = needs_ssh

# Runs every command in one process and prints its exit code; imports cost once.
_RUN_ALL = """
import contextlib, io, json, os, sys
from kagura_git.cli.app import run
codes = {}
for argv in json.load(sys.stdin):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = run(argv)
    codes[" ".join(argv)] = [code, out.getvalue()[-400:]]
json.dump(codes, sys.__stdout__)
"""
# By setting: the name of its trap in the configuration. `{}` is the trap's path.
SETTINGS = {
    "core.fsmonitor": ("core.fsmonitor", "{}"),
    "diff.external": ("diff.external", "{}"),
    "diff.<driver>.command": ("diff.trap.command", "{}"),
    "diff.<driver>.textconv": ("diff.conv.textconv", "{}"),
    "filter.<driver>.clean": ("filter.trap.clean", "{}"),
    "filter.<driver>.smudge": ("filter.trap.smudge", "{}"),
    "filter.<driver>.process": ("filter.long.process", "{}"),
    "core.sshCommand": ("core.sshCommand", "{}"),
    "alias": ("alias.log", "!{}"),
    "alias.rev-parse": ("alias.rev-parse", "!{}"),
    "core.pager": ("core.pager", "{}"),
    "pager.<command>": ("pager.log", "{}"),
    "credential.helper": ("credential.helper", "!{}"),
    "gpg.program": ("gpg.program", "{}"),
    "gpg.ssh.program": ("gpg.ssh.program", "{}"),
    "gpg.x509.program": ("gpg.x509.program", "{}"),
    "gpg.ssh.defaultKeyCommand": ("gpg.ssh.defaultKeyCommand", "{}"),
    "core.editor": ("core.editor", "{}"),
    "sequence.editor": ("sequence.editor", "{}"),
    "core.gitProxy": ("core.gitProxy", "{}"),
    "uploadpack.packObjectsHook": ("uploadpack.packObjectsHook", "{}"),
    "merge.<driver>.driver": ("merge.trap.driver", "{}"),
    "core.alternateRefsCommand": ("core.alternateRefsCommand", "{}"),
    "trailer.<token>.command": ("trailer.trap.command", "{}"),
    "trailer.<token>.cmd": ("trailer.other.cmd", "{}"),
    "remote.<name>.vcs": ("remote.helper.vcs", "trap"),
    "remote.<name>.uploadpack": ("remote.origin.uploadpack", "{}"),
    "url.<base>.insteadOf ext": ("url.ext::{} %S.insteadOf", "https://example.org/"),
    "core.askPass": ("core.askPass", "{}"),
    "interactive.diffFilter": ("interactive.diffFilter", "{}"),
    "submodule.<name>.update": ("submodule.sub.update", "!{}"),
    "core.hooksPath": ("core.hooksPath", "{}.hooks"),
    "include.path": ("include.path", "{}.included"),
}
_TEXT = "one\ntwo\nthree\n"


class Place(NamedTuple):
    """A repository full of traps; each leaves a file of its name when it is run."""

    box: Sandbox
    sprung: Path

    def ran(self) -> set[str]:
        """Return the traps that were run."""
        return {path.name for path in self.sprung.iterdir()}


def _slug(setting: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in setting)


def _kagura(box: Sandbox, *commands: list[str]) -> dict[str, list[object]]:
    done = subprocess.run(
        [sys.executable, "-P", "-c", _RUN_ALL], cwd=box.top, input=json.dumps(commands),
        env={**box.env, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, list[object]] = json.loads(done.stdout)
    return found


def _trap(place: Place, setting: str) -> None:
    """Set one setting to a program that says that it was run."""
    name = _slug(setting)
    script = place.box.script(
        place.sprung.parent / "traps" / name, f"#!/bin/sh\n: > {place.sprung}/{name}\nexit 1\n"
    )
    for hook in ("post-index-change", "reference-transaction", "pre-auto-gc", "post-checkout"):
        if setting == "core.hooksPath":
            place.box.script(f"{script}.hooks/{hook}", script.read_text())
    if setting == "include.path":
        Path(f"{script}.included").write_text(f'[filter "more"]\n\tclean = {script}\n')
    key, value = (part.replace("{}", str(script)) for part in SETTINGS[setting])
    place.box.run("config", key, value)


@pytest.fixture(scope="module", params=["whole", "partial"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """A repository with records and history, then every trap; in ``partial`` a blob is missing."""
    folder = tmp_path_factory.mktemp("traps")
    env = isolated(folder / "home") | {
        "KAGURA_SEARCH_MODEL": "test:hash", "KAGURA_CACHE_DIR": str(folder / "cache"),
        "XDG_STATE_HOME": str(folder / "state"),
    }  # fmt: skip
    (folder / "home").mkdir()
    box = new(folder / "work", env)
    made = Place(box, folder / "sprung")
    made.sprung.mkdir()
    _kagura(box, ["init", "--no-hooks"])
    attributes = (
        "*.py diff=trap filter=trap merge=trap\n*.md diff=conv\n*.txt filter=long\n"
        "*.h filter=more\n*.yaml diff=conv filter=trap\n"
    )
    box.commit("base", **{"a.py": "one\n", "b.md": "one\n", "c.txt": "one\n", "d.h": "one\n"})
    _kagura(
        box, ["session", "start", "work"], ["decision", "add", "Use A", "--rationale", "because"],
        ["error", "add", "--type", "TypeError", "--message", "boom", "--file", "a.py"],
        ["change", "a.py", "--reason", "so"], ["session", "end", "--success"],
    )  # fmt: skip
    old = box.out("rev-parse", "HEAD:a.py")
    box.commit("records", **{"a.py": _TEXT, "b.md": _TEXT, "c.txt": _TEXT, "d.h": _TEXT})
    key = SshKey(folder / "key")
    key.use(box)
    key.allow(box)
    _kagura(box, ["decision", "accept", _ids_of(box, "decisions")[0], "--sign"])
    box.commit("accepted")
    box.run("switch", "-qc", "side")
    _kagura(box, ["decision", "add", "Never use A", "--rationale", "it is slow"])
    box.commit("side", **{"a.py": f"{_TEXT}four\n"})
    # A commit with a signature, for what `log.showSignature` does.
    ssh = "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"
    signed = box.run("cat-file", "commit", "HEAD").stdout.replace(
        "\n\n", "\ngpgsig " + ssh.strip().replace("\n", "\n ") + "\n\n", 1
    )
    commit = box.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=signed).stdout.strip()
    box.run("update-ref", "HEAD", commit)
    # Attributes and settings as an archive brings them; files look changed, so git reads them.
    box.write(".git/info/attributes", attributes)
    for path in box.top.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            os.utime(path, (2e9, 2e9))
    for name in ("origin", "helper"):
        box.run("config", f"remote.{name}.url", "https://example.org/x.git")
        box.run("config", f"remote.{name}.fetch", "+refs/heads/*:refs/remotes/origin/*")
    box.run("config", "log.showSignature", "true")
    box.run("config", "protocol.ext.allow", "always")
    if request.param == "partial":
        box.run("config", "remote.origin.promisor", "true")
        box.run("config", "remote.origin.partialclonefilter", "blob:none")
        box.run("config", "extensions.partialClone", "origin")
        (box.top / ".git/objects" / old[:2] / old[2:]).unlink()
    for setting in SETTINGS:
        _trap(made, setting)
    yield made
    shutil.rmtree(folder, ignore_errors=True)


def _ids_of(box: Sandbox, kind: str) -> list[str]:
    return [path.name[:10] for path in (box.top / ".kagura" / kind).rglob("*.yaml")]


def _reads(box: Sandbox) -> list[list[str]]:
    error, session = _ids_of(box, "errors")[0], _ids_of(box, "sessions")[0]
    decisions = _ids_of(box, "decisions")
    return [
        ["session", "status"], ["session", "list"], ["show", session],
        ["error", "list"], ["show", error], ["error", "search", "boom"],
        ["decision", "list"], *(["show", name] for name in decisions), ["search", "Use A"],
        ["log"], ["log", "--json"], ["why", "a.py"], ["why", "a.py:2"], ["why", "c.txt:1"],
        ["why", "d.h:1"],
        ["context"], ["patterns"], ["review", "main..side"], ["review"], ["pr", "describe"],
        ["review", "main..side", "--format", "markdown", "--rule", "unsigned"],
        ["index", "status"], ["index", "refresh"], ["doctor"], ["recover", "--list"], ["costs"],
        ["export", "json"], ["export", "csv"], ["mcp", "config"], ["relink", "--dry-run"],
    ]  # fmt: skip


@pytest.fixture(scope="module")
def after_reading(place: Place) -> tuple[Place, dict[str, list[object]], set[str]]:
    """What every reading command answered, and which traps it sprang."""
    for path in place.sprung.iterdir():
        path.unlink()
    codes = _kagura(place.box, *_reads(place.box))
    _ask_server(place.box)
    return place, codes, place.ran()


def _ask_server(box: Sandbox) -> None:
    """Call the MCP server's reading tools, and wait for every answer."""
    calls = [
        ("coding_search", {"query": "Use A"}), ("coding_get_context", {}),
        ("coding_get_project_context", {}),
    ]  # fmt: skip
    start = {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    }  # fmt: skip
    messages = [
        {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": start},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
        *(
            {
                "jsonrpc": "2.0", "id": n, "method": "tools/call",
                "params": {"name": name, "arguments": arguments},
            }
            for n, (name, arguments) in enumerate(calls, 2)
        ),
    ]  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "kagura_git", "mcp", "serve"], cwd=box.top,
        env={**box.env, "PYTHONPATH": str(ROOT)}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as server:  # fmt: skip
        assert server.stdin is not None
        assert server.stdout is not None
        wanted = {message["id"] for message in messages if "id" in message}
        for message in messages:
            server.stdin.write(json.dumps(message) + "\n")
            server.stdin.flush()
            while message.get("id") in wanted:
                wanted.discard(json.loads(server.stdout.readline()).get("id"))
        server.stdin.close()


@pytest.mark.parametrize("setting", SETTINGS)
def test_no_reading_command_runs_what_a_setting_names(
    after_reading: tuple[Place, dict[str, list[object]], set[str]], setting: str
) -> None:
    _, _, ran = after_reading
    assert _slug(setting) not in ran


def _is_partial(box: Sandbox) -> bool:
    return bool(box.run("config", "extensions.partialClone", ok=False).stdout)


def test_the_commands_answer_all_the_same(
    after_reading: tuple[Place, dict[str, list[object]], set[str]],
) -> None:
    place, codes, _ = after_reading
    failed = {name: said for name, said in codes.items() if said[0] not in (0, 1)}
    assert not failed
    errors = {name: said for name, said in codes.items() if "error:" in str(said[1])}
    assert _is_partial(place.box) or not errors


def test_a_signature_is_checked_by_the_user_s_own_program(
    after_reading: tuple[Place, dict[str, list[object]], set[str]],
) -> None:
    place, codes, _ = after_reading
    assert place.box.out("config", "gpg.ssh.program").endswith("gpg-ssh-program")
    said = [str(code[1]) for name, code in codes.items() if name.startswith("show D-")]
    assert any("signed by ada@example.org (SHA256:" in text for text in said)


# What git itself runs by these settings: a trap that cannot spring proves nothing.
CONTROLS: dict[str, Callable[[Sandbox], object]] = {
    "core.fsmonitor": lambda box: box.run("status", ok=False),
    "diff.external": lambda box: box.run("diff", "HEAD~3", "--", "b.md", ok=False),
    "diff.<driver>.command": lambda box: box.run("diff", "HEAD~1", "--", "a.py", ok=False),
    "diff.<driver>.textconv": lambda box: box.run("log", "-p", "--", "b.md", ok=False),
    "filter.<driver>.clean": lambda box: box.run("hash-object", "a.py", ok=False),
    "filter.<driver>.process": lambda box: box.run("hash-object", "c.txt", ok=False),
    "gpg.ssh.program": lambda box: box.run("log", "-1", ok=False),
    "include.path": lambda box: box.run("hash-object", "d.h", ok=False),
    "core.hooksPath": lambda box: box.run("update-ref", "refs/heads/new", "HEAD", ok=False),
    "url.<base>.insteadOf ext": lambda box: box.run("ls-remote", "origin", ok=False),
}


@pytest.mark.parametrize("setting", CONTROLS)
def test_git_itself_runs_the_trap(
    after_reading: tuple[Place, dict[str, list[object]], set[str]], setting: str
) -> None:
    place, _, _ = after_reading
    if setting.startswith("diff") and _is_partial(place.box):
        pytest.skip("git finds no text to compare")
    CONTROLS[setting](place.box)
    assert _slug(setting) in place.ran()
