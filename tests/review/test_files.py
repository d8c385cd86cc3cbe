"""What a review says of the files that a branch changes."""

from __future__ import annotations

from tests.review.conftest import Desk


def numbers(changed: dict[int, str]) -> str:
    return "".join(changed.get(n, f"{n}\n") for n in range(30))


def test_an_accepted_decision_governs_the_lines_that_change(desk: Desk) -> None:
    name = desk.decide(related_files=["src"])
    desk.accept(name)
    desk.branch()
    desk.box.commit("work", **{"src/app.py": numbers({4: "x\n", 9: "y\nz\n", 20: ""})})
    (governing,) = desk.report().governing
    assert (governing.id, governing.title) == (name, "Use SQLite")
    (file,) = governing.files
    assert (file.path, file.because) == ("src/app.py", "src")
    assert file.lines == [(5, 5), (10, 11), (21, 21)]
    assert name in desk.finding("governed").message


def test_many_files_each_have_their_own_lines(desk: Desk) -> None:
    name = desk.decide(related_files=["src"])
    desk.accept(name)
    desk.box.commit("more", **{f"src/{n} ä.py": "1\n2\n3\n" for n in range(4)})
    desk.box.write("src/binary", b"\0\1")
    desk.box.write("src/link.py", "link\n")
    desk.branch()
    (desk.box.top / "src/link.py").unlink()
    (desk.box.top / "src/link.py").symlink_to("app.py")
    (desk.box.top / "src/0 ä.py").unlink()
    desk.box.write("src/binary", b"\0\2")
    desk.box.write("src/3 ä.py", b"1\n" + b"x" * 9000 + b"\0\n@@ -1 +1 @@\ndiff --git a/x b/x\n3\n")
    desk.box.commit("work", **{"src/1 ä.py": "1\nX\n3\n", "src/2 ä.py": "0\n1\n2\n3\n"})
    (governing,) = desk.report().governing
    assert {file.path: file.lines for file in governing.files} == {
        "src/0 ä.py": [],
        "src/1 ä.py": [(2, 2)],
        "src/2 ä.py": [(1, 1)],
        "src/3 ä.py": [(2, 4)],
        "src/binary": [],
        "src/link.py": [(1, 1)],
    }


def test_a_renamed_file_is_governed_by_what_governed_its_old_name(desk: Desk) -> None:
    name = desk.decide(related_files=["src/app.py"])
    desk.accept(name)
    desk.branch()
    desk.box.run("mv", "src/app.py", "app.py")
    desk.box.commit("move")
    (governing,) = desk.report().governing
    assert [(file.path, file.because) for file in governing.files] == [("app.py", "src/app.py")]


def test_a_decision_that_names_no_file_governs_those_of_its_commit(desk: Desk) -> None:
    name = desk.decide()
    desk.accept(name)
    commit = desk.box.commit("as decided", **{"src/db.py": "1\n"})
    desk.branch()
    desk.box.commit("work", **{"src/db.py": "2\n", "src/other.py": "1\n"})
    (governing,) = desk.report().governing
    assert governing.id == name
    assert [(file.path, file.because) for file in governing.files] == [("src/db.py", commit)]


def test_only_what_is_in_force_governs(desk: Desk) -> None:
    old, new = desk.decide(related_files=["src"]), desk.decide("B", "b", related_files=["src"])
    proposed = desk.decide("C", "c", related_files=["src"])
    for name in (old, new):
        desk.accept(name)
    desk.supersede(old, new)
    desk.branch()
    later = desk.decide("D", "d", related_files=["src"], alternatives=["x"])
    desk.supersede(new, later)
    desk.box.commit("work", **{"src/app.py": "1\n"})
    assert desk.report().governing == []
    assert proposed not in {change.id for change in desk.report().decisions}


def test_files_without_a_reason_are_counted(desk: Desk) -> None:
    desk.branch()
    desk.memory.track_file_change("src/app.py", "edit", "", "faster")
    desk.box.commit("one", **{"src/app.py": "1\n"})
    desk.decide("Split", "small", related_files=["src/new"], alternatives=["x"])
    desk.box.commit("two", **{"src/new/a.py": "1\n", "src/b.py": "2\n"})
    reasons = desk.report().reasons
    assert (reasons.files, reasons.explained, reasons.unexplained) == (3, 2, ["src/b.py"])
    (told,) = reasons.told
    assert (told.path, told.reason, told.action) == ("src/app.py", "faster", "edit")
    assert "1 of 3 files" in desk.finding("unexplained").message


def test_the_reason_of_a_file_renamed_later_counts(desk: Desk) -> None:
    desk.branch()
    desk.memory.track_file_change("src/app.py", "edit", "", "faster")
    desk.box.commit("one", **{"src/app.py": numbers({3: "x\n"})})
    desk.box.run("mv", "src/app.py", "src/main.py")
    desk.box.commit("two")
    assert [reason.path for reason in desk.report().reasons.told] == ["src/main.py"]
    assert desk.report().reasons.unexplained == []
