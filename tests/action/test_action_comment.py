"""The comment: one, its own, found on any page, kept up to date; and what goes wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from kagura_git.action.api import Api, ApiError
from kagura_git.action.comment import MOST, post
from kagura_git.cli.review_markdown import MARK
from tests.action.conftest import Site
from tests.action.github_api import TOKEN, GitHub

BOT = "github-actions[bot]"


def methods(api: GitHub) -> list[str]:
    return [seen.split(" ")[0] for seen in api.seen]


def poster(api: GitHub, **more: Any) -> Api:
    return Api(api.url, TOKEN, first_wait=0.001, **more)


def posted(api: GitHub, body: str = f"{MARK}\nnew", *, empty: bool = False, **more: Any) -> str:
    return post(poster(api, **more), "o/n", 7, body, BOT, empty=empty).what


def test_the_second_run_edits_the_comment_of_the_first(site: Site) -> None:
    site.reviewed()
    first = site.api.comments[0]["body"]
    site.desk.decide("Decided later", "why not", alternatives=["x"])
    site.box.commit("more", **{"src/app.py": "3\n"})
    run = site.reviewed()
    assert run.code == 0
    (comment,) = site.api.comments
    assert comment["body"] != first
    assert "Decided later" in comment["body"]
    assert methods(site.api) == ["GET", "POST", "GET", "PATCH"]


def test_a_comment_that_says_the_same_is_left_as_it_is(api: GitHub) -> None:
    api.say(f"{MARK}\r\nnew\r\n")
    assert posted(api) == "unchanged"
    assert methods(api) == ["GET"]


def test_it_is_found_on_a_later_page(api: GitHub) -> None:
    for number in range(7):
        api.say(f"talk {number}", {"login": "kim", "type": "User"})
    api.say(f"{MARK}\nold")
    api.page_size = 3
    assert posted(api) == "updated"
    assert methods(api) == ["GET", "GET", "GET", "PATCH"]
    assert len(api.comments) == 8
    assert api.comments[7]["body"] == f"{MARK}\nnew"


@pytest.mark.parametrize(
    "user",
    [
        {"login": "kim", "type": "User"},
        {"login": "other-app[bot]", "type": "Bot"},
        {"login": "github-actions", "type": "User"},
    ],
)
def test_a_comment_of_anybody_else_is_never_touched(api: GitHub, user: dict[str, str]) -> None:
    api.say(f"{MARK}\nmine", user)
    api.comments.append({"id": 2, "user": None, "body": f"{MARK}"})
    api.say(f"see {MARK}")
    assert posted(api) == "created"
    assert api.comments[0]["body"] == f"{MARK}\nmine"
    assert api.comments[2]["body"] == f"see {MARK}"


def test_a_review_that_says_nothing_makes_no_comment_but_mends_an_old_one(api: GitHub) -> None:
    assert posted(api, empty=True) == "not needed"
    api.say(f"{MARK}\nold")
    assert posted(api, empty=True) == "updated"


def test_a_review_too_long_for_a_comment_points_at_the_summary(api: GitHub) -> None:
    assert posted(api, f"{MARK}\n{'x' * MOST}") == "created"
    assert "job summary" in api.comments[0]["body"]
    assert posted(api, f"{MARK}\n{'😀' * (MOST // 2)}") == "unchanged"


def test_a_site_that_counts_otherwise_gets_the_short_one(api: GitHub) -> None:
    api.fail("POST", 422)
    assert posted(api) == "created"
    assert "job summary" in api.comments[0]["body"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_site_that_is_busy_or_broken_is_asked_again(
    api: GitHub, method: str, status: int
) -> None:
    api.fail(method, status, times=3)
    assert posted(api) == "created"
    assert len(api.comments) == 1


def test_a_failure_after_the_comment_was_written_does_not_write_it_twice(api: GitHub) -> None:
    api.fail("POST", 502, done=True)
    assert posted(api) == "unchanged"
    assert len(api.comments) == 1


def test_the_site_says_how_long_to_wait(api: GitHub) -> None:
    waits: list[float] = []
    api.fail("GET", 429, h={"Retry_After": 7})
    api.fail("GET", 403, h={"X_RateLimit_Remaining": 0, "X_RateLimit_Reset": 1020})
    api.fail("GET", 500)
    assert posted(api, sleep=waits.append, now=lambda: 1000.0) == "created"
    assert waits == [7, 20, 0.004]


def test_nobody_waits_for_an_hour(api: GitHub) -> None:
    api.fail("GET", 403, h={"Retry_After": 3600})
    with pytest.raises(ApiError, match="403 trouble"):
        posted(api, sleep=lambda seconds: pytest.fail("it waited"))


def test_answers_that_are_none_are_asked_for_again(api: GitHub) -> None:
    api.fail("GET", 200, body=b"<html>")
    api.fail("GET", 200, body=b'{"no": "list"}')
    assert posted(api) == "created"


def test_a_token_goes_to_no_other_host(api: GitHub) -> None:
    other = GitHub()
    try:
        api.fail("GET", 200, h={"Link": f'<{other.url}/x?page=2>; rel="next"'}, body=b"[]")
        with pytest.raises(ApiError, match="another host"):
            posted(api)
        api.fail("GET", 307, h={"Location": f"{other.url}/repos/o/n/issues/7/comments"})
        with pytest.raises(ApiError, match="307"):
            posted(api)
        assert other.seen == []
    finally:
        other.server.shutdown()
        other.server.server_close()


def test_a_fork_gets_the_summary_alone_and_the_step_says_why(site: Site) -> None:
    site.api.read_only = True
    run = site.reviewed(site.pull(fork=True))
    assert run.code == 0
    assert "comes from a fork" in run.summary
    assert MARK in run.summary
    assert site.api.comments == []
    assert set(run.commands) == {"notice"}
    assert methods(site.api) == ["GET", "POST"]


def test_a_fork_is_read_from_the_base_branch_where_the_token_may_write(site: Site) -> None:
    event = site.pull(fork=True)
    clone = site.checkout("refs/heads/main")
    before = clone.out("status", "--porcelain")
    run = site.step(clone, event, GITHUB_EVENT_NAME="pull_request_target")
    assert run.code == 0, run.err
    assert run.report()["head"] == event["pull_request"]["head"]["sha"]
    assert "Log as JSON" in site.api.comments[0]["body"]
    assert clone.out("status", "--porcelain") == before
    assert clone.head == event["pull_request"]["base"]["sha"]


def test_a_fork_whose_repository_is_gone_is_one_too(site: Site) -> None:
    site.api.read_only = True
    event = site.pull(fork=True)
    event["pull_request"]["head"]["repo"] = None
    run = site.reviewed(event)
    assert run.code == 0
    assert "comes from a fork" in run.summary


def test_a_token_without_the_permission_is_a_warning_that_names_it(site: Site) -> None:
    site.api.read_only = True
    run = site.reviewed()
    assert run.code == 0
    assert "pull-requests: write" in run.out
    assert "warning" in run.commands
    assert "pull-requests: write" in run.summary


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"INPUT_TOKEN": "wrong"}, "the token is not valid"),
        ({"INPUT_TOKEN": ""}, "the step has no token"),
        ({"GITHUB_API_URL": "http://127.0.0.1:9"}, "API failed: not reached"),
    ],
)
def test_a_token_or_site_that_does_not_work_leaves_the_summary(
    site: Site, given: dict[str, str], told: str
) -> None:
    run = site.reviewed(**given)
    assert run.code == 0
    assert told in run.out
    assert MARK in run.summary


def test_a_site_that_stays_broken_leaves_the_summary(site: Site) -> None:
    site.api.fail("GET", 503, times=10)
    run = site.reviewed()
    assert run.code == 0
    assert "API failed: 503" in run.out
    assert MARK in run.summary
    assert methods(site.api) == ["GET"] * 4
