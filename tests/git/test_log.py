"""Commits with their memory, whatever people write into messages, notes and file names."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from kagura_git.errors import GitError
from kagura_git.git import blame
from kagura_git.git.log import Commit, commits
from kagura_git.git.notes import REF as NOTES_REF
from kagura_git.git.repo import discover
from tests.conftest import TickingSandbox

SESSION, DECISION = "S-7k3f9q2m", "D-7k3f9q2m"


def note(repo: TickingSandbox, sha: str, *entries: dict[str, Any] | str) -> None:
    lines = [entry if isinstance(entry, str) else f"- {json.dumps(entry)}" for entry in entries]
    repo.run(
        "notes", "--ref", NOTES_REF, "add", "-f", "-F", "-", sha, stdin="\n".join(lines) + "\n"
    )


def log(repo: TickingSandbox, *revisions: str, **options: Any) -> list[Commit]:
    return commits(repo.repo.git, list(revisions) or ["HEAD"], **options)


def test_a_commit_comes_with_what_git_says_of_it(repo: TickingSandbox) -> None:
    first = repo.commit("One", a="1")
    second = repo.commit("Two\n\nWith a body.", a="2")
    newest, oldest = log(repo)
    assert (newest.sha, newest.parents, newest.subject) == (second, (first,), "Two")
    assert (oldest.sha, oldest.parents, oldest.subject) == (first, (), "One")
    assert newest.author == "Ada <ada@example.org>"
    assert newest.date == repo.out("log", "-1", "--format=%aI")
    assert (newest.trailers, newest.entries) == ((), ())


def test_no_revisions_and_no_commits_give_none(repo: TickingSandbox) -> None:
    assert commits(repo.repo.git, []) == []
    with pytest.raises(GitError):
        log(repo, "HEAD")
    repo.commit("One", a="1")
    assert log(repo, "HEAD..HEAD") == []


@pytest.mark.parametrize(
    "message",
    [
        f"S\n\nKagura-Session: {SESSION}\nKagura-Decision: {DECISION}",
        f"S\n\nbody\n\nKagura-Session:{SESSION}  \nKagura-Decision:\t{DECISION}\nBug: 5",
        f"Squashed commit of the following:\n\n    One\n\n    Kagura-Session: {SESSION}\n"
        f"\n    Two\n\n    Kagura-Session: {SESSION}\n    Kagura-Decision: {DECISION}",
        f"S\r\n\r\nKagura-Session: {SESSION}\r\nKagura-Decision: {DECISION}\r\n",
    ],
)
def test_trailers_are_found_wherever_a_squash_puts_them(repo: TickingSandbox, message: str) -> None:
    repo.run("commit", "--allow-empty", "--cleanup=verbatim", "-F", "-", stdin=message)
    (found,) = log(repo)
    assert found.trailers == (SESSION, DECISION)
    assert (found.ids("session"), found.ids("decision")) == ([SESSION], [DECISION])


@pytest.mark.parametrize(
    "line",
    ["Kagura-Session: S-nope", f"Kagura-Session: {DECISION}",
    f"Kagura-Decision: {DECISION} and more",
     f"X-Kagura-Session: {SESSION}", f"Kagura-Session: {SESSION.upper()}",
     f"> Kagura-Session: {SESSION}"],
)  # fmt: skip
def test_what_only_looks_like_a_trailer_is_none(repo: TickingSandbox, line: str) -> None:
    repo.commit(f"S\n\n{line}")
    assert log(repo)[0].trailers == ()


ODD = [
    "%H %x00 %n{json}", "a\tb\x01\x1b[31m", "日本語 😀", "\\x00 \\0 NUL", '"quotes" and \'more\'',
    "-n --all",
    "x" * 10_000, "commit 1234", "\u2028separators\x85", "a\n\n\n\nbody\n\n  \nend",
    "%(trailers)", "\ufeffbom",
]  # fmt: skip


def test_odd_messages_stay_apart(repo: TickingSandbox) -> None:
    shas = [repo.commit(f"n{number}", **{str(number): "x"}) for number in range(2)]
    for number, message in enumerate(ODD):
        repo.run("commit", "--allow-empty", "--cleanup=verbatim", "-F", "-", stdin=message)
        note(repo, "HEAD", {"kind": "change", "path": message, "reason": f"r{number}"})
        shas.append(repo.head)
    found = log(repo)
    assert [commit.sha for commit in found] == shas[::-1]
    for message, commit in zip(ODD, found[: len(ODD)][::-1], strict=True):
        assert commit.subject.split() == message.strip().split("\n")[0].split()
        assert [entry["path"] for entry in commit.changes()] == [message]


def raw(repo: TickingSandbox, content: bytes, *args: str) -> str:
    path = repo.top / ".raw"
    path.write_bytes(content)
    sha = repo.out("hash-object", "-w", "--literally", "-t", "commit", str(path))
    path.unlink()
    repo.run("update-ref", "HEAD", sha)
    return sha


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"", b"nul\x00in subject\n\nand body\x00\n"),
        (b"", b""),
        (b"", b"\n\n\n"),
        (b"", b"no newline at end"),
        (b"", b"\xff\xfe not UTF-8\n"),
        (b"encoding ISO-8859-1\n", b"caf\xe9\n"),
        (b"encoding nonsense\n", b"caf\xe9\n"),
        (b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n", b"signed\n"),
    ],
)
def test_a_commit_object_that_no_editor_makes_hides_no_other(
    repo: TickingSandbox, head: bytes, body: bytes
) -> None:
    first = repo.commit("One", a="1")
    tree = repo.out("rev-parse", "HEAD^{tree}").encode()
    who = b"A \xff <a@b> 1750000000 +0000\n"
    odd = raw(
        repo,
        b"tree %s\nparent %s\nauthor %scommitter %s%s\n%s"
        % (tree, first.encode(), who, who, head, body),
    )
    last = repo.commit("Three", a="3")
    found = log(repo)
    assert [commit.sha for commit in found] == [last, odd, first]
    if b"8859" in head:
        assert found[1].subject == "café"


def test_a_signature_that_cannot_be_checked_changes_nothing(repo: TickingSandbox) -> None:
    repo.commit("One", a="1")
    tree, who = repo.out("rev-parse", "HEAD^{tree}"), "A <a@b> 1750000000 +0000"
    signature = "-----BEGIN PGP SIGNATURE-----\n \n iQEz\n -----END PGP SIGNATURE-----"
    head = f"tree {tree}\nauthor {who}\ncommitter {who}\ngpgsig {signature}\n\nSigned\n"
    sha = raw(repo, head.encode())
    before = log(repo)
    repo.run("config", "log.showSignature", "true")
    assert log(repo) == before
    assert [(commit.sha, commit.subject) for commit in before] == [(sha, "Signed")]


def test_a_note_that_is_no_text_hides_nothing(repo: TickingSandbox) -> None:
    first = repo.commit("One", a="1")
    second = repo.commit("Two", a="2")
    blob = repo.top / ".blob"
    blob.write_bytes(b'\x00\xff\n- {"kind": "change", "path": "a", "reason": "r"}\n\x00')
    sha = repo.out("hash-object", "-w", str(blob))
    blob.unlink()
    repo.run("notes", "--ref", NOTES_REF, "add", "-C", sha, first)
    note(
        repo,
        second,
        "Reviewed-by: Kim",
        {"kind": "error", "id": "E-7k3f9q2m", "relation": "solved"},
    )
    newest, oldest = log(repo)
    assert newest.ids("error") == ["E-7k3f9q2m"]
    assert [entry["reason"] for entry in oldest.changes()] == ["r"]


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "change"},
        {"kind": "change", "path": 5},
        {"kind": "change", "path": None},
        {"kind": "decision", "id": 5},
        {"kind": "decision", "id": "D-../../etc"},
        {"kind": "decision", "id": f"{DECISION}\n"},
        {"kind": "decision", "id": DECISION, "relation": "removed"},
        {"kind": "change", "session": ["x"]},
    ],
)
def test_an_entry_of_the_wrong_shape_counts_for_nothing(repo: TickingSandbox, entry: Any) -> None:
    note(repo, repo.commit("One", a="1"), entry, {"kind": "session", "id": SESSION})
    (found,) = log(repo)
    assert found.changes() == []
    assert (found.ids("decision"), found.ids("session")) == ([], [SESSION])


def test_only_our_notes_are_read(repo: TickingSandbox) -> None:
    sha = repo.commit("One", a="1")
    repo.run("notes", "add", "-m", '- {"kind": "change", "path": "x", "reason": "foreign"}', sha)
    repo.run("config", "notes.displayRef", "refs/notes/*")
    repo.run("config", "core.notesRef", "refs/notes/other")
    assert log(repo)[0].entries == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("color.ui", "always"), ("log.showSignature", "true"), ("log.follow", "true"),
        ("log.date", "relative"), ("format.pretty", "oneline"), ("log.decorate", "full"),
        ("log.abbrevCommit", "true"), ("i18n.logOutputEncoding", "latin1"), ("core.pager", "false"),
        ("log.diffMerges", "first-parent"), ("log.showRoot", "true"), ("log.mailmap", "true"),
    ],
)  # fmt: skip
def test_a_users_configuration_changes_nothing(repo: TickingSandbox, name: str, value: str) -> None:
    note(repo, repo.commit("Önë", a="1"), {"kind": "change", "path": "a", "reason": "日本"})
    before = log(repo)
    repo.run("config", name, value)
    assert log(repo) == before
    assert log(repo, paths=["a"]) == before


def test_a_limit_and_exact_commits(repo: TickingSandbox) -> None:
    shas = [repo.commit(f"n{number}", a=str(number)) for number in range(4)]
    assert [commit.sha for commit in log(repo, limit=2)] == shas[:1:-1]
    wanted = [shas[1], shas[3], shas[0]]
    assert [commit.sha for commit in log(repo, *wanted, walk=False)] == wanted
    many = shas * 1000
    assert len(log(repo, *many, walk=False)) >= len(shas)


def test_a_revision_that_is_none_is_an_error(repo: TickingSandbox) -> None:
    repo.commit("One", a="1")
    with pytest.raises(GitError):
        log(repo, "nowhere")
    with pytest.raises(GitError):
        log(repo, "--all", paths=["a"])


NAMES = ["a b.py", "naïve.py", "new\nline.py", "tab\t.py", '"quoted".py', "-dash.py",
         "back\\slash.py",
         ":(top)x.py", ":colon.py", "[a].py", "*.py", "日本語.py", "a'b.py",
         "caf\udce9.py"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_one_path_is_followed_over_renames_whatever_it_is_called(
    repo: TickingSandbox, name: str
) -> None:
    text = "".join(f"line {number}\n" for number in range(20))
    # What a pattern would match as well:
    repo.write("a.py", "other\n")
    repo.write("x.py", "other\n")
    first = repo.commit("One", **{"before.py": text})
    repo.commit("Elsewhere", **{"a.py": "more\n"})
    (repo.top / "before.py").rename(os.path.join(repo.top, name))
    renamed = repo.commit("Rename")
    repo.write(name, text + "last\n")
    changed = repo.commit("Change")
    repo.commit("Elsewhere again", **{"x.py": "more\n"})
    assert [commit.sha for commit in log(repo, paths=[name])] == [changed, renamed, first]
    both = log(repo, paths=[name, "a.py"])
    assert {commit.subject for commit in both} >= {"Rename", "Change", "Elsewhere"}


@pytest.mark.parametrize("name", NAMES)
def test_blame_knows_a_file_by_its_old_name(repo: TickingSandbox, name: str) -> None:
    text = "".join(f"line {number}\n" for number in range(20))
    repo.write(name, text)
    first = repo.commit("One")
    os.rename(os.path.join(repo.top, name), os.path.join(repo.top, "now.py"))
    repo.commit("Rename")
    assert blame.line(repo.repo, "now.py", 3) == blame.Blamed(first, name)


def test_a_folder_and_the_whole_tree_are_paths_too(repo: TickingSandbox) -> None:
    first = repo.commit("One", **{"src/a.py": "1"})
    repo.commit("Two", **{"docs/a.md": "1"})
    third = repo.commit("Three", **{"src/b.py": "1"})
    assert [commit.sha for commit in log(repo, paths=["src"])] == [third, first]
    assert [commit.sha for commit in log(repo, paths=["src/"])] == [third, first]
    assert len(log(repo, paths=["."])) == 3


def test_the_common_folder_is_found_from_a_link_into_a_subfolder(
    repo: TickingSandbox, tmp_path: Path
) -> None:
    """git answers `../../.git`, counted from where the link leads, not from where it stands."""
    (repo.top / "src" / "deep").mkdir(parents=True)
    link = tmp_path / "elsewhere" / "further" / "link"
    link.parent.mkdir(parents=True)
    link.symlink_to(repo.top / "src" / "deep")
    found = discover(str(link), repo.env)
    assert (found.top, found.git_dir) == (str(repo.top), str(repo.top / ".git"))
    assert found.common_dir == str(repo.top / ".git")


def test_a_worktree_shares_what_is_common(repo: TickingSandbox, tmp_path: Path) -> None:
    repo.commit("One", a="1")
    repo.run("worktree", "add", "-q", str(tmp_path / "second"))
    (tmp_path / "second" / "sub").mkdir()
    second = discover(str(tmp_path / "second" / "sub"), repo.env)
    assert second.top == str(tmp_path / "second")
    assert second.common_dir == str(repo.top / ".git") == repo.repo.common_dir
    assert second.git_dir == str(repo.top / ".git" / "worktrees" / "second")
    assert second.name() == "work"


@pytest.mark.parametrize("scope", ["global", "local"])
def test_blame_tells_of_a_file_of_ignored_revisions_that_is_missing(
    repo: TickingSandbox, tmp_path: Path, scope: str
) -> None:
    repo.commit("start", a="1\n")
    repo.env["GIT_CONFIG_GLOBAL"] = str(tmp_path / "gitconfig")
    repo.run("config", f"--{scope}", "blame.ignoreRevsFile", str(tmp_path / "gone"))
    with pytest.raises(
        GitError, match=f"ignoreRevsFile names in the {scope} .* does not exist"
    ) as e:
        blame.line(repo.repo, "a", 1)
    assert e.value.where == str(tmp_path / "gone")
    assert f"git config --{scope} --unset-all blame.ignoreRevsFile" in e.value.hint


def test_blame_tells_of_a_line_that_is_no_ignored_revision(repo: TickingSandbox) -> None:
    repo.commit("start", a="1\n")
    file = repo.write("ignored", "# comment\nnot a commit\n")
    repo.run("config", "blame.ignoreRevsFile", str(file))
    with pytest.raises(GitError, match="holds 'not a commit', which is no commit") as e:
        blame.line(repo.repo, "a", 1)
    assert e.value.where == str(file)
