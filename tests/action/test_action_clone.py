"""How the step gets into a repository: by what checkout has left, else by the workflow's token."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kagura_git.action import clone, inputs
from kagura_git.git import remote_run
from kagura_git.git.run import Git, scrubbed
from tests.git_repo import Sandbox, box, env

__all__ = ["box", "env"]


class Door:
    """A git server that lets nobody in and writes down how they tried."""

    def __init__(self) -> None:
        self.tried: list[list[str]] = []
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                door.tried.append(self.headers.get_all("Authorization") or [])
                self.send_response(403)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def door() -> Iterator[Door]:
    made = Door()
    yield made
    made.server.shutdown()
    made.server.server_close()


def given(box: Sandbox, door: Door, token: str = "secret-token") -> inputs.Inputs:
    environ = {**box.env, "GITHUB_WORKSPACE": str(box.top), "INPUT_TOKEN": token}
    return replace(inputs.read(environ), server=door.url)


def knock(found: inputs.Inputs, *urls: str) -> None:
    environ = clone.environment(found)
    assert "INPUT_TOKEN" not in environ
    git = Git(found.folder, scrubbed(environ))
    for url in urls:
        assert remote_run.run(git, "ls-remote", "--", f"{url}/o/n.git", seconds=20).code != 0


def test_the_token_goes_to_the_site_and_to_nobody_else(box: Sandbox, door: Door) -> None:
    other = Door()
    knock(given(box, door), door.url, other.url)
    other.server.shutdown()
    other.server.server_close()
    wanted = base64.b64encode(b"x-access-token:secret-token").decode()
    assert door.tried[0] == [f"basic {wanted}"]
    assert other.tried == [[]]


def test_what_checkout_has_left_is_used_alone(box: Sandbox, door: Door) -> None:
    box.run("config", f"http.{door.url}/.extraheader", "AUTHORIZATION: basic theirs")
    knock(given(box, door), door.url)
    assert door.tried == [["basic theirs"]]


def test_without_a_token_nothing_is_sent(box: Sandbox, door: Door) -> None:
    knock(given(box, door, ""), door.url)
    assert door.tried == [[]]


def test_settings_from_the_environment_stay(box: Sandbox, door: Door) -> None:
    found = given(box, door)
    more = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b", "GIT_CONFIG_VALUE_0": "c"}
    environ = clone.environment(replace(found, environ={**found.environ, **more}))
    assert Git(found.folder, environ).config("a.b") == "c"
    assert environ["GIT_CONFIG_COUNT"] == "2"


def test_a_runner_without_an_identity_signs_as_the_workflow(box: Sandbox, door: Door) -> None:
    found = given(box, door)
    bare = {name: text for name, text in found.environ.items() if not name.startswith("GIT_AUTHOR")}
    environ = clone.environment(replace(found, environ=bare))
    assert environ["GIT_AUTHOR_NAME"] == "github-actions[bot]"
    box.run("config", "user.email", "own@example.org")
    environ = clone.environment(replace(found, environ=bare))
    assert "GIT_AUTHOR_NAME" not in environ
