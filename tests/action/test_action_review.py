"""The Action's review, run as a workflow runs it, against real repositories."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kagura_git.cli.review_markdown import MARK
from tests.action.conftest import Site


def test_a_pull_request_gets_annotations_a_summary_reports_and_a_comment(site: Site) -> None:
    event = site.pull()
    run = site.reviewed(event)
    assert run.code == 0, run.err
    assert set(run.commands) == {"notice"}
    assert run.summary.startswith(f"\n{MARK}"[1:])
    head = event["pull_request"]["head"]["sha"]
    assert f"https://host.example/o/n/blob/{head}/.kagura/decisions/" in run.summary
    assert "faster this way" in run.summary
    assert "Number from zero" in run.summary
    report = run.report()
    assert report["head"] == head
    assert report["merge_base"]
    assert int(run.outputs["findings"]) == len(report["findings"])
    assert json.loads(Path(run.outputs["sarif"]).read_text())["version"] == "2.1.0"
    (comment,) = site.api.comments
    assert comment["body"] == Path(run.outputs["markdown"]).read_text()
    assert comment["body"] in run.summary


def test_a_shallow_clone_is_deepened_as_far_as_needed_and_no_further(site: Site) -> None:
    site.grow("refs/heads/main", 150)
    event = site.pull()
    clone = site.checkout("refs/pull/7/merge")
    run = site.step(clone, event)
    assert run.code == 0, run.err
    report = run.report()
    assert report["merge_base"] == site.box.out("merge-base", "main", "topic")
    assert [found["title"] for found in report["decisions"]] == ["Log as JSON"]
    assert "history" not in {found["rule"] for found in report["findings"]}
    assert report["reasons"]["told"][0]["reason"] == "faster this way"


def test_a_base_that_has_moved_on_since_the_event_is_still_the_events(site: Site) -> None:
    event = site.pull()
    clone = site.checkout("refs/pull/7/merge")
    later = site.grow("refs/heads/main", 30)
    site.push("main")
    clone.run("config", "protocol.version", "0")  # gives what a ref points to, nothing else
    run = site.step(clone, event)
    assert run.code == 0, run.err
    assert run.report()["base"] in (event["pull_request"]["base"]["sha"], later)
    assert run.report()["head"] == event["pull_request"]["head"]["sha"]


def test_history_that_nobody_needs_is_not_fetched(site: Site) -> None:
    first = site.box.out("rev-parse", "main")
    site.box.run("checkout", "-q", "main")
    site.grow("refs/heads/main", 400)
    site.box.run("reset", "-q", "--hard", "main")
    site.box.run("checkout", "-q", "-b", "late")
    site.desk.decide("Decided late", "why not")
    site.box.commit("late work")
    site.box.run("branch", "-f", "topic", "late")
    event = site.pull()
    clone = site.checkout("refs/pull/7/merge")
    run = site.step(clone, event)
    assert run.report()["merge_base"] == site.box.out("rev-parse", "main")
    assert clone.run("cat-file", "-e", first, ok=False).returncode != 0


def test_a_full_clone_needs_no_fetch_and_loses_no_history(site: Site) -> None:
    event = site.pull()
    clone = site.checkout("refs/pull/7/merge", depth=None)
    before = clone.out("rev-list", "--count", "HEAD")
    run = site.step(clone, event)
    assert run.code == 0
    assert run.report()["merge_base"]
    assert clone.out("rev-list", "--count", "HEAD") == before
    assert clone.out("rev-parse", "--is-shallow-repository") == "false"


def test_lines_of_history_that_share_nothing_are_reviewed_and_it_is_said(site: Site) -> None:
    tree = site.box.out("rev-parse", "topic^{tree}")
    site.box.run("branch", "-f", "lost", site.box.out("commit-tree", tree, "-m", "x"))
    site.push("main", "lost")
    clone = site.checkout("refs/heads/lost")
    run = site.step(clone, {}, INPUT_BASE="main", INPUT_HEAD="lost")
    assert run.code == 0, run.err
    assert "history" in {found["rule"] for found in run.report()["findings"]}


def test_a_push_is_reviewed_without_a_comment(site: Site) -> None:
    before, after = site.box.out("rev-parse", "main"), site.box.out("rev-parse", "topic")
    site.push(f"{after}:refs/heads/main")
    event = {
        "ref": "refs/heads/main", "before": before, "after": after, "created": False,
        "repository": {"full_name": "o/n", "default_branch": "main"}, "commits": [],
    }  # fmt: skip
    run = site.step(site.checkout("refs/heads/main"), event)
    assert run.code == 0, run.err
    assert run.report()["base"] == before
    assert run.report()["head"] == after
    assert site.api.seen == []


def test_a_new_branch_is_compared_with_the_default_one(site: Site) -> None:
    after = site.box.out("rev-parse", "topic")
    site.push("main", "topic")
    event = {
        "ref": "refs/heads/topic", "before": "0" * 40, "after": after, "created": True,
        "repository": {"full_name": "o/n", "default_branch": "main"},
    }  # fmt: skip
    run = site.step(site.checkout("refs/heads/topic"), event)
    assert run.report()["base"] == site.box.out("rev-parse", "main")


def test_a_merge_queue_is_reviewed(site: Site) -> None:
    base, head = site.box.out("rev-parse", "main"), site.box.out("rev-parse", "topic")
    site.push("main", "topic")
    event = {"merge_group": {"base_sha": base, "head_sha": head}}
    run = site.step(site.checkout("refs/heads/topic"), event)
    assert (run.report()["base"], run.report()["head"]) == (base, head)


def test_the_inputs_win_over_the_event(site: Site) -> None:
    event = site.pull()
    run = site.reviewed(event, INPUT_BASE="topic", INPUT_HEAD="main", INPUT_COMMENT="false")
    assert run.report()["base"] == event["pull_request"]["head"]["sha"]
    assert run.report()["head"] == event["pull_request"]["base"]["sha"]
    assert site.api.seen == []


def test_strict_fails_for_the_rules_that_count_after_all_was_told(site: Site) -> None:
    event = site.pull()
    assert site.reviewed(event, INPUT_STRICT="true").code == 0
    run = site.reviewed(event, INPUT_STRICT="true", INPUT_RULES="secret, governed")
    assert run.code == 1
    assert run.summary
    assert len(site.api.comments) == 1
    assert site.reviewed(event, INPUT_STRICT="true", INPUT_RULES="secret invalid").code == 0


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"INPUT_RULES": "nonsense"}, "no rule"),
        ({"INPUT_STRICT": "maybe"}, "neither true nor false"),
        ({"INPUT_MODE": "deploy"}, "no mode"),
        ({"GITHUB_REPOSITORY": "../../user"}, "not a repository"),
        ({"GITHUB_EVENT_PATH": "/nowhere"}, "the event cannot be read"),
        ({"INPUT_BASE": "--upload-pack=touch x"}, "not a revision"),
        ({"INPUT_BASE": "no-such-branch"}, "no commit"),
    ],
)
def test_inputs_that_cannot_be_end_the_step_with_one_error(
    site: Site, given: dict[str, str], told: str
) -> None:
    run = site.reviewed(**given)
    assert run.code in (1, 2)
    assert run.commands == ["error"]
    assert told in run.out


def test_an_event_that_names_nothing_asks_for_a_base(site: Site) -> None:
    site.push("main")
    run = site.step(site.checkout("refs/heads/main"), {"schedule": "0 5 * * *"})
    assert run.code == 2
    assert "Give the input `base`" in run.out


HOSTILE = "x\n::error::y\r\n::set-env name=A::b ##[error]z"


def test_what_records_and_branches_are_called_is_never_a_command(site: Site) -> None:
    site.desk.decide(HOSTILE, HOSTILE, related_files=["::warning::.py"])
    site.desk.memory.track_file_change("src/app.py", "edit", "", HOSTILE)
    site.box.commit(HOSTILE, **{"src/app.py": "2\n", "##[error]x.py": "1\n", "src/::notice::x": ""})
    run = site.reviewed()
    assert run.code == 0, run.err
    assert set(run.commands) <= {"notice", "warning"}
    for line in run.err.splitlines():
        assert line.startswith("kagura-git: ")
        assert "##[" not in line
    assert "##[error]z" not in run.out


def test_without_notes_at_the_hub_the_review_is_as_complete_as_it_can_be(site: Site) -> None:
    event = site.pull()
    site.hub.run("update-ref", "-d", "refs/notes/kagura")
    run = site.reviewed(event)
    assert run.code == 0
    assert run.report()["reasons"]["told"] == []
    assert "notes could not be fetched" not in run.summary
    assert "warning" not in run.commands


def test_notes_that_cannot_be_fetched_are_said_and_do_not_fail_the_step(site: Site) -> None:
    event = site.pull()
    blob = site.hub.run("hash-object", "-w", "--stdin", stdin="no notes").stdout.strip()
    site.hub.run("update-ref", "refs/notes/kagura", blob)
    run = site.reviewed(event)
    assert run.code == 0, run.err
    assert "warning" in run.commands
    assert "notes could not be fetched" in run.summary


def test_a_summary_that_is_full_and_no_summary_at_all_fail_nothing(site: Site) -> None:
    event = site.pull()
    assert site.reviewed(event, GITHUB_STEP_SUMMARY="").code == 0
    assert site.reviewed(event, GITHUB_OUTPUT="", GITHUB_STEP_SUMMARY="/nowhere/x").code == 0
