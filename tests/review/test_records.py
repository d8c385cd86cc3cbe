"""What a review says of errors, of broken records and of secrets."""

from __future__ import annotations

from tests.review.conftest import Desk


def test_errors_are_told_by_what_became_of_them(desk: Desk) -> None:
    old, again = desk.fail("first thing"), desk.fail("second thing")
    reopened = desk.fail("third thing", solution="restart")
    desk.branch()
    desk.memory.resolve_error(old, "index it")
    assert desk.fail("second thing") == again
    memory = desk.memory
    record = memory.recall(reopened)
    record.resolved = False
    memory.store(reopened, record)
    new, done = desk.fail("fourth other"), desk.fail("fifth, another", solution="so")
    desk.box.commit("work")
    told = {change.id: change.change for change in desk.report().errors}
    assert told == {
        old: "solved", again: "seen again", reopened: "reopened", new: "recorded", done: "solved",
    }  # fmt: skip


def test_an_error_that_keeps_coming_back_in_a_changed_file_is_noted(desk: Desk) -> None:
    for _ in range(3):
        name = desk.fail("comes back", file_path="src/app.py", line_number=3)
    desk.fail("elsewhere", file_path="src/other.py")
    desk.branch()
    desk.box.commit("work", **{"src/app.py": "1\n"})
    found = desk.finding("recurring")
    assert (found.record, found.path, found.line) == (name, "src/app.py", 3)


def test_a_broken_record_and_a_secret_are_errors_with_their_place(desk: Desk) -> None:
    desk.branch()
    broken = desk.decide("A", "a", alternatives=["x"])
    leaky = desk.decide("B", "b", alternatives=["x"])
    ws = desk.memory.ws
    path = desk.box.top / ws.files.path_of(broken)
    path.write_text(path.read_text().replace("status: proposed", "status: [open"))
    other = desk.box.top / ws.files.path_of(leaky)
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    other.write_text(other.read_text().replace("rationale: b", f"rationale: {token}"))
    desk.box.run("add", "-A")
    desk.box.run("commit", "-q", "--no-verify", "-m", "work")
    found = {item.rule: item for item in desk.report().findings}
    assert found["invalid"].path == str(path.relative_to(desk.box.top))
    assert found["invalid"].line
    assert found["secret"].path == str(other.relative_to(desk.box.top))
    assert {found[rule].severity for rule in ("invalid", "secret")} == {"error"}
    assert token not in str(desk.report().findings)
