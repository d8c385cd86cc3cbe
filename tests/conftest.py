"""What every test stands on: an environment of its own, and real repositories."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.git_repo import Sandbox, new

settings.register_profile(
    "kagura",
    deadline=None,  # the cores are shared: slow is no failure
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("kagura")

# A shell starts what runs in its background deaf to ^C, and so would be all that tests start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_IDENTITY = {"NAME": "Ada", "EMAIL": "ada@example.org"}


@pytest.fixture(autouse=True)
def own_environment(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Nothing of the machine's home, caches or git configuration reaches a test, or is written.

    A test marked ``model`` keeps the caches: a model is too big to fetch again.
    """
    for name in list(os.environ):
        if name.startswith(("GIT_", "CODING_MEMORY_", "KAGURA_PROJECT", "KAGURA_USER")):
            monkeypatch.delenv(name)
    for role in ("AUTHOR", "COMMITTER"):
        for part, value in _IDENTITY.items():
            monkeypatch.setenv(f"GIT_{role}_{part}", value)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    if request.node.get_closest_marker("model"):
        return
    home = tmp_path_factory.mktemp("own-home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("CONFIG", "CACHE", "STATE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    monkeypatch.setenv("KAGURA_CACHE_DIR", str(home / "cache" / "kagura"))
    monkeypatch.setenv("KAGURA_SEARCH_MODEL", "test:hash")


class TickingSandbox(Sandbox):
    """A repository in which every command happens a minute after the one before it."""

    seconds = 1_750_000_000

    def run(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        """Run git a minute later, so that no two commits are the same by chance."""
        self.seconds += 60
        moment = f"{self.seconds} +0000"
        dates = {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
        return super().run(*args, **{**dates, **kwargs})


@pytest.fixture
def repo(tmp_path: Path) -> TickingSandbox:
    """A real, empty repository on the branch ``main``."""
    made = new(tmp_path / "work", dict(os.environ))
    return TickingSandbox(made.top, made.env)
