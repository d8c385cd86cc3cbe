"""One parser per manifest format: from its text to the parts it names, in linear time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from kagura_git.services.manifest_parts import (
    LONGEST_LINE,
    Tech,
    dependency,
    lines,
    part,
    table,
    toml,
)

_REQUIREMENT: Final = re.compile(
    r"([A-Za-z0-9][\w.-]*)(?=$|[\s\[<>=!~;#@,(])\s*(?:\[[^\]]*\])?\s*([^;#]*)"
)
_RUNTIMES: Final = {
    "python": "Python", "nodejs": "Node.js", "node": "Node.js", "golang": "Go", "go": "Go",
    "ruby": "Ruby", "rust": "Rust", "java": "Java", "php": "PHP", "elixir": "Elixir",
    "erlang": "Erlang", "deno": "Deno", "bun": "Bun", "dotnet": ".NET", "dotnet-core": ".NET",
}  # fmt: skip

Parser = Callable[[str, str], Iterator[Tech]]


def _requirements(listed: Iterable[Any], source: str) -> Iterator[Tech]:
    for line in listed:
        if not isinstance(line, str) or len(line) > LONGEST_LINE:
            continue
        match = _REQUIREMENT.match(line.strip())
        if match:
            yield from dependency(match[1], match[2], source)


def _pyproject(text: str, source: str) -> Iterator[Tech]:
    data = toml(text)
    project, poetry = table(data, "project"), table(data, "tool", "poetry")
    if project.get("requires-python"):
        yield from part("Python", "runtime", project["requires-python"], source)
    backend = table(data, "build-system").get("build-backend")
    if isinstance(backend, str):
        yield from part(backend.split(".")[0], "build", None, source)
    extras = table(project, "optional-dependencies").values()
    for listed in (project.get("dependencies"), *extras,
                   *table(data, "dependency-groups").values()):  # fmt: skip
        found = _requirements(listed if isinstance(listed, list) else (), source)
        yield from (one for one in found if one.name != project.get("name"))  # an extra of its own
    groups = (table(poetry, "group", name, "dependencies") for name in table(poetry, "group"))
    for group in (table(poetry, "dependencies"), table(poetry, "dev-dependencies"), *groups):
        for name, said in group.items():
            if name.lower() == "python":
                yield from part("Python", "runtime", said, source)
            else:
                yield from dependency(name, said, source)


def _setup_cfg(text: str, source: str) -> Iterator[Tech]:
    # Not configparser: its expressions need quadratic time for a line of blanks.
    section = key = ""
    for line in text.split("\n"):
        bare = line.strip()
        if len(line) > LONGEST_LINE or not bare or bare[0] in "#;":
            continue
        value = bare
        if bare[0] == "[" and bare[-1] == "]":
            section, key = bare[1:-1], ""
            continue
        if not line[0].isspace():
            key, _, value = (piece.strip() for piece in bare.partition("="))
        if section == "options" and key == "python_requires":
            yield from part("Python", "runtime", value, source)
        elif section == "options.extras_require" or key in ("install_requires", "tests_require"):
            yield from _requirements([value], source)


def _pipfile(text: str, source: str) -> Iterator[Tech]:
    data = toml(text)
    requires = table(data, "requires")
    version = requires.get("python_version") or requires.get("python_full_version")
    if version:
        yield from part("Python", "runtime", version, source)
    for group in ("packages", "dev-packages"):
        for name, said in table(data, group).items():
            yield from dependency(name, said, source)


def _package_json(text: str, source: str) -> Iterator[Tech]:
    data = json.loads(text)
    node = table(data, "engines").get("node")
    if node:
        yield from part("Node.js", "runtime", node, source)
    manager = data.get("packageManager")
    if isinstance(manager, str):
        name, _, version = manager.partition("@")
        yield from part(name, "build", version.partition("+")[0], source)
    if data.get("workspaces"):
        yield from part("workspaces", "build", None, source)
    for group in ("dependencies", "devDependencies", "peerDependencies"):
        for name, said in table(data, group).items():
            yield from dependency(name, said, source)


def _go_mod(text: str, source: str) -> Iterator[Tech]:
    version: str | None = None
    found: list[Tech] = []
    for line in lines(text):
        code, _, comment = line.partition("//")
        words = code.removeprefix("require ").split()
        if len(words) != 2 or comment.strip() == "indirect":
            continue
        if words[0] == "go":
            version = words[1]
        elif "." in words[0] and words[1].startswith("v"):
            parts = words[0].split("/")
            major = len(parts) > 2 and re.fullmatch(r"v\d+", parts[-1])
            found += dependency(parts[-2] if major else parts[-1], words[1], source)
    yield from part("Go", "runtime", version, source)
    yield from found


def _cargo(text: str, source: str) -> Iterator[Tech]:
    data = toml(text)
    edition = table(data, "package").get("edition")
    said = f"edition {edition}" if isinstance(edition, str) else None
    yield from part("Rust", "runtime", said, source)
    for top in (data, table(data, "workspace")):
        for group in ("dependencies", "dev-dependencies", "build-dependencies"):
            for name, version in table(top, group).items():
                yield from dependency(name, version, source)


def _pom(text: str, source: str) -> Iterator[Tech]:
    # Patterns, not an XML parser: a hostile file must not expand entities here.
    yield Tech("Maven", "build", None, source)
    named = dict(re.findall(r"<([\w.-]{1,80})>\s{0,20}([^<\s]{1,40})\s{0,20}</", text))
    for key in ("java.version", "maven.compiler.release", "maven.compiler.source"):
        if key in named:
            yield from part("Java", "runtime", named[key], source)
            break
    parent = text.partition("<parent>")[2].partition("</parent>")[0]
    if "<artifactId>spring-boot-starter-parent<" in parent:
        yield from dependency("spring-boot", _inside(parent, "version"), source)
    for block in text.split("<dependency>")[1:]:
        inside = block.partition("</dependency>")[0]
        name, version = _inside(inside, "artifactId"), _inside(inside, "version")
        if version and version.startswith("${"):
            version = named.get(version[2:-1])
        spring = name is not None and name.startswith("spring-boot")
        yield from dependency("spring-boot" if spring else name, version, source)


def _inside(block: str, tag: str) -> str | None:
    """Return the text of the first element of that name; no pattern, for it may be unclosed."""
    return block.partition(f"<{tag}>")[2].partition("<")[0].strip() or None


def _gradle(text: str, source: str) -> Iterator[Tech]:
    yield Tech("Gradle", "build", None, source)
    library = re.compile(
        r"(?:[iI]mplementation|[aA]pi|[cC]ompileOnly|[rR]untimeOnly)[\s(]+"
        r"[\"']([\w.-]+):([\w.-]+):?([\w.-]*)"
    )
    plugin = re.compile(r"(?:id|kotlin)[\s(]+[\"']([\w.-]+)[\"']\)?\s+version\s+[\"']([\w.-]+)")
    for line in lines(text):
        for match in library.finditer(line):
            yield from dependency(match[2], match[3], source)
        for match in plugin.finditer(line):
            if match[1] == "org.springframework.boot":
                yield from dependency("spring-boot", match[2], source)
            elif "kotlin" in match[0]:
                yield from part("Kotlin", "runtime", match[2], source)


def _gemfile(text: str, source: str) -> Iterator[Tech]:
    form = re.compile(r"(gem|ruby)\s+[\"']([^\"']+)[\"'](?:\s*,\s*[\"']([^\"']+))?")
    for match in filter(None, map(form.match, lines(text))):
        if match[1] == "ruby":
            yield from part("Ruby", "runtime", match[2], source)
        else:
            yield from dependency(match[2], match[3], source)


def _composer(text: str, source: str) -> Iterator[Tech]:
    data = json.loads(text)
    for group in ("require", "require-dev"):
        for name, version in table(data, group).items():
            vendor, _, last = name.rpartition("/")
            if name == "php":
                yield from part("PHP", "runtime", version, source)
            elif vendor:  # what has no vendor is a part of PHP itself
                yield from dependency(vendor if last == "framework" else last, version, source)


def _csproj(text: str, source: str) -> Iterator[Tech]:
    target = re.compile(r"<TargetFrameworks?>([^<;]+)")
    package = re.compile(r"<PackageReference\s+Include=\"([^\"]+)\"(?:\s+Version=\"([^\"]+))?")
    for line in lines(text):
        for match in target.finditer(line):
            yield from part(".NET", "runtime", match[1], source)
        for match in package.finditer(line):
            yield from dependency(match[1], match[2], source)


def _mix(text: str, source: str) -> Iterator[Tech]:
    yield Tech("Mix", "build", None, source)
    for line in lines(text):
        version = re.match(r"elixir:\s*\"([^\"]+)\"", line)
        if version:
            yield from part("Elixir", "runtime", version[1], source)
        for match in re.finditer(r"\{:(\w+),\s*(?:\"([^\"]+)\")?", line):
            yield from dependency(match[1], match[2], source)


def _docker(text: str, source: str) -> Iterator[Tech]:
    stages: set[str] = set()
    for line in lines(text):
        words = [word for word in line.split() if not word.startswith("--")]
        if len(words) < 2 or words[0].upper() != "FROM":
            continue
        image = words[1].partition("@")[0]
        if image.lower() not in {"scratch", *stages} and "$" not in image.partition(":")[0]:
            name, _, tag = image.rsplit("/", 1)[-1].partition(":")
            yield from part(name, "tool", tag, source)
        if len(words) == 4 and words[2].upper() == "AS":
            stages.add(words[3].lower())


def _tool_versions(text: str, source: str) -> Iterator[Tech]:
    for line in lines(text):
        words = line.partition("#")[0].split()
        if len(words) >= 2:
            runtime = _RUNTIMES.get(words[0].lower())
            kind = "runtime" if runtime else "tool"
            yield from part(runtime or words[0], kind, words[1], source)


def _version_file(name: str) -> Parser:
    def parse(text: str, source: str) -> Iterator[Tech]:
        said = next((line for line in lines(text) if line and line[0] != "#"), "")
        if said:
            yield from part(name, "runtime", said.split()[0].removeprefix("v"), source)

    return parse


def _only(name: str) -> Parser:
    return lambda text, source: iter([Tech(name, "build", None, source)])


PARSERS: Final[dict[str, Parser]] = {
    "pyproject.toml": _pyproject,
    "requirements.txt": lambda text, source: _requirements(text.split("\n"), source),
    "setup.cfg": _setup_cfg,
    "Pipfile": _pipfile,
    "package.json": _package_json,
    "go.mod": _go_mod,
    "Cargo.toml": _cargo,
    "pom.xml": _pom,
    "build.gradle": _gradle,
    "build.gradle.kts": _gradle,
    "Gemfile": _gemfile,
    "composer.json": _composer,
    ".csproj": _csproj,
    "mix.exs": _mix,
    "Dockerfile": _docker,
    ".tool-versions": _tool_versions,
    ".python-version": _version_file("Python"),
    ".nvmrc": _version_file("Node.js"),
    ".node-version": _version_file("Node.js"),
    "Makefile": _only("make"),
    "CMakeLists.txt": _only("CMake"),
}
