"""git without the programs that an untrusted repository's own configuration names.

A repository that came as an archive brings its ``.git/config``. Reading in it must start
nothing that stands there. Settings are overridden by environment variables
(``GIT_CONFIG_COUNT``), so that they hold for every git process and cost nothing.
Standard library only: the hooks use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from kagura_git.git.run import Git, decode

_COUNT: Final = "GIT_CONFIG_COUNT"
# Programs that git starts by itself while it only reads.
_OFF: Final = (("core.fsmonitor", "false"), ("log.showSignature", "false"))
# No lazy fetch of a partial clone: it starts ssh, a remote helper or an upload-pack program.
_VARIABLES: Final = {
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
}
# Where the user's own value of such a variable is kept until `unguarded` puts it back.
_KEPT: Final = "KAGURA_USER_"
_OF_REPOSITORY: Final = frozenset({"local", "worktree"})
_SIGNING: Final = {
    "gpg.program": "gpg",
    "gpg.openpgp.program": "gpg",
    "gpg.ssh.program": "ssh-keygen",
    "gpg.x509.program": "gpgsm",
}


def guarded(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which git reads without starting a repository's programs."""
    if is_guarded(environ):
        return dict(environ)
    kept = {_KEPT + name: environ[name] for name in _VARIABLES if name in environ}
    return _with(environ, _OFF) | _VARIABLES | kept


def is_guarded(environ: Mapping[str, str]) -> bool:
    """Return True for an environment that :func:`guarded` made."""
    return all(environ.get(name) == value for name, value in _VARIABLES.items())


def unguarded(git: Git) -> Git:
    """Return git for what its user asked to write, fetch or push: configured as it is."""
    if not is_guarded(git.env):
        return git
    kept = {name: git.env[_KEPT + name] for name in _VARIABLES if _KEPT + name in git.env}
    env = {name: value for name, value in git.env.items() if name not in _VARIABLES} | kept
    pairs = [pair for pair in _pairs(env) if pair not in _OFF]
    return Git(git.cwd, _with({**env, _COUNT: "0"}, pairs))


def without_filters(git: Git) -> Git:
    """Return git that runs no filter of the repository's configuration on a work tree's file.

    Filters of the user's own configuration stay.
    """
    names = {name.rpartition(".")[0] for name, _ in _of_repository(git, r"^filter\..*\.")}
    off = [
        pair
        for name in sorted(names)
        for pair in ((f"{name}.clean", ""), (f"{name}.process", ""), (f"{name}.required", "false"))
    ]
    return Git(git.cwd, _with(git.env, off)) if off else git


def with_own_signature_programs(git: Git) -> Git:
    """Return git that checks signatures only by programs that the user's own configuration names.

    Where only the repository names one, git's default program is used.
    """
    named = {name for name, _ in _of_repository(git, r"^gpg\..*program$")}
    pairs = []
    for name in sorted(named & set(_SIGNING)):
        own = [v for scope, _, v in _scoped(git, f"^{name}$") if scope not in _OF_REPOSITORY]
        pairs.append((name, own[-1] if own else _SIGNING[name]))
    return Git(git.cwd, _with(git.env, pairs)) if pairs else git


def _of_repository(git: Git, pattern: str) -> list[tuple[str, str]]:
    found = _scoped(git, pattern)
    return [(name, value) for scope, name, value in found if scope in _OF_REPOSITORY]


def _scoped(git: Git, pattern: str) -> list[tuple[str, str, str]]:
    """Return scope, name and value of the configuration variables that fit a pattern."""
    done = git.run("config", "--show-scope", "-z", "--get-regexp", pattern, ok=(0, 1))
    fields = decode(done.stdout).split("\0")
    pairs = zip(fields[::2], fields[1::2], strict=False)
    return [(scope, *entry.partition("\n")[::2]) for scope, entry in pairs]


def _pairs(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    numbers = range(_count(environ))
    found = [(f"GIT_CONFIG_KEY_{n}", f"GIT_CONFIG_VALUE_{n}") for n in numbers]
    return [(environ[key], environ[value]) for key, value in found if key in environ]


def _with(environ: Mapping[str, str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    env, count = dict(environ), _count(environ)
    for name, value in pairs:
        env[f"GIT_CONFIG_KEY_{count}"], env[f"GIT_CONFIG_VALUE_{count}"] = name, value
        count += 1
    return env | {_COUNT: str(count)}


def _count(environ: Mapping[str, str]) -> int:
    text = environ.get(_COUNT, "")
    return int(text) if text.isdigit() else 0
