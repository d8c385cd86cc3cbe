"""State, logs and journal are 0600 in 0700 folders, or shared as the repository is."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kagura_git import atomic, permissions
from kagura_git.cli.app import run
from kagura_git.memory import SyncCodingMemory
from kagura_git.services import setup
from tests.git_repo import Sandbox, new

PATH = f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """Return the permissions of everything below a folder, by path."""
    paths = [folder, *folder.rglob("*")]
    return {
        str(path.relative_to(folder)): oct(stat.S_IMODE(path.lstat().st_mode))[2:]
        for path in paths
        if not path.is_symlink()
    }


def work(box: Sandbox) -> None:
    """Do what writes every kind of state: a session, records, a reason, commits, a search."""
    memory = SyncCodingMemory(box.top)
    memory.start_coding_session("Some work")
    memory.record_decision("Use X", "Because it is there.")
    box.write("a", "1\n")
    memory.track_file_change("a", "edit", "1", "A reason")
    box.run("add", "-A")
    box.run("commit", "-m", "Do it", PATH=PATH)
    memory.search("there")


def test_what_init_and_daily_work_write_is_the_owners_alone(tmp_path: Path) -> None:
    box = new(tmp_path / "work", os.environ)
    setup.init(box.repo)
    work(box)
    found = modes(Path(box.repo.shared))
    folders = {path for path in found if (Path(box.repo.shared) / path).is_dir()}
    assert {found[path] for path in folders} == {"700"}
    open_files = {p: m for p, m in found.items() if p not in folders and m not in ("600", "755")}
    assert open_files == {}
    assert [p for p, m in found.items() if m == "755" and p not in ("merge-driver",)] == []
    assert set(modes(box.top / ".kagura").values()) == {"755", "644"}


def test_an_older_versions_folders_are_closed_by_the_next_record(tmp_path: Path) -> None:
    box = new(tmp_path / "work", os.environ)
    setup.init(box.repo)
    shared = Path(box.repo.shared)
    (shared / "journal" / "2025-01").mkdir(parents=True)
    (shared / "journal" / "2025-01" / "chain").write_text("")
    permissions.change(str(shared), 0o755)
    SyncCodingMemory(box.top).record_decision("Use X", "Because it is there.")
    assert {mode[-2:] for mode in modes(shared).values()} == {"00"}


def test_a_setting_made_later_opens_the_folders_with_the_next_init(tmp_path: Path) -> None:
    box = new(tmp_path / "work", os.environ)
    setup.init(box.repo)
    work(box)
    box.run("config", "core.sharedRepository", "group")
    assert [change.what for change in setup.init(box.repo)] == ["permissions corrected"]
    assert setup.init(box.repo) == []
    found = modes(Path(box.repo.shared))
    assert {mode[-2] for mode in found.values()} <= {"6", "7"}
    assert found["."] == "2775"


@pytest.mark.parametrize(
    ("value", "folder", "file"),
    [("group", "2775", "664"), ("world", "2775", "664"), ("0660", "2770", "660")],
)
def test_a_shared_repository_shares_what_kagura_keeps(
    tmp_path: Path, value: str, folder: str, file: str
) -> None:
    box = new(tmp_path / "work", os.environ, f"--shared={value}")
    setup.init(box.repo)
    work(box)
    found = modes(Path(box.repo.shared))
    scripts = {path for path, mode in found.items() if mode == "755"}
    assert scripts <= {"merge-driver"}
    assert {mode for path, mode in found.items() if path not in scripts} == {folder, file}


def test_a_bug_log_is_its_users_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import platformdirs

    folder = Path(platformdirs.user_state_dir("kagura-git"))
    folder.mkdir(parents=True)
    (folder / "error.log").write_text("of an older version")
    monkeypatch.setattr("kagura_git.cli.app.cli.main", lambda **_: 1 / 0)
    assert run([]) == 3
    assert modes(folder)["error.log"] == "600"


def test_a_file_is_as_private_as_its_folder_unless_it_is_tracked(tmp_path: Path) -> None:
    for name, mode in (("private", 0o700), ("shared", 0o2770), ("plain", 0o755)):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(mode)
        atomic.write(tmp_path / name / "state", b"x")
        atomic.write(tmp_path / name / "tracked", b"x", tracked=True)
        atomic.make_folder(str(tmp_path / name / "a" / "b"))
    found = modes(tmp_path)
    assert (found["private/state"], found["private/a/b"]) == ("600", "700")
    assert (found["shared/state"], found["shared/a/b"]) == ("660", "2770")
    assert (found["plain/state"], found["plain/a"]) == ("600", "700")
    assert found["plain/tracked"] == "644"


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("setpriv"),
    reason="needs root, to become another user",
)
def test_a_second_user_records_in_a_shared_repository() -> None:
    """User 65534 is in the group of the repository (65533), and owns none of its files."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)  # pytest closes its own folders to other users
        record_as_a_second_user(Path(folder))


def record_as_a_second_user(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    hub.mkdir(mode=0o2775)
    os.chown(hub, 0, 65533)
    hub.chmod(0o2775)
    box = new(hub, os.environ, "--shared=group")
    setup.init(box.repo)
    box.run("add", "-A")
    box.run("commit", "-m", "set up", PATH=PATH)
    work(box)
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 65534, 65533)
    side = home / "side"
    env = {
        "HOME": str(home), "PATH": PATH, "GIT_CONFIG_NOSYSTEM": "1",
        "KAGURA_SEARCH_MODEL": "test:hash", "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
        **{f"GIT_{role}_{part}": "b@example.org" for role in ("AUTHOR", "COMMITTER")
           for part in ("NAME", "EMAIL")},
    }  # fmt: skip
    # Python may lie in a folder that is closed to others: this user may read all, no more.
    other = [
        "setpriv", "--reuid=65534", "--regid=65533", "--clear-groups",
        "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search",
    ]  # fmt: skip

    def do(*command: str, cwd: Path = side) -> str:
        done = subprocess.run(
            [*other, *command], cwd=cwd, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    python = [sys.executable, "-m", "kagura_git"]
    if subprocess.run([*other, *python, "--version"], env=env, capture_output=True).returncode:
        pytest.skip("another user cannot run this Python")
    do("git", "worktree", "add", "-q", "-b", "side", str(side), cwd=hub)
    do(*python, "session", "start", "Other work")
    said = do(*python, "decision", "add", "Keep it shared", "--rationale", "Two work here.")
    said += do("git", "commit", "-q", "-m", "Decided")
    assert "kagura:" not in said
    assert "Kagura-Decision: " in do("git", "log", "-1", "--format=%B")
    assert do("git", "notes", "--ref=kagura", "show")
