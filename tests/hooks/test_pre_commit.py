"""A staged record that is broken or holds a secret stops the commit; nothing else does."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from git_repo import ROOT, Sandbox
from kagura_box import begin, decision, record, track

from kagura_git.store import codec

PATH = ".kagura/decisions/2025-11/D-00000001-use-x.yaml"
SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2


def text(**more: str) -> str:
    return codec.dumps(decision(1, **more)).decode()


def try_commit(box: Sandbox, **env: str) -> subprocess.CompletedProcess[str]:
    box.run("add", "-A")
    return box.run("commit", "-m", "try", ok=False, **env)


def test_a_good_record_written_by_hand_passes(kagura: Sandbox) -> None:
    kagura.write(PATH, text())
    done = try_commit(kagura)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("broken", "line", "said"),
    [
        (text().replace("status:", "status: x\nstatus:"), 6, "stands twice"),
        (text() + "<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> x\n", 10, "conflict markers"),
        (text().replace("confidence: 0.8", "confidence: 8"), 7, "confidence"),
        (text().replace("D-00000001", "D-00000002"), 3, "file name"),
        ("- a list\n", None, "not a mapping"),
        ("a: [1\n", 2, "not valid YAML"),
    ],
)
def test_a_broken_record_stops_the_commit_with_file_and_line(
    kagura: Sandbox, broken: str, line: int | None, said: str
) -> None:
    kagura.write(PATH, broken)
    before = kagura.head
    done = try_commit(kagura)
    assert done.returncode == 1
    assert kagura.head == before
    assert f"kagura: {PATH}:" in done.stderr
    if line:
        assert f"{PATH}:{line}:" in done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_every_broken_record_is_named_at_once(kagura: Sandbox) -> None:
    kagura.write(PATH, "a: [1\n")
    kagura.write(PATH.replace("1-use", "2-use"), "a: [1\n")
    assert try_commit(kagura).stderr.count("not valid YAML") == 2


def test_a_secret_stops_the_commit_and_is_not_repeated(kagura: Sandbox) -> None:
    kagura.write(PATH, text(rationale=f"the token is\n{SECRET}\nthere"))
    done = try_commit(kagura)
    assert done.returncode == 1
    assert f"{PATH}:8: holds a secret (github-token)" in done.stderr
    assert SECRET not in done.stderr
    kagura.write(PATH, text(rationale="the token is\n[redacted:github-token]\nthere"))
    assert try_commit(kagura).returncode == 0


def test_what_is_staged_counts_not_what_lies_in_the_work_tree(kagura: Sandbox) -> None:
    kagura.write(PATH, "a: [1\n")
    kagura.run("add", "-A")
    kagura.write(PATH, text())
    assert kagura.run("commit", "-m", "try", ok=False).returncode == 1
    kagura.run("add", "-A")
    kagura.write(PATH, "a: [1\n")
    kagura.run("commit", "-m", "try")


def test_a_broken_record_that_is_not_part_of_the_commit_stops_nothing(kagura: Sandbox) -> None:
    kagura.write("a")
    kagura.write(PATH, "a: [1\n")
    kagura.run("add", "-A")
    kagura.run("commit", "-m", "a alone", "--", "a")


def test_a_link_in_place_of_a_record_stops_the_commit(kagura: Sandbox) -> None:
    kagura.write(".kagura/decisions/2025-11/x")
    (kagura.top / PATH).symlink_to("/etc/passwd")
    done = try_commit(kagura)
    assert (done.returncode, "regular file" in done.stderr) == (1, True)


def test_deleting_a_record_and_other_files_of_the_folder_are_free(kagura: Sandbox) -> None:
    kagura.write(PATH, text())
    kagura.commit()
    kagura.run("rm", "-q", PATH)
    kagura.write(".kagura/notes.txt", SECRET)
    kagura.write(".kagura/decisions/list.txt", "x")
    done = try_commit(kagura)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_first_commit_is_checked_too(box: Sandbox) -> None:
    from kagura_git.services import setup

    setup.init(box.repo)
    box.write(PATH, "a: [1\n")
    assert try_commit(box).returncode == 1
    box.write(PATH, text())
    assert try_commit(box).returncode == 0


def test_many_records_at_once_are_checked(kagura: Sandbox) -> None:
    for number in range(2, 700):
        made = codec.dumps(decision(number))
        kagura.write(f".kagura/decisions/2025-11/D-{number:08}-use-x.yaml", made)
    kagura.write(PATH, "a: [1\n")
    done = try_commit(kagura)
    assert (done.returncode, done.stderr.count("\n")) == (1, 2)
    kagura.write(PATH, text())
    assert try_commit(kagura).returncode == 0


def test_a_record_that_kagura_wrote_needs_no_python_before_the_commit(kagura: Sandbox) -> None:
    path = record(kagura)
    hook = kagura.top / ".git/hooks/pre-commit"
    kagura.script(hook, hook.read_text().replace(sys.executable, "/nowhere/python"))
    env = {"PATH": without_kagura(kagura)}
    assert kagura.run("commit", "-m", "known", **env).stderr == ""
    kagura.write(path, text(rationale="by hand"))
    kagura.run("add", "-A")
    assert "not found at /nowhere/python" in kagura.run("commit", "-m", "by hand", **env).stderr


def without_kagura(box: Sandbox) -> str:
    """Return a PATH with the system's tools alone."""
    assert shutil.which("git-kagura", path="/usr/bin:/bin") is None
    return "/usr/bin:/bin"


