"""After the site squashed a pull request: its notes come to the new commit, and to the hub."""

from __future__ import annotations

from typing import Any

import pytest

from kagura_git.git import notes
from tests.action.conftest import NUMBER, Run, Site
from tests.git_repo import Sandbox


def squash(site: Site, subject: str) -> dict[str, Any]:
    """Squash ``topic`` into ``main`` at the hub, as a site does; returns the event of the push."""
    event = site.pull()
    before, head = event["pull_request"]["base"]["sha"], event["pull_request"]["head"]["sha"]
    tree = site.hub.out("merge-tree", "--write-tree", before, head)
    after = site.hub.out("commit-tree", tree, "-p", before, "-m", subject)
    site.hub.run("update-ref", "refs/heads/main", after)
    site.hub.run("update-ref", "-d", "refs/heads/topic")
    return {
        "ref": "refs/heads/main", "before": before, "after": after, "created": False,
        "repository": {"full_name": "o/n", "default_branch": "main"}, "commits": [],
    }  # fmt: skip


def relinked(site: Site, event: dict[str, Any], clone: Sandbox | None = None, **env: str) -> Run:
    there = clone or site.checkout("refs/heads/main", name="main-checkout")
    return site.step(there, event, INPUT_MODE="relink", **env)


def reasons(site: Site, commit: str) -> list[str]:
    """Return the reasons that the hub's notes tell for a commit."""
    entries = notes.all_notes(site.hub_git).get(commit, [])
    return [str(entry["reason"]) for entry in entries if "reason" in entry]


@pytest.mark.parametrize("depth", [1, None])
def test_a_squashed_pull_request_gets_its_notes_back(site: Site, depth: int | None) -> None:
    event = squash(site, "Do it all")
    site.api.pulls[event["after"]] = [{"number": NUMBER, "merged_at": "2026-01-01T00:00:00Z"}]
    run = relinked(site, event, site.checkout("refs/heads/main", depth=depth))
    assert run.code == 0, run.err
    assert run.outputs["relinked"] == "1"
    assert reasons(site, event["after"]) == ["faster this way"]
    assert f"`{event['after'][:12]}` Do it all" in run.summary
    again = relinked(site, event, site.checkout("refs/heads/main", depth=depth, name="again"))
    assert again.outputs["relinked"] == "0"
    assert "Nothing to link" in again.summary


@pytest.mark.parametrize("given", [{"INPUT_TOKEN": ""}, {"GITHUB_API_URL": "http://127.0.0.1:9"}])
def test_without_the_api_the_number_in_the_subject_will_do(
    site: Site, given: dict[str, str]
) -> None:
    event = squash(site, f"Do it all, not (#3) (#{NUMBER})")
    run = relinked(site, event, **given)
    assert run.code == 0, run.err
    assert run.outputs["relinked"] == "1"
    assert reasons(site, event["after"]) == ["faster this way"]


def test_notes_that_others_pushed_meanwhile_stay(site: Site) -> None:
    event = squash(site, f"Do it all (#{NUMBER})")
    clone = site.checkout("refs/heads/main", name="main-checkout")
    entry = {"kind": "change", "path": "a", "action": "edit", "reason": "of another"}
    first = site.box.out("rev-list", "--max-parents=0", "main")
    notes.add(site.box.repo.git, {first: [entry]}, "Ada <ada@example.org>")
    site.push("main:refs/heads/other")
    assert relinked(site, event, clone).code == 0
    assert "of another" in reasons(site, first)
    assert reasons(site, event["after"]) == ["faster this way"]


def test_notes_that_may_not_be_pushed_fail_the_step_with_the_permission(site: Site) -> None:
    event = squash(site, f"Do it all (#{NUMBER})")
    site.hub.script("hooks/pre-receive", "#!/bin/sh\necho no; exit 1\n")
    run = relinked(site, event)
    assert run.code == 1
    assert "contents: write" in run.out
    assert run.commands == ["error"]


def test_a_push_by_force_and_a_new_branch_are_looked_at_too(site: Site) -> None:
    event = squash(site, f"Do it all (#{NUMBER})")
    gone = relinked(site, {**event, "before": "1" * 40})
    assert gone.code == 0, gone.err
    assert reasons(site, event["after"]) == ["faster this way"]


def test_a_merge_that_keeps_the_commits_needs_nothing(site: Site) -> None:
    event = site.pull()
    before, head = event["pull_request"]["base"]["sha"], event["pull_request"]["head"]["sha"]
    site.hub.run("update-ref", "refs/heads/main", head)
    run = relinked(site, {"ref": "refs/heads/main", "before": before, "after": head})
    assert run.code == 0, run.err
    assert run.outputs["relinked"] == "0"
