"""Terminal codes and forged lines in everything that others write: no command passes one on."""

from __future__ import annotations

import json
import re

import pytest

from kagura_git.git import notes
from kagura_git.store import codec
from tests.git_repo import Sandbox
from tests.hostile.program import CONTROL, OUR_STYLES, Program
from tests.record_strategies import decision, error, session

# Colour, window title, hyperlink, clipboard, C1, cursor, bell, right-to-left, nothing to see.
CODES = (
    "a\x1b[31mb\x1b]0;x\x07\x1b]8;;http://example.org\x1b\\c\x1b]8;;\x1b\\\x1b]52;c;eA==\x07"
    "\x9b31m\x9d0;x\x9c\x1b[2J\x08\x7f\r\u202e\u2066\u200b\u2028\u2029\x85d"
)
FORGED = "FORGED: all is well"
LINE = f"{CODES}\n{FORGED}\n\n{FORGED}"
IDS = {"decision": "D-00000002", "error": "E-00000002", "session": "S-00000002"}


def planted(box: Sandbox) -> None:
    """Commit records and manifests that hold codes in every field, as a merged branch brings."""
    texts = {"author": LINE, "project_id": LINE, "tags": [LINE], "extra": {LINE: {LINE: [LINE]}}}
    twin = {"decision": f"Use JWT {LINE}", "rationale": CODES, "conflicts": {LINE: [LINE, LINE]}}
    for made in (
        decision(id="D-00000002", alternatives=[LINE], related_files=[LINE, "evil"], impact=CODES,
                 reviewed_by=LINE, review_note=LINE, **twin, **texts),
        decision(id="D-00000003", **twin, **texts),
        error(id="E-00000002", error_type=LINE, message=LINE, file_path=LINE, line_number=3,
              stack_trace=CODES, solution=CODES, resolved=True, screenshot=LINE,
              resolved_commit=LINE, fingerprint=LINE, **texts),
        error(id="E-00000003", error_type=LINE, message=LINE, file_path=LINE, **texts),
        session(id="S-00000002", description=LINE, summary=CODES, **texts),
    ):  # fmt: skip
        box.write(f".kagura/{made.kind}s/2025-11/{made.id}-x.yaml", codec.dumps(made))
    box.write(".kagura/decisions/2025-11/D-00000004-x.yaml", f'schema: "{CODES[0:20]!a}"\n')
    box.write(f".kagura/decisions/2025-11/D-00000005-{LINE[-45:].replace('/', '')}.yaml", "x")
    box.write(".kagura/errors/2025-11/E-00000009-x.yaml", f"schema: x\n{FORGED}\n\x1b]0;x\x07")
    box.write("package.json", json.dumps({"name": LINE, "dependencies": {LINE: LINE}}))
    box.write("pyproject.toml", f"[project]\nname = {json.dumps(LINE)}\n"
                                f"dependencies = [{json.dumps('x' + LINE)}]\n")  # fmt: skip
    box.write("go.mod", f"module {CODES}\nrequire (\n\t{CODES} v1\n)\n")
    box.write("README.md", f"# {CODES}\n\n{CODES}\n")
    box.write("evil", "1\n2\n")
    box.write(f"odd{LINE.replace('/', '')[-60:]}", "x\n")
    box.run("add", "-A")
    who = {"GIT_AUTHOR_NAME": CODES, "GIT_COMMITTER_NAME": CODES}
    quiet = ("-c", "core.hooksPath=/dev/null", "commit", "-q", "--cleanup=verbatim", "-m")
    body = f"{CODES}\n\n{CODES}\nKagura-Session: ../../{CODES}\nKagura-Decision: D-00000002\n"
    box.run(*quiet, body, **who)
    said = dict.fromkeys(("id", "reason", "session", "author", "at", "relation", "x" + LINE), LINE)
    facts = [
        {"kind": "change", "path": path, "old_path": LINE, "action": LINE, **said}
        for path in ("evil", "evil", LINE)
    ]
    facts += [{**said, "kind": kind, "id": name} for kind, name in IDS.items()]
    facts += [{**said, "kind": LINE}, {**said, "kind": "session"}]
    notes.add(box.repo.git, {box.head: facts}, "Ada <ada@example.org>")


