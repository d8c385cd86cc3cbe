"""Output that cannot be written: full and closed streams, readers that have gone away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Shell

PROGRAM = f"{sys.executable} -m kagura_git"
ROOT = Path(__file__).resolve().parents[2]
full_device = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")


def sh(top: Path, command: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["bash", "-c", command.replace("kagura ", f"{PROGRAM} ")], cwd=top, env=env,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@full_device
@pytest.mark.parametrize("form", ["", "--json"])
@pytest.mark.parametrize(("stream", "why"), [(">/dev/full", "No space left"), (">&-", "closed")])
def test_an_answer_that_stdout_does_not_take_is_one_line(
    shell: Shell, form: str, stream: str, why: str
) -> None:
    done = sh(shell.top, f"kagura decision add 'Use A' --rationale because {form} {stream}")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: stdout: ")
    assert why in done.stderr
    assert [item["decision"] for item in shell.json("decision", "list")["decisions"]] == ["Use A"]


@full_device
@pytest.mark.parametrize("command", ["kagura --help", "kagura --version", "kagura show D-00000000"])
def test_help_and_errors_meet_a_full_stdout_too(shell: Shell, command: str) -> None:
    done = sh(shell.top, f"{command} >/dev/full")
    assert done.returncode == 1
    assert done.stderr.count("error:") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["kagura --help", "kagura decision list --json"])
def test_a_reader_that_has_gone_ends_the_program_quietly_as_git_ends(
    shell: Shell, command: str
) -> None:
    done = sh(shell.top, f"{command} | (exec <&-; true); echo ${{PIPESTATUS[0]}}")
    assert (done.stdout, done.stderr) == ("141\n", "")


@full_device
@pytest.mark.parametrize("stream", ["2>/dev/full", "2>&-"])
def test_without_stderr_the_answer_and_the_exit_code_stand(shell: Shell, stream: str) -> None:
    found = sh(shell.top, f"kagura decision list --json {stream}")
    assert (found.returncode, found.stdout[:1]) == (0, "{")
    missing = sh(shell.top, f"kagura show D-00000000 {stream}")
    assert (missing.returncode, missing.stdout) == (1, "")


@full_device
@pytest.mark.parametrize("stream", ["2>/dev/full", "2>&-"])
def test_a_hook_that_cannot_speak_does_not_stop_the_commit(shell: Shell, stream: str) -> None:
    script = "from kagura_git.hook import _say; _say('a line')"
    done = sh(shell.top, f'{sys.executable} -c "{script}" {stream}')
    assert (done.returncode, done.stdout) == (0, "")


def test_a_closed_stdin_is_an_empty_text(shell: Shell) -> None:
    done = sh(shell.top, "kagura decision add - --rationale because <&-")
    assert done.returncode == 2
    assert "is empty" in done.stderr


NINES, MANY = "9" * 400, "9" * 5000


@pytest.mark.parametrize("number", [NINES, MANY, "1e999", "nan"], ids=["400", "5000", "inf", "nan"])
@pytest.mark.parametrize(
    "command",
    [
        "error add --type X --message m --line {}", "search m -k {}", "search m --min-score {}",
        "error search m -k {}", "log -n {}", "context --max-tokens {}", "relink --seconds {}",
        "decision add d --rationale r --confidence {}",
        "change add a.py --action edit --reason r --line-range 1,{}", "search m --since {}",
    ],
)  # fmt: skip
def test_a_number_without_end_is_a_usage_error(shell: Shell, command: str, number: str) -> None:
    shell(*command.format(number).split())
    assert shell.code == 2
    assert len(shell.err) < 600


def test_a_line_without_end_and_a_setting_without_end_are_errors(shell: Shell) -> None:
    shell.write("a.py", "1\n")
    shell("why", f"a.py:{NINES}")
    assert (shell.code, "digits" in shell.err) == (2, True)
    shell.write("kagura.toml", f"[coding_memory.defaults]\ncost_threshold = {NINES}\n")
    shell("decision", "add", "d", "--rationale", "r")
    assert shell.code == 1
    assert "cost_threshold is 999" in shell.err


def test_a_record_with_an_endless_number_is_read_and_stays(shell: Shell) -> None:
    made = shell.json("error", "add", "--type", "X", "--message", "m", "--file", "a", "--line", "7")
    path = shell.top / made["path"]
    text = path.read_text(encoding="utf-8").replace("line_number: 7", f"line_number: {NINES}")
    path.write_text(text, encoding="utf-8")
    for command in ("show {}", "search m", "error list", "context", "doctor"):
        shell(*command.format(made["id"]).split(), "--json")
        assert shell.code == 0, command
    assert path.read_text(encoding="utf-8") == text
