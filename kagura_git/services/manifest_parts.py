"""The parts that a manifest names, and what of its hostile text may be one.

A manifest comes from a cloned repository and what it names goes to an
assistant: names must look like names, versions like versions, and URLs, which
may hold credentials, are never passed on.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

LONGEST_LINE: Final = 500
_MOST_DOTS: Final = 100
_FRAMEWORKS: Final = frozenset(
    "fastapi django flask starlette litestar aiohttp tornado celery sqlalchemy pydantic pytest "
    "react next vue nuxt svelte @angular/core express fastify @nestjs/core astro remix vite "
    "webpack jest vitest mocha rspec tailwindcss electron react-native expo spring-boot rails "
    "sinatra laravel symfony phoenix gin echo fiber chi actix-web axum rocket tokio torch "
    "tensorflow numpy pandas typescript prisma drizzle-orm playwright junit junit-jupiter "
    "hibernate ktor".split()
)
_TOOLS: Final = frozenset(
    "ruff black isort mypy pyright flake8 pylint pre-commit tox nox import-linter hypothesis "
    "pytest-cov pytest-xdist pytest-timeout coverage eslint prettier husky lint-staged nodemon "
    "rubocop phpstan credo dialyxir".split()
)
_NAMED: Final = re.compile(r"[\w@.][\w@./:+-]{0,79}", re.ASCII)
_VERSIONED: Final = re.compile(r"[\w.*^~<>=!|, +-]{1,40}", re.ASCII)
_SENTENCE: Final = re.compile(r"[A-Za-z]{2,} +[A-Za-z]{2,}")


@dataclass(frozen=True, slots=True)
class Tech:
    """One language, framework, library or tool, and the manifest that names it."""

    name: str
    kind: str
    version: str | None
    source: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return asdict(self)


def part(name: object, kind: str, version: object, source: str) -> Iterator[Tech]:
    """Yield a part if its name is one; a version that is none is left out."""
    if isinstance(name, str) and _NAMED.fullmatch(name):
        yield Tech(name, kind, _version(version), source)


def _version(said: object) -> str | None:
    text = said.strip(" \"'()") if isinstance(said, str) else ""
    return text if _VERSIONED.fullmatch(text) and not _SENTENCE.search(text) else None


def dependency(name: object, said: object, source: str) -> Iterator[Tech]:
    """Yield a part by what it is known as; ``said`` is a version or a table that holds one."""
    known = name.lower() if isinstance(name, str) else ""
    kind = "framework" if known in _FRAMEWORKS else "tool" if known in _TOOLS else "library"
    version = said.get("version") if isinstance(said, dict) else said
    yield from part(name, kind, version, source)


def lines(text: str) -> Iterator[str]:
    """Yield a text's lines, stripped, absurdly long ones left out."""
    return (line.strip() for line in text.split("\n") if len(line) <= LONGEST_LINE)


def table(data: Any, *names: str) -> dict[str, Any]:
    """Return a table inside a table; an empty one where there is none."""
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def toml(text: str) -> dict[str, Any]:
    """Return a TOML text's content; raises ``ValueError`` where it is none or a trap."""
    for line in text.split("\n"):
        # The parser needs quadratic time for a key of thousands of parts.
        if line.count(".") > _MOST_DOTS and re.sub(r'"[^"]*"', "", line).count(".") > _MOST_DOTS:
            raise ValueError("a key of too many parts")
    return tomllib.loads(text.replace("\r\n", "\n"))
