"""Hooks, background jobs and commands import nothing from the work tree."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kagura_git.config import import_path
from kagura_git.git import shims
from kagura_git.services import setup
from tests.git_repo import ROOT, Sandbox
from tests.survival.trial import wait_for_background

# What our own code imports early or late, and what every Python looks for at its start.
MODULES = (
    "sitecustomize", "usercustomize", "typing", "json", "dataclasses", "click", "yaml", "msgspec",
    "numpy", "filelock", "platformdirs", "networkx", "rich", "git", "pygit2", "faiss", "litellm",
)  # fmt: skip
PATHS = {"a dot": ".", "empty": "", "a folder": "src:", "an empty entry": ":/usr/share/nothing"}


def set_up(box: Sandbox, program: shims.Program | None = None) -> Sandbox:
    """Return a repository with hooks and an index, and a branch `hostile` full of modules."""
    box.env["KAGURA_SEARCH_MODEL"] = "test:hash"
    setup.init(box.repo, program=program)
    box.write("kagura.toml", "[notes]\npush = true\n")
    box.commit("set up")
    box.write(".git/kagura/index/marks", "")
    box.run("switch", "-qc", "hostile")
    plant(box)
    box.run("add", "-A")
    box.run("-c", "core.hooksPath=/dev/null", "commit", "-qm", "hostile")
    box.run("-c", "core.hooksPath=/dev/null", "switch", "-q", "main")
    return box


def plant(box: Sandbox) -> None:
    for folder in ("", "src/"):
        for name in MODULES:
            line = f"open({str(box.top.parent / 'ran')!r}, 'a').write({name + chr(10)!r})\n"
            box.write(f"{folder}{name}.py", line)


def ran(box: Sandbox) -> list[str]:
    """Return the names of the planted modules that were imported."""
    wait_for_background(box.top)
    path = box.top.parent / "ran"
    return path.read_text().split() if path.exists() else []


def use_git(box: Sandbox, python_path: str) -> None:
    """Do what starts each hook, and each job behind it."""
    env = {"PYTHONPATH": python_path}
    box.run("checkout", "-q", "hostile", **env)
    box.working.begin_session("S-00000001")
    box.write("f", python_path or "empty")
    box.run("add", "f")
    box.run("commit", "-qm", "f", **env)
    box.run("push", "-q", "origin", "HEAD:x", ok=False, **env)
    box.run("checkout", "-q", "main", **env)
    box.run("merge", "-q", "--no-ff", "-m", "merge", "hostile", **env)
    box.run("rebase", "-q", "--force-rebase", "HEAD~1", **env)


@pytest.mark.parametrize("python_path", PATHS.values(), ids=PATHS)
def test_no_hook_and_no_background_job_imports_from_a_branch(
    box: Sandbox, tmp_path: Path, python_path: str
) -> None:
    set_up(box)
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "there"], check=True, env=box.env)
    box.run("remote", "add", "origin", str(tmp_path / "there"))
    use_git(box, python_path)
    assert ran(box) == []
    assert (box.top / ".git/kagura/index").is_dir()


def test_where_the_python_is_gone_the_program_on_the_path_imports_nothing_either(
    box: Sandbox,
) -> None:
    set_up(box, shims.Program("/nowhere/python", "/nowhere", "0"))
    program = f'#!/bin/sh\nexec "{sys.executable}" -c "{_PROGRAM}" "$@"\n'
    box.script(box.top.parent / "bin/git-kagura", program)
    box.env["PATH"] = f"{box.top.parent / 'bin'}{os.pathsep}{box.env['PATH']}"
    use_git(box, ".:src")
    assert ran(box) == []


# A console script; `-c` would put the current folder first, as a script does its own.
_PROGRAM = f"import sys; sys.path[0] = '{ROOT}'; from kagura_git.cli import main; main()"


@pytest.mark.parametrize("way", ["console script", "python -m"])
def test_a_command_imports_nothing_from_the_work_tree_it_is_called_in(
    box: Sandbox, way: str
) -> None:
    set_up(box)
    box.run("-c", "core.hooksPath=/dev/null", "switch", "-q", "hostile")
    # What Python imports by itself, before any of our code.
    for name in ("sitecustomize", "usercustomize"):
        for folder in (box.top, box.top / "src"):
            (folder / f"{name}.py").unlink()
    script = box.top.parent / "git-kagura"
    script.write_text("from kagura_git.cli import main\nmain()\n")
    start = [str(script)] if way == "console script" else ["-m", "kagura_git"]
    paths = f"{ROOT}:.:src" if way == "console script" else str(ROOT)
    if way == "python -m":
        # `-m` imports of the standard library, before it starts us, what is not loaded yet.
        (box.top / "typing.py").unlink()
    for command in (
        ["decision", "add", "Use A", "--rationale", "because"], ["search", "Use A"], ["log"],
        ["doctor"], ["context"],
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, *start, *command], cwd=box.top, env={**box.env, "PYTHONPATH": paths},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode in (0, 1), done.stderr
        assert "Traceback" not in done.stderr
    assert ran(box) == []


def test_the_path_keeps_what_is_installed_and_loses_what_is_in_the_work_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("repo/.git", "repo/src", "repo/below", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "repo/src")
    top = str(tmp_path / "repo")
    monkeypatch.chdir(tmp_path / "repo/below")
    kept = [str(tmp_path / "elsewhere"), os.path.dirname(os.__file__), str(ROOT)]
    lost = ["", ".", "src", top, f"{top}/src", str(tmp_path / "link")]
    monkeypatch.setattr(sys, "path", [*lost, *kept])
    import_path.clean([], {})
    assert sys.path == kept
    monkeypatch.setattr(sys, "path", [*lost, *kept])
    monkeypatch.chdir(tmp_path / "elsewhere")
    import_path.clean(["-C", top, "log"], {})
    assert sys.path == kept[1:]


def test_a_virtual_environment_in_the_work_tree_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import site

    inside = str(tmp_path / ".venv/lib/python3/site-packages")
    monkeypatch.setattr(site, "getsitepackages", lambda: [inside])
    assert import_path.trusted([inside, str(tmp_path / "src")], [str(tmp_path)]) == [inside]


def test_the_hooks_know_where_dependencies_lie_that_python_alone_does_not_find(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert import_path.for_hooks() == [str(ROOT)]
    (tmp_path / "msgspec").mkdir()
    (tmp_path / "msgspec/__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert import_path.for_hooks() == [str(ROOT), str(tmp_path)]
    program = shims.this_program()
    assert f"kagura_imports='{ROOT}\n{tmp_path}'" in shims.render("post-commit", program).decode()
