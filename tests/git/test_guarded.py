"""The environment in which git reads an untrusted repository, and the way back from it."""

from __future__ import annotations

from kagura_git.git.guarded import guarded, is_guarded, unguarded
from kagura_git.git.run import Git

USERS = {
    "PATH": "/usr/bin",
    "GIT_ALLOW_PROTOCOL": "https",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "user.name",
    "GIT_CONFIG_VALUE_0": "Ada",
}


def test_a_guarded_environment_allows_no_protocol() -> None:
    env = guarded(USERS)

    assert is_guarded(env)
    assert (env["GIT_ALLOW_PROTOCOL"], env["GIT_NO_LAZY_FETCH"]) == ("", "1")


def test_unguarded_gives_the_user_s_own_values_back() -> None:
    env = unguarded(Git("/", guarded(USERS))).env

    assert {name: env[name] for name in USERS} == USERS
    assert not is_guarded(env)
    assert "GIT_NO_LAZY_FETCH" not in env


def test_a_guarded_environment_is_not_guarded_twice() -> None:
    once = guarded(USERS)

    assert guarded(once) == once
