"""What a project is built with, read from its manifests; a broken manifest is passed over."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

Read = Callable[[str], bytes | None]

_MOST_MANIFESTS: Final = 40
_DEPTH: Final = 4
_LANGUAGES: Final = {
    ".py": "Python", ".pyi": "Python", ".js": "JavaScript", ".mjs": "JavaScript",
    ".cjs": "JavaScript", ".jsx": "JavaScript", ".ts": "TypeScript", ".tsx": "TypeScript",
    ".go": "Go", ".rs": "Rust", ".java": "Java", ".kt": "Kotlin", ".kts": "Kotlin",
    ".scala": "Scala", ".rb": "Ruby", ".php": "PHP", ".cs": "C#", ".fs": "F#", ".swift": "Swift",
    ".c": "C", ".h": "C", ".cc": "C++", ".cpp": "C++", ".hpp": "C++", ".ex": "Elixir",
    ".exs": "Elixir", ".erl": "Erlang", ".hs": "Haskell", ".lua": "Lua", ".dart": "Dart",
    ".sh": "Shell", ".sql": "SQL", ".vue": "Vue", ".svelte": "Svelte", ".tf": "Terraform",
}  # fmt: skip
_FRAMEWORKS: Final = frozenset(
    "fastapi django flask starlette litestar aiohttp tornado celery sqlalchemy pydantic pytest "
    "react next vue nuxt svelte @angular/core express fastify @nestjs/core astro remix vite "
    "webpack jest vitest tailwindcss electron react-native expo spring-boot rails sinatra laravel "
    "symfony phoenix gin echo fiber chi actix-web axum rocket tokio torch tensorflow numpy pandas "
    "typescript prisma drizzle-orm playwright junit hibernate ktor".split()
)
_NAME: Final = re.compile(r"\s*([A-Za-z0-9][\w.@/-]*)\s*(?:\[[^\]]*\])?\s*([^;#]*)")


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


def tech_stack(read: Read, paths: Sequence[str]) -> list[Tech]:
    """Return languages by their share of files, then what the manifests name.

    Frameworks come before libraries, top-level manifests before deeper ones.

    Args:
        read: returns a file's bytes, or None.
        paths: the tracked files.
    """
    found = {
        ("language", name.lower()): Tech(name, "language", None, f"{count} of {total} source files")
        for name, count, total in languages(paths)
    }
    for path in _manifests(paths):
        data = read(path)
        if data is None:
            continue
        try:
            techs = list(_PARSERS[_key(path)](data.decode("utf-8", "replace"), path))
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            continue
        for tech in techs:
            found.setdefault((tech.kind, tech.name.lower()), tech)
    order = {"language": 0, "runtime": 1, "build": 2, "framework": 3, "tool": 4, "library": 5}
    return sorted(found.values(), key=lambda tech: order[tech.kind])


def languages(paths: Sequence[str]) -> list[tuple[str, int, int]]:
    """Return languages with their files and all source files, most files first.

    Only those that hold at least 2 % of the source files.
    """
    counts = Counter(
        name for path in paths if (name := _LANGUAGES.get(os.path.splitext(path)[1].lower()))
    )
    total = sum(counts.values())
    shares = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(name, count, total) for name, count in shares if count / total >= 0.02]


def _key(path: str) -> str:
    name = path.rsplit("/", 1)[-1]
    if re.fullmatch(r"requirements[\w.-]*\.txt", name):
        return "requirements.txt"
    if name.endswith(".csproj"):
        return ".csproj"
    return "Dockerfile" if name.startswith("Dockerfile") else name


def _manifests(paths: Sequence[str]) -> list[str]:
    known = [
        path
        for path in paths
        if path.count("/") < _DEPTH
        and _key(path) in _PARSERS
        and not re.search(r"(?:^|/)(?:node_modules|vendor|fixtures|testdata)/", path)
    ]
    return sorted(known, key=lambda path: (path.count("/"), path))[:_MOST_MANIFESTS]


def _dependency(name: str, version: str | None, source: str) -> Tech:
    kind = "framework" if name.lower() in _FRAMEWORKS else "library"
    return Tech(name, kind, (version or "").strip(" \"'") or None, source)


def _requirements(lines: Sequence[Any], source: str) -> Iterator[Tech]:
    for line in lines:
        match = _NAME.match(line) if isinstance(line, str) else None
        if match and not line.lstrip().startswith(("-", "#")):
            yield _dependency(match[1], match[2], source)


def _pyproject(text: str, source: str) -> Iterator[Tech]:
    data = tomllib.loads(text)
    project = data.get("project", {})
    if project.get("requires-python"):
        yield Tech("Python", "runtime", project["requires-python"], source)
    backend = data.get("build-system", {}).get("build-backend")
    if backend:
        yield Tech(str(backend).split(".")[0], "build", None, source)
    yield from _requirements(project.get("dependencies", []), source)
    for group in (*project.get("optional-dependencies", {}).values(),
                  *data.get("dependency-groups", {}).values()):  # fmt: skip
        yield from _requirements(group, source)
    poetry = data.get("tool", {}).get("poetry", {})
    for name, version in poetry.get("dependencies", {}).items():
        said = version if isinstance(version, str) else version.get("version")
        if name.lower() == "python":
            yield Tech("Python", "runtime", said, source)
        else:
            yield _dependency(name, said, source)


def _package_json(text: str, source: str) -> Iterator[Tech]:
    data = json.loads(text)
    node = (data.get("engines") or {}).get("node")
    if node:
        yield Tech("Node.js", "runtime", str(node), source)
    if data.get("packageManager"):
        name, _, version = str(data["packageManager"]).partition("@")
        yield Tech(name, "build", version or None, source)
    for table in ("dependencies", "devDependencies", "peerDependencies"):
        for name, version in (data.get(table) or {}).items():
            yield _dependency(name, str(version), source)


def _go_mod(text: str, source: str) -> Iterator[Tech]:
    version = re.search(r"^go\s+(\S+)", text, re.MULTILINE)
    yield Tech("Go", "runtime", version[1] if version else None, source)
    for match in re.finditer(
        r"^\s*(?:require\s+)?([\w.-]+\.[\w.-]+/\S+)\s+(v\S+)(.*)$", text, re.M
    ):
        if "// indirect" not in match[3]:
            yield _dependency(match[1].rsplit("/", 1)[-1], match[2], source)


def _cargo(text: str, source: str) -> Iterator[Tech]:
    data = tomllib.loads(text)
    edition = data.get("package", {}).get("edition")
    yield Tech(
        "Rust", "runtime", f"edition {edition}" if isinstance(edition, str) else None, source
    )
    tables = (data, data.get("workspace", {}))
    for table in tables:
        for name, version in table.get("dependencies", {}).items():
            yield _dependency(
                name, version if isinstance(version, str) else version.get("version"), source
            )


def _pom(text: str, source: str) -> Iterator[Tech]:
    # Patterns, not an XML parser: a hostile file must not expand entities here.
    yield Tech("Maven", "build", None, source)
    version = re.search(r"<(?:java\.version|maven\.compiler\.(?:release|source))>([^<]+)<", text)
    if version:
        yield Tech("Java", "runtime", version[1].strip(), source)
    for match in re.finditer(
        r"<artifactId>\s*([\w.-]+)\s*</artifactId>\s*(?:<version>([^<]+)<)?", text
    ):
        name = match[1].removeprefix("spring-boot-starter-") or match[1]
        if match[1].startswith("spring-boot"):
            name = "spring-boot"
        yield _dependency(name, match[2], source)


def _gradle(text: str, source: str) -> Iterator[Tech]:
    yield Tech("Gradle", "build", None, source)
    pattern = (
        r"(?:implementation|api|testImplementation|runtimeOnly)[\s(]+"
        r"[\"']([\w.-]+):([\w.-]+):?([\w.-]*)"
    )
    for match in re.finditer(pattern, text):
        yield _dependency(match[2], match[3], source)


def _gemfile(text: str, source: str) -> Iterator[Tech]:
    for match in re.finditer(r"^\s*gem\s+[\"']([\w-]+)[\"'](?:\s*,\s*[\"']([^\"']+))?", text, re.M):
        yield _dependency(match[1], match[2], source)


def _composer(text: str, source: str) -> Iterator[Tech]:
    for name, version in (json.loads(text).get("require") or {}).items():
        if name == "php":
            yield Tech("PHP", "runtime", str(version), source)
        else:
            yield _dependency(name.rsplit("/", 1)[-1], str(version), source)


def _csproj(text: str, source: str) -> Iterator[Tech]:
    target = re.search(r"<TargetFramework>([^<]+)<", text)
    if target:
        yield Tech(".NET", "runtime", target[1].strip(), source)
    for match in re.finditer(
        r"<PackageReference\s+Include=\"([^\"]+)\"(?:\s+Version=\"([^\"]+))?", text
    ):
        yield _dependency(match[1], match[2], source)


def _docker(text: str, source: str) -> Iterator[Tech]:
    for match in re.finditer(r"^FROM\s+(?:--\S+\s+)?([\w./-]+)(?::([\w.-]+))?", text, re.M | re.I):
        yield Tech(match[1].rsplit("/", 1)[-1], "tool", match[2], source)


def _version_file(name: str) -> Callable[[str, str], Iterator[Tech]]:
    def parse(text: str, source: str) -> Iterator[Tech]:
        if text.strip():
            yield Tech(name, "runtime", text.split()[0].lstrip("v"), source)

    return parse


def _only(name: str) -> Callable[[str, str], Iterator[Tech]]:
    return lambda text, source: iter([Tech(name, "build", None, source)])


_PARSERS: Final[dict[str, Callable[[str, str], Iterator[Tech]]]] = {
    "pyproject.toml": _pyproject,
    "requirements.txt": lambda text, source: _requirements(text.splitlines(), source),
    "package.json": _package_json,
    "go.mod": _go_mod,
    "Cargo.toml": _cargo,
    "pom.xml": _pom,
    "build.gradle": _gradle,
    "build.gradle.kts": _gradle,
    "Gemfile": _gemfile,
    "composer.json": _composer,
    ".csproj": _csproj,
    "Dockerfile": _docker,
    ".python-version": _version_file("Python"),
    ".nvmrc": _version_file("Node.js"),
    "Makefile": _only("make"),
    "CMakeLists.txt": _only("CMake"),
}
