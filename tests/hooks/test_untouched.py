"""In a large repository pre-commit answers without git, and is never wrong about it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import newer_git
import pytest
from git_repo import Sandbox, new
from kagura_box import begin, record, set_up

from kagura_git.git import untouched
from tests.work import wait_until

PATH = ".kagura/decisions/2025-11/D-00000001-use-x.yaml"
OTHER = ".kagura/decisions/2025-11/D-00000002-use-x.yaml"
BROKEN = "a: [\n"


@pytest.fixture(autouse=True)
def every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository need not be large for this."""
    monkeypatch.setattr(untouched, "SMALLEST", 0)


@pytest.fixture
def settled(kagura: Sandbox) -> Sandbox:
    """A repository with two records and a broken one in its history, in which nothing is staged."""
    kagura.write(OTHER, BROKEN)
    kagura.run("add", "-A")
    kagura.run("commit", "--no-verify", "-q", "-m", "broken")
    kagura.run("rm", "-q", OTHER)
    record(kagura, 1)
    kagura.run("commit", "-q", "-m", "mended")
    kagura.commit("more", a="1\n")
    settle(kagura)
    return kagura


def settle(box: Sandbox) -> None:
    assert untouched.keep(box.repo.git, box.repo.git_dir)
    assert known(box) == box.head


def known(box: Sandbox) -> str:
    """Return the commit for which the shim need not ask git."""
    path = Path(box.repo.git_dir, "kagura/clean.head")
    return path.read_text().strip() if path.exists() else ""


def quick(box: Sandbox, *args: str) -> bool:
    """Commit, and tell whether pre-commit answered without git; only then post-commit follows."""
    box.run("commit", "-q", "-m", "x", *args)
    return known(box) == box.head


def test_commits_of_other_files_need_no_git(settled: Sandbox) -> None:
    for number in range(3):
        settled.write("src", f"{number}\n")
        settled.write(f"new{number}")
        settled.run("add", "-A")
        assert quick(settled)
    assert quick(settled, "--amend")
    settled.write("src", "4\n")
    assert quick(settled, "-a")
    settled.write("src", "5\n")
    assert quick(settled, "--", "src")
    settled.run("rm", "-q", "src")
    assert quick(settled)
    begin(settled)
    settled.write("src", "6\n")
    settled.run("add", "-A")
    assert quick(settled)
    assert "Kagura-Session" in settled.message()


def test_the_file_right_behind_the_records_is_left_to_git(settled: Sandbox) -> None:
    settled.write("a", "2\n")
    settled.run("add", "-A")
    assert not quick(settled)


def in_place(box: Sandbox) -> None:
    """As an editor that keeps size and time of a file would hide its change."""
    path = box.top / PATH
    before, text = path.stat(), path.read_text()
    path.write_text(text.replace("schema:", "schem a", 1).ljust(len(text))[: len(text)])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    box.run("add", PATH)
    if not box.out("diff", "--cached", "--name-only"):
        # git itself was deceived by the file's time: nothing is staged.
        path.touch()
        box.run("add", PATH)


def by_plumbing(box: Sandbox) -> None:
    blob = box.run("hash-object", "-w", "--stdin", stdin=BROKEN).stdout.strip()
    box.run("update-index", "--cacheinfo", f"100644,{blob},{PATH}")


def from_history(box: Sandbox) -> None:
    box.run("restore", "--staged", "--source", "HEAD~2", OTHER)


def as_patch(box: Sandbox) -> None:
    patch = f"--- /dev/null\n+++ b/{OTHER}\n@@ -0,0 +1 @@\n+a: [\n"
    box.run("apply", "--cached", "-", stdin=patch)


def by_an_old_tree(box: Sandbox) -> None:
    box.run("read-tree", "HEAD~2")


def added(box: Sandbox) -> None:
    box.write(OTHER, BROKEN)
    box.run("add", OTHER)


def renamed(box: Sandbox) -> None:
    box.run("mv", PATH, PATH.replace("D-00000001", "D-00000003"))


def linked(box: Sandbox) -> None:
    (box.top / PATH).unlink()
    (box.top / PATH).symlink_to("a")
    box.run("add", PATH)


def by_head_alone(box: Sandbox) -> None:
    box.run("update-ref", "HEAD", box.out("rev-parse", "HEAD~2^"))
    added(box)