def test_a_journal_entry_of_other_bytes_proves_nothing(kagura: Sandbox) -> None:
    path = record(kagura)
    kagura.write(path, (kagura.top / path).read_text() + f"impact: {SECRET}\n")
    assert try_commit(kagura).returncode == 1


def test_when_the_python_is_gone_a_commit_works_and_says_one_line(kagura: Sandbox) -> None:
    for hook in (kagura.top / ".git/hooks").glob("*[a-z]"):
        if not hook.name.endswith(".sample"):
            kagura.script(hook, hook.read_text().replace(sys.executable, "/nowhere/python"))
    begin(kagura)
    track(kagura, 1, "a", "why")
    kagura.write("a")
    kagura.run("add", "a")
    done = kagura.run("commit", "-m", "goes on", PATH=without_kagura(kagura))
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("kagura: not found at /nowhere/python")
    assert set(kagura.working.pending()) == {"C-00000001"}


def test_a_moved_python_is_replaced_by_the_program_on_the_path(kagura: Sandbox, tmp_path) -> None:
    hook = kagura.top / ".git/hooks/pre-commit"
    kagura.script(hook, hook.read_text().replace(sys.executable, "/nowhere/python"))
    kagura.script(tmp_path / "bin/git-kagura", '#!/bin/sh\necho "called: $*" >&2\nexit 10\n')
    kagura.write(PATH, text())
    done = try_commit(kagura, PATH=f"{tmp_path}/bin:/usr/bin:/bin")
    assert (done.returncode, done.stderr) == (1, "called: hook pre-commit\n")


def test_a_crash_of_ours_is_one_line_and_the_commit_goes_on(kagura: Sandbox, tmp_path) -> None:
    broken = tmp_path / "home/kagura_git"
    shutil.copytree(ROOT / "kagura_git", broken, ignore=shutil.ignore_patterns("__pycache__"))
    (broken / "store/working.py").write_text("raise RuntimeError('two\\nlines')\n")
    for name in ("pre-commit", "post-commit"):
        hook = kagura.top / ".git/hooks" / name
        kagura.script(hook, hook.read_text().replace(f"'{ROOT}'", f"'{broken.parent}'"))
    begin(kagura)
    kagura.write("a")
    kagura.run("add", "-A")
    done = kagura.run("commit", "-m", "goes on")
    assert [
        line for line in done.stderr.splitlines() if line.startswith("kagura:")
    ] == done.stderr.splitlines()
    assert len(done.stderr.splitlines()) == 1


def test_a_repository_that_holds_modules_of_ours_runs_none_of_them(kagura: Sandbox) -> None:
    for name in ("json", "yaml", "msgspec", "subprocess", "sitecustomize", "usercustomize"):
        kagura.write(f"{name}.py", "open('pwned', 'w').close()\n")
    kagura.write("kagura_git/__init__.py", "open('pwned', 'w').close()\n")
    kagura.write(PATH, text())
    begin(kagura)
    track(kagura, 1, "json.py", "hostile")
    done = try_commit(kagura, PYTHONPATH=str(kagura.top))
    assert (done.returncode, done.stderr) == (0, "")
    assert not (kagura.top / "pwned").exists()


HEAVY = (
    "yaml msgspec pygit2 git numpy faiss networkx mcp litellm torch transformers onnxruntime "
    "sentence_transformers tokenizers click rich detect_secrets filelock platformdirs requests "
    "dataclasses tomllib kagura_git.search kagura_git.services kagura_git.memory "
    "kagura_git.workspace"
).split()


def test_the_hook_path_imports_nothing_heavy(kagura: Sandbox) -> None:
    begin(kagura)
    track(kagura, 1, "a", "why")
    path = record(kagura)
    program = f"""
import sys
sys.path.append({str(ROOT)!r})
from kagura_git.hook import main
assert main(["pre-commit"]) == 0
if len(sys.argv) > 1:
    assert main(["post-commit"]) == 0
print(" ".join(sys.modules))
"""
    command = [sys.executable, "-I", "-S", "-c", program]
    first = subprocess.run(
        command, cwd=kagura.top, env=kagura.env, capture_output=True, text=True, check=True
    )
    kagura.write("a")
    kagura.run("add", "-A")
    kagura.run("-c", "core.hooksPath=/dev/null", "commit", "-m", "x")
    second = subprocess.run(
        [*command, "post"],
        cwd=kagura.top,
        env=kagura.env,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(first.stdout.split()) | set(second.stdout.split())
    assert "kagura_git.git.notes" in loaded
    assert not loaded & set(HEAVY)
    assert kagura.working.pending() == {}
    assert path


def test_an_unknown_hook_name_does_nothing(kagura: Sandbox) -> None:
    from kagura_git.hook import main

    assert main(["post-checkout", "a", "b", "1"]) == 0
    assert main([]) == 0
