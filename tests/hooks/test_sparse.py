"""A sparse checkout that leaves .kagura out: it is recorded, found and linked all the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from git_repo import Sandbox
from kagura_box import SESSION, begin, entries, set_up, snapshot

from kagura_git import CodingMemory
from kagura_git.git.sparse import Sparse
from kagura_git.services import health, setup
from kagura_git.store.files import RecordFiles

TRACE = 'Traceback (most recent call last):\n  File "src/x.py", line 3, in f\nKeyError: 7\n'


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAGURA_SEARCH_MODEL", "test:hash")


@pytest.fixture
def sparse(box: Sandbox, model: None) -> Sandbox:
    """A branch with records, and a work tree that holds none of them."""
    set_up(box)
    memory = opened(box)
    memory.record_decision("Keep the parser in C", "it is the hot path")
    memory.record_error("KeyError", "7", TRACE, file_path="src/x.py")
    box.commit("records", **{"src/x.py": "1\n", "docs/y": "1\n"})
    box.run("sparse-checkout", "set", "--cone", "src")
    assert not (box.top / ".kagura").exists()
    return box


def opened(box: Sandbox):  # type: ignore[no-untyped-def]
    return CodingMemory.sync(str(box.top))


def titles(found) -> list[str]:  # type: ignore[no-untyped-def]
    return [hit.record.title for hit in found]


def test_records_are_found_and_shown(sparse: Sandbox) -> None:
    memory = opened(sparse)
    found = memory.search("parser hot path")
    assert titles(found)[0] == "Keep the parser in C"
    assert memory.recall(found[0].id).rationale == "it is the hot path"
    assert not (sparse.top / ".kagura").exists()


def test_a_new_record_is_committed_beside_them(sparse: Sandbox) -> None:
    begin(sparse)
    made = opened(sparse).record_decision("Ship it on Friday", "nobody looks")
    sparse.write("src/x.py", "2\n")
    sparse.run("commit", "-q", "-a", "-m", "x")
    assert {SESSION, str(made)} <= {entry.get("id") for entry in entries(sparse)}
    assert f"Kagura-Decision: {made}" in sparse.message()
    assert len(sparse.out("ls-tree", "-r", "--name-only", "HEAD", ".kagura/decisions").split()) == 2
    assert sparse.out("status", "--porcelain") == ""
    assert len(titles(opened(sparse).search("ship Friday parser", k=5))) == 2


def test_a_record_that_was_left_out_is_changed_and_staged(sparse: Sandbox) -> None:
    memory = opened(sparse)
    (error,) = memory.search_errors("KeyError 7")
    again = memory.record_error("KeyError", "7", TRACE, file_path="src/x.py", solution="ask first")
    assert str(again) == error.id
    sparse.run("commit", "-q", "-m", "solved")
    path = sparse.out("ls-tree", "-r", "--name-only", "HEAD", ".kagura/errors")
    assert "\n" not in path
    assert "ask first" in sparse.out("show", f"HEAD:{path}")
    assert [e["relation"] for e in entries(sparse) if e["kind"] == "error"] != []
    assert sparse.out("status", "--porcelain") == ""


def test_records_come_and_go_with_the_branch(sparse: Sandbox) -> None:
    assert len(opened(sparse).search("parser", k=5)) == 1
    sparse.run("switch", "-q", "--detach", "HEAD~1")
    assert opened(sparse).search("parser", k=5) == []
    memory = opened(sparse)
    sparse.run("switch", "-q", "main")
    assert len(memory.search("parser", k=5)) == 1
    sparse.run("sparse-checkout", "disable")
    assert len(memory.search("parser", k=5)) == 1


def test_a_broken_record_still_stops_the_commit(sparse: Sandbox) -> None:
    blob = sparse.run("hash-object", "-w", "--stdin", stdin="a: [\n").stdout.strip()
    path = ".kagura/decisions/2025-11/D-00000001-x.yaml"
    sparse.run("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    done = sparse.run("commit", "-m", "x", ok=False)
    assert (done.returncode, f"{path}:" in done.stderr) == (1, True)


def test_init_and_uninstall_write_nothing_that_is_left_out(sparse: Sandbox) -> None:
    assert setup.init(sparse.repo) == []
    assert not (sparse.top / ".kagura").exists()
    setup.uninstall(sparse.repo)
    assert not (sparse.top / ".kagura").exists()
    assert sparse.out("status", "--porcelain", "--", ".kagura") == ""


def test_doctor_sees_them(sparse: Sandbox) -> None:
    memory = opened(sparse)
    assert health.is_set_up(memory.ws)
    assert len(list(memory.ws.files.read_all())) == 2


def test_a_repository_that_is_not_set_up_stays_so(box: Sandbox, model: None) -> None:
    box.commit(**{"src/x": "1\n"})
    box.run("sparse-checkout", "set", "--cone", "src")
    assert not opened(box).ws.is_set_up


def test_without_a_sparse_checkout_nothing_is_looked_for(
    kagura: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = Sparse(kagura.repo)
    monkeypatch.setenv("PATH", "/nowhere")
    assert hidden.paths() == {}
    assert list(RecordFiles(str(kagura.top), None, hidden).read_all()) == []


def test_what_a_partial_clone_lacks_is_not_fetched(sparse: Sandbox, tmp_path: Path) -> None:
    sparse.run("config", "uploadpack.allowFilter", "true")
    Sandbox(tmp_path, sparse.env).run(
        "clone", "-q", "--filter=blob:none", "--sparse", f"file://{sparse.top}", "partial"
    )
    partial = Sandbox(tmp_path / "partial", sparse.env)
    hidden = Sparse(partial.repo)
    before = snapshot(str(partial.top / ".git/objects"))
    assert len(hidden.paths()) == 2
    for path in hidden.paths():
        with pytest.raises(FileNotFoundError):
            hidden.read(path)
    assert opened(partial).search("parser") == []
    assert snapshot(str(partial.top / ".git/objects")) == before
    assert os.path.exists(partial.top / "kagura.toml")


def test_many_are_read_with_few_processes(sparse: Sandbox) -> None:
    from kagura_git.store import codec
    from tests.hooks.kagura_box import decision

    sparse.run("sparse-checkout", "disable")
    for number in range(10, 610):
        sparse.write(
            f".kagura/decisions/2025-11/D-{number:08}-x.yaml", codec.dumps(decision(number))
        )
    sparse.commit("many")
    sparse.run("sparse-checkout", "set", "--cone", "src")
    hidden = Sparse(sparse.repo)
    count = 0
    run = hidden._repo.git.run

    def counted(*args, **more):  # type: ignore[no-untyped-def]
        nonlocal count
        count += 1
        return run(*args, **more)

    hidden._repo.git.run = counted  # type: ignore[method-assign]
    files = RecordFiles(str(sparse.top), None, hidden)
    assert len([stored for stored in files.read_all() if stored.record]) == 602
    assert count <= 4