WAYS = [in_place, by_plumbing, from_history, as_patch, by_an_old_tree, added, renamed, linked,
        by_head_alone]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_broken_record_is_seen_however_it_was_staged(
    settled: Sandbox, way: Callable[[Sandbox], None]
) -> None:
    way(settled)
    settled.write("a", "2\n")
    settled.run("add", "a")
    done = settled.run("commit", "-m", "x", ok=False)
    assert done.returncode == 1, done.stderr
    assert "the commit was stopped" in done.stderr


@pytest.mark.parametrize("args", [("-a",), ("--", PATH), ("--include", PATH), ("--only", PATH)])
def test_a_record_that_the_commit_itself_stages_is_seen(
    settled: Sandbox, args: tuple[str, ...]
) -> None:
    settled.write(PATH, BROKEN)
    assert settled.run("commit", "-m", "x", *args, ok=False).returncode == 1


def test_a_commit_taken_back_softly_names_its_decision_again(settled: Sandbox) -> None:
    record(settled, 5)
    settled.commit("with a decision", b="1\n")
    settle(settled)
    settled.run("reset", "-q", "--soft", "HEAD~1")
    settled.run("commit", "-q", "-m", "again")
    assert "Kagura-Decision: D-00000005" in settled.message()


def test_after_a_commit_of_records_the_answer_is_made_anew(settled: Sandbox) -> None:
    record(settled, 7)
    settled.commit("with a decision", b="1\n")
    kept = Path(settled.repo.git_dir, "kagura/clean.index")
    # The process in the background sees a repository too small for this, and clears away.
    wait_until(lambda: not kept.exists())


@pytest.mark.parametrize("version", ["2", "3", "4"])
@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_every_form_of_the_staging_area_is_read(
    tmp_path: Path, env: dict[str, str], version: str, form: str
) -> None:
    box = new(tmp_path / "it", env, f"--object-format={form}")
    set_up(box)
    names = [".a", ".kagura-not", "z", "deep/er/x", "deep/er/y" * 30, ".kagurb"]
    for name in names:
        box.write(name)
    record(box)
    box.commit()
    box.run("update-index", "--index-version", version, "--force-write-index")
    if version == "3":
        box.write("later")
        box.run("add", "--intent-to-add", "later")
    data = (box.top / ".git/index").read_bytes()
    found = [path for _, path in untouched._entries(data, 20 if form == "sha1" else 32)]
    assert found == box.run("ls-files", "-z").stdout.encode().split(b"\0")[:-1]
    kept = untouched.head_of(data, 20 if form == "sha1" else 32)
    assert kept is not None
    assert len(kept) < len(data)
    assert b"schema.json" in kept or version == "4"


def test_with_records_alone_the_end_of_the_entries_is_seen(tmp_path: Path, env: dict) -> None:
    box = new(tmp_path / "it", env)
    box.write(".kagura/a")
    box.commit()
    before = untouched.head_of((box.top / ".git/index").read_bytes(), 20)
    box.write(".kagura/b")
    box.run("add", "-A")
    after = (box.top / ".git/index").read_bytes()
    assert before is not None
    assert after[12 : len(before)] != before[12:]


def test_a_split_staging_area_is_left_to_git(settled: Sandbox) -> None:
    settled.run("update-index", "--split-index")
    assert not untouched.keep(settled.repo.git, settled.repo.git_dir)
    assert not Path(settled.repo.git_dir, "kagura/clean.head").exists()  # so nobody tries again
    added(settled)
    assert settled.run("commit", "-m", "x", ok=False).returncode == 1


def test_reftable_is_left_to_git(
    tmp_path: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    newer_git.use(env, monkeypatch, 2, 48)
    box = set_up(new(tmp_path / "it", env, "--ref-format=reftable"))
    assert not untouched.keep(box.repo.git, box.repo.git_dir)
    added(box)
    assert box.run("commit", "-m", "x", ok=False).returncode == 1


def test_what_is_staged_already_is_not_taken_for_clean(settled: Sandbox) -> None:
    added(settled)
    assert not untouched.keep(settled.repo.git, settled.repo.git_dir)
    assert settled.run("commit", "-m", "x", ok=False).returncode == 1


def test_a_packed_branch_is_left_to_git_once(settled: Sandbox) -> None:
    settled.run("pack-refs", "--all")
    settled.write("a", "2\n")
    settled.run("add", "a")
    settled.run("commit", "-q", "-m", "x")
    added(settled)
    assert settled.run("commit", "-m", "x", ok=False).returncode == 1


def test_no_copy_of_the_staging_area_stays_behind(settled: Sandbox) -> None:
    left = {path.name for path in Path(settled.repo.git_dir, "kagura").iterdir()}
    assert left >= {"clean.head", "clean.index"}
    assert not [name for name in left if name.endswith(".tmp")]