@pytest.fixture
def raw(kagura: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    """The program in a repository full of codes, its output as a terminal would get it."""
    program.ok("session", "start", CODES)
    program.ok("change", "add", "src/app.py", "--action", "edit", "--reason", LINE)
    planted(kagura)
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *_, **__: False)
    return program


def checked(program: Program, *args: str) -> str:
    """Run a command; neither stream may hold a code, or a line that only pretends to be ours."""
    said = program(*args) + program.err
    text = OUR_STYLES.sub("", said)
    found = CONTROL.search(text)
    assert found is None, (args, ascii(text[max(0, found.start() - 80) : found.end() + 20]))
    assert not re.search(rf"^{FORGED}", text, re.MULTILINE), (args, ascii(text[:2000]))
    return text


LOOKING = (
    ["doctor"], ["session", "status"], ["session", "list"], ["session", "show", "S-00000002"],
    ["decision", "list"], ["decision", "list", "--file", "evil"], ["error", "list"],
    ["error", "search", FORGED], ["search", FORGED, "-k", "50"],
    ["search", "evil", "--file", "evil"],
    ["show", "D-00000002"], ["show", "E-00000002"], ["show", "S-00000002"],
    ["decision", "show", "D-00000002"], ["error", "show", "E-00000003"], ["change", "list"],
    ["log"], ["log", "evil"], ["why", "evil"], ["why", "evil:1"], ["context"], ["patterns"],
    ["context", "--focus", "evil"], ["index", "status"], ["index", "rebuild"], ["model", "status"],
    ["recover", "--list"], ["relink", "--dry-run"], ["mcp", "config"], ["init", "--dry-run"],
)  # fmt: skip
DOING = (
    ["decision", "add", f"Use JWT {FORGED}", "--rationale", CODES, "--related-file", LINE],
    ["error", "add", "--type", CODES, "--message", CODES, "--file", "evil"],
    ["decision", "accept", "D-00000002", "--note", LINE], ["decision", "reject", "D-00000003"],
    ["decision", "supersede", "D-00000003", "--by", "D-00000002"],
    ["decision", "merge", "D-00000002", "D-00000003"],
    ["error", "solve", "E-00000003", CODES], ["session", "resume", "S-00000002"],
    ["change", "add", "evil", "--action", "edit", "--reason", LINE],
    ["session", "end", "--summary", CODES], ["doctor", "--fix"], ["relink"], ["sync"],
    ["after-merge"], ["init"], ["uninstall"],
)  # fmt: skip


def test_nothing_that_a_repository_holds_reaches_a_terminal_raw(raw: Program) -> None:
    for command in LOOKING:
        checked(raw, *command)
        checked(raw, *command, "--json")


def test_nor_does_it_when_something_is_done_with_it(raw: Program) -> None:
    for command in DOING:
        checked(raw, *command)


@pytest.mark.parametrize(
    "command",
    [["show", LINE], ["log", LINE], ["log", "-n", LINE], ["why", LINE], [LINE],
     ["show", f"D-{LINE}"], ["error", "solve", "E-00000002", ""], ["sync", LINE],
     ["search", "x", "--kind", LINE],
     ["search", "x", "--since", LINE], ["relink", LINE], ["recover", LINE],
     ["decision", "supersede", "D-00000001", "--by", LINE], ["session", "resume", LINE],
     ["error", "add", "--type", "x", "--message", "x", "--trace-file", LINE],
     ["change", "add", f"/{LINE}", "--action", "edit", "--reason", "x"],
     ["change", "add", "x", "--action", LINE, "--reason", "x"]],
    ids=lambda command: " ".join(command)[:24].encode("ascii", "replace").decode(),
)  # fmt: skip
def test_an_error_quotes_nothing_raw(
    program: Program, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *_, **__: False)
    assert len(checked(program, *command)) < 3000
