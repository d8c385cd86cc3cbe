"""Hooks that were there before still run, first, as if nothing stood in between."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from git_repo import Sandbox
from kagura_box import SESSION, begin, entries, set_up, track

from kagura_git.git import shims
from kagura_git.services import setup

HOOKS = ".git/hooks"


def test_a_hook_that_was_there_runs_first_with_its_name_and_arguments(box: Sandbox) -> None:
    box.script(f"{HOOKS}/commit-msg", '#!/bin/sh\necho "$0|$(basename "$0")|$*" >> ran\n')
    box.script(f"{HOOKS}/helper", "#!/bin/sh\n")
    set_up(box)
    assert (box.top / "ran").read_text() == f"{HOOKS}/commit-msg|commit-msg|.git/COMMIT_EDITMSG\n"


@pytest.mark.parametrize(
    "first", ["#!/bin/sh", "#!/usr/bin/env bash", "#!/usr/bin/python3", "#! /bin/sh"]
)
def test_a_chained_hook_that_fails_stops_the_commit_with_its_code(box: Sandbox, first: str) -> None:
    body = "import sys; sys.exit(3)" if "python" in first else "echo no >&2; exit 3"
    set_up(box)
    setup.uninstall(box.repo)
    box.script(f"{HOOKS}/pre-commit", f"{first}\n{body}\n")
    setup.init(box.repo)
    begin(box)
    box.write("a")
    box.run("add", "a")
    assert box.run("commit", "-m", "x", ok=False).returncode == 1
    assert box.run("commit", "-m", "x", ok=False, KAGURA_DISABLE="1").returncode == 1
    done = box.run("hook", "run", "pre-commit", ok=False)
    assert done.returncode == 3


def test_a_hook_that_ends_in_exec_does_not_cut_ours_off(box: Sandbox) -> None:
    box.script(f"{HOOKS}/post-commit", "#!/bin/sh\nexec echo chained >> ran\n")
    set_up(box)
    track(box, 1, "a", "why")
    box.commit(a="1\n")
    assert (box.top / "ran").read_text() == "chained\nchained\n"
    assert [entry["reason"] for entry in entries(box) if "reason" in entry] == ["why"]


def test_a_post_hook_that_fails_keeps_its_code_and_ours_still_runs(box: Sandbox) -> None:
    box.script(f"{HOOKS}/post-checkout", "#!/bin/sh\nexit 7\n")
    set_up(box)
    assert box.run("switch", "-c", "side", ok=False).returncode == 1
    assert box.run("hook", "run", "post-checkout", "--", "a", "b", "1", ok=False).returncode == 7
    box.script(f"{HOOKS}/post-commit.kagura-chained", "#!/bin/sh\nexit 7\n")
    begin(box)
    box.commit(a="1\n")
    assert {"kind": "session", "id": SESSION} in entries(box)


def test_stdin_reaches_the_chained_hook(box: Sandbox) -> None:
    box.script(f"{HOOKS}/post-rewrite", '#!/bin/sh\ncat > seen\necho "$1" >> seen\n')
    set_up(box)
    old = box.head
    box.run("commit", "--amend", "-m", "other")
    assert (box.top / "seen").read_text() == f"{old} {box.head}\namend\n"


def test_a_hook_that_is_switched_off_stays_so(box: Sandbox) -> None:
    box.script(f"{HOOKS}/pre-commit", "#!/bin/sh\nexit 1\n", 0o644)
    set_up(box)
    box.commit(a="1\n")


def test_a_chained_hook_sees_its_neighbours(box: Sandbox) -> None:
    box.script(f"{HOOKS}/pre-commit", '#!/bin/sh\n. "$(dirname "$0")/common.sh"\n')
    box.script(f"{HOOKS}/common.sh", "echo found >> ran\n")
    set_up(box)
    assert (box.top / "ran").read_text() == "found\n"


def test_a_manager_that_keeps_our_hook_as_legacy_is_not_chained_in_a_circle(box: Sandbox) -> None:
    box.script(f"{HOOKS}/pre-commit", "#!/bin/sh\necho original >> ran\n")
    set_up(box)
    hook = box.top / HOOKS / "pre-commit"
    hook.rename(f"{hook}.legacy")  # as `pre-commit install` does
    box.script(hook, '#!/bin/sh\necho manager >> ran\n"$0.legacy" "$@"\n')
    assert setup.init(box.repo) == []
    assert {state.state for state in shims.inspect(box.repo)} == {"installed"}
    (box.top / "ran").unlink()
    box.commit(b="1\n")
    assert (box.top / "ran").read_text() == "manager\noriginal\n"


def test_a_tool_that_overwrote_our_hook_is_noticed_and_chained_by_init(kagura: Sandbox) -> None:
    kagura.script(f"{HOOKS}/commit-msg", "#!/bin/sh\necho other >> ran\n")
    (state,) = [s for s in shims.inspect(kagura.repo) if not s.ok]
    assert (state.name, state.state) == ("commit-msg", "missing")
    setup.init(kagura.repo)
    kagura.commit(a="1\n")
    assert (kagura.top / "ran").read_text() == "other\n"


SEES = {
    "sh": '#!/bin/sh\necho "$0|$*|$(cat)" >> "$LOG"\nexit 3\n',
    "sh with a flag": '#!/bin/sh -e\necho "$0|$*|$(cat)" >> "$LOG"\nexit 3\n',
    "sh ending in exec": "#!/bin/sh\n"
    'exec sh -c \'echo "$0|$*|$(cat)" >> "$LOG"; exit 3\' "$0" "$@"\n',
    "bash": '#!/bin/bash\na=(x)\necho "$0|$*|$(cat)" >> "$LOG"\nexit 3\n',
    "no first line": 'echo "$0|$*|$(cat)" >> "$LOG"\nexit 3\n',
    "no last line break": '#!/bin/sh\necho "$0|$*|$(cat)" >> "$LOG"\nexit 3',
    "python": "#!/usr/bin/env python3\nimport os, sys\n"
    "open(os.environ['LOG'], 'a').write('|'.join([sys.argv[0], ' '.join(sys.argv[1:]),"
    " sys.stdin.read().strip()]) + '\\n')\nsys.exit(3)\n",
    "node": "#!/usr/bin/env node\nconst fs = require('fs')\n"
    "fs.appendFileSync(process.env.LOG, [process.argv[1], process.argv.slice(2).join(' '),"
    " fs.readFileSync(0, 'utf8').trim()].join('|') + '\\n')\nprocess.exit(3)\n",
}


@pytest.mark.parametrize("text", SEES.values(), ids=SEES.keys())
def test_a_hook_in_any_language_keeps_arguments_stdin_order_and_code(
    box: Sandbox, tmp_path: Path, text: str
) -> None:
    if "node" in text and shutil.which("node") is None:
        pytest.skip("there is no node")
    box.env["LOG"] = str(tmp_path / "log")
    hook = box.script(f"{HOOKS}/post-rewrite", text)
    setup.init(box.repo)
    done = subprocess.run(
        [hook, "amend", "two words"], cwd=box.top, env=box.env, input="old new\n", text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (3, "")
    name, arguments, stdin = (tmp_path / "log").read_text().strip().split("|")
    assert name.removesuffix(".kagura-chained") == str(hook)
    assert (arguments, stdin) == ("amend two words", "old new")
    setup.uninstall(box.repo)
    assert hook.read_text() == text


def test_a_program_without_a_first_line_is_started(box: Sandbox) -> None:
    program = box.top / HOOKS / "commit-msg"
    shutil.copy(shutil.which("false") or "/bin/false", program)
    program.chmod(0o755)
    setup.init(box.repo)
    assert box.run("commit", "--allow-empty", "-m", "x", ok=False).returncode == 1


@pytest.mark.parametrize("kind", ["folder", "line ends of Windows"])
def test_what_git_cannot_start_still_stops_the_commit(box: Sandbox, kind: str) -> None:
    hook = box.top / HOOKS / "pre-commit"
    if kind == "folder":
        hook.mkdir()
    else:
        box.script(hook, "#!/bin/sh\r\nexit 0\r\n")
    assert box.run("commit", "--allow-empty", "-m", "x", ok=False).returncode == 1
    setup.init(box.repo)
    assert box.run("commit", "--allow-empty", "-m", "x", ok=False).returncode == 1
    setup.uninstall(box.repo)
    assert hook.is_dir() == (kind == "folder")


def test_a_hook_that_is_a_link_finds_its_name_and_where_it_leads(
    box: Sandbox, tmp_path: Path
) -> None:
    box.script(
        "tools/dispatch",
        '#!/bin/sh\necho "$(basename "$0") $(basename "$(readlink -f "$0")")" >> "$LOG"\n',
    )
    box.env["LOG"] = str(tmp_path / "log")
    hook = box.top / HOOKS / "pre-commit"
    hook.symlink_to("../../tools/dispatch")
    set_up(box)
    assert (tmp_path / "log").read_text() == "pre-commit dispatch\n"
    setup.uninstall(box.repo)
    assert os.readlink(hook) == "../../tools/dispatch"
    assert not (box.top / ".git/kagura/chained").exists()


def test_a_link_that_leads_nowhere_is_kept(box: Sandbox) -> None:
    hook = box.top / HOOKS / "pre-commit"
    hook.symlink_to("/nowhere")
    set_up(box)
    setup.uninstall(box.repo)
    assert os.readlink(hook) == "/nowhere"


def test_a_hook_that_may_be_run_but_not_read_is_run(box: Sandbox, tmp_path: Path) -> None:
    program = box.top / HOOKS / "pre-commit"
    shutil.copy(shutil.which("true") or "/bin/true", program)
    program.chmod(0o111)
    set_up(box)
    box.commit(a="1\n")


# core.hooksPath


def foreign(box: Sandbox, value: str, *scope: str) -> None:
    for name in ("pre-commit", "pre-push", "post-commit"):
        box.script(f"{value}/{name}", f'#!/bin/sh\necho "{name}|$0|$*" >> "$LOG"\n')
    box.script(f"{value}/h", "not a hook")
    box.run("config", *scope, "core.hooksPath", value)
    box.env["LOG"] = str(box.top.parent / "log")


def log(box: Sandbox) -> list[str]:
    path = box.top.parent / "log"
    text = path.read_text() if path.exists() else ""
    path.unlink(missing_ok=True)
    return text.splitlines()


def test_a_relative_hooks_folder_is_left_alone_and_its_hooks_run_in_place(box: Sandbox) -> None:
    foreign(box, ".husky/_")
    files = sorted(path.name for path in (box.top / ".husky/_").iterdir())
    set_up(box)
    log(box)
    begin(box)
    box.commit("Do it", a="1\n")
    assert log(box) == ["pre-commit|.husky/_/pre-commit|", "post-commit|.husky/_/post-commit|"]
    assert SESSION in box.message()
    assert {"kind": "session", "id": SESSION} in entries(box)
    assert sorted(path.name for path in (box.top / ".husky/_").iterdir()) == files
    assert setup.init(box.repo) == []


def test_every_hook_of_that_folder_still_runs(box: Sandbox, tmp_path) -> None:
    foreign(box, ".husky/_")
    set_up(box)
    box.run("init", "-q", "--bare", str(tmp_path / "remote"))
    log(box)
    box.run("push", str(tmp_path / "remote"), "main")
    assert log(box) == [f"pre-push|.husky/_/pre-push|{tmp_path}/remote {tmp_path}/remote"]


def test_a_linked_worktree_resolves_a_relative_folder_in_itself(box: Sandbox) -> None:
    foreign(box, "hooks with space")
    set_up(box)
    box.run("worktree", "add", "-q", "../linked")
    linked = Sandbox(box.top.parent / "linked", box.env)
    log(box)
    linked.script("hooks with space/pre-commit", '#!/bin/sh\necho linked >> "$LOG"\n')
    linked.commit()
    assert log(box)[0] == "linked"


def test_a_global_folder_is_chained_and_comes_back_by_unsetting_ours(
    box: Sandbox, tmp_path
) -> None:
    folder = str(tmp_path / "global")
    foreign(box, folder, "--global")
    box.run("config", "user.nickname", "x")
    set_up(box)
    log(box)
    box.commit(a="1\n")
    assert log(box)[0] == f"pre-commit|{folder}/pre-commit|"
    assert box.out("config", "core.hooksPath") == str(box.top / ".git/kagura/hooks")
    box.run("config", "user.nickname", "edited since")
    setup.uninstall(box.repo)
    assert box.out("config", "--show-scope", "core.hooksPath") == f"global\t{folder}"
    assert not (box.top / ".git/kagura/hooks").exists()


def test_a_failing_hook_of_that_folder_stops_the_commit(box: Sandbox) -> None:
    foreign(box, ".githooks")
    set_up(box)
    box.script(".githooks/pre-commit", "#!/bin/sh\nexit 1\n")
    assert box.run("commit", "--allow-empty", "-m", "x", ok=False).returncode == 1


def test_a_manager_that_names_its_folder_again_cuts_nobody_off(box: Sandbox) -> None:
    foreign(box, ".husky/_")
    set_up(box)
    box.run("config", "core.hooksPath", ".husky/_")
    assert {state.state for state in shims.inspect(box.repo)} == {"installed"}
    assert setup.init(box.repo) == []
    begin(box)
    log(box)
    box.commit(a="1\n")
    assert [line.partition("|")[0] for line in log(box)] == ["pre-commit", "post-commit"]
    assert SESSION in box.message()


def test_a_folder_named_where_we_cannot_be_heard_is_noticed(box: Sandbox) -> None:
    set_up(box)
    foreign(box, ".husky/_")
    states = shims.inspect(box.repo)
    assert {state.state for state in states} == {"unreached"}
    assert ".husky/_" in states[0].detail
    setup.init(box.repo)
    assert all(state.ok for state in shims.inspect(box.repo))
    assert setup.init(box.repo) == []
    assert not [p for p in (box.top / HOOKS).iterdir() if not p.name.endswith(".sample")]


def test_a_folder_that_is_no_longer_named_gives_the_hooks_back_to_git_s_own(box: Sandbox) -> None:
    foreign(box, ".husky/_")
    set_up(box)
    box.run("config", "--unset", "core.hooksPath")
    assert {state.state for state in shims.inspect(box.repo)} == {"unreached"}
    setup.init(box.repo)
    assert all(state.ok for state in shims.inspect(box.repo))
    assert box.run("config", "core.hooksPath", ok=False).returncode == 1
    begin(box)
    log(box)
    box.commit(a="1\n")
    assert (log(box), SESSION in box.message()) == ([], True)


def test_a_repository_moved_or_mounted_elsewhere_keeps_the_other_tool_s_hooks(
    box: Sandbox,
) -> None:
    foreign(box, ".husky/_")
    set_up(box)
    moved = Sandbox(box.top.rename(box.top.parent / "moved"), box.env)
    log(moved)
    begin(moved)
    moved.commit(a="1\n")
    assert [line.partition("|")[0] for line in log(moved)] == ["pre-commit", "post-commit"]
    setup.init(moved.repo)
    assert all(state.ok for state in shims.inspect(moved.repo))
    moved.commit(a="2\n")
    assert SESSION in moved.message()
    setup.uninstall(moved.repo)
    assert "kagura" not in (moved.top / ".git/config").read_text()


def test_a_hook_added_to_that_folder_later_is_reported_until_init_passes_it_on(
    box: Sandbox,
) -> None:
    foreign(box, ".githooks")
    set_up(box)
    box.script(".githooks/pre-rebase", "#!/bin/sh\nexit 1\n")
    assert [(s.name, s.state) for s in shims.inspect(box.repo) if not s.ok] == [
        ("pre-rebase", "missing")
    ]
    assert [change.where for change in setup.init(box.repo)] == [".git/kagura/hooks/pre-rebase"]
    assert box.run("rebase", "HEAD", "--force-rebase", ok=False).returncode == 128


# inspect


def test_hooks_of_another_version_or_python_are_outdated(kagura: Sandbox) -> None:
    assert all(state.ok for state in shims.inspect(kagura.repo))
    other = shims.Program("/other/python", "/other/home", "9.9")
    found = shims.inspect(kagura.repo, other)
    assert {(s.state, s.detail) for s in found} == {("outdated", "version, python, home")}
    setup.init(kagura.repo, program=other)
    assert all(state.ok for state in shims.inspect(kagura.repo, other))


def test_missing_and_lame_hooks_are_seen(kagura: Sandbox) -> None:
    (kagura.top / HOOKS / "post-merge").unlink()
    (kagura.top / HOOKS / "post-commit").chmod(0o644)
    found = {s.name: s.state for s in shims.inspect(kagura.repo) if not s.ok}
    assert found == {"post-merge": "missing", "post-commit": "outdated"}
    setup.init(kagura.repo)
    assert all(state.ok for state in shims.inspect(kagura.repo))


@pytest.mark.parametrize("name", [*shims.HOOKS])
def test_the_shims_are_posix_sh_whatever_the_folders_are_called(name: str, tmp_path) -> None:
    program = shims.Program("/it's/a $(python)", '/with "quotes"/`id`', "1")
    for former in (None, "it's $(there)"):
        script = tmp_path / "hook"
        script.write_bytes(shims.render(name, program, former))
        subprocess.run(["dash", "-n", str(script)], check=True)
        done = subprocess.run(["dash", str(script)], cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
