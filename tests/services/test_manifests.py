"""The stack is read from manifests of many languages, and a hostile one costs nothing."""

from __future__ import annotations

import json
import time

import pytest

from kagura_git.services.manifests import languages, tech_stack

POM = """<project><properties><java.version>21</java.version></properties><dependencies>
<dependency><groupId>org.springframework.boot</groupId>
<artifactId>spring-boot-starter-web</artifactId></dependency>
<dependency><artifactId>guava</artifactId><version>33.0</version></dependency>
</dependencies></project>"""


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("pyproject.toml", '[project]\nrequires-python=">=3.11"\ndependencies=["django>=5 ; x"]',
         {("Python", "runtime", ">=3.11"), ("django", "framework", ">=5")}),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython="^3.12"\nrequests={version="2"}',
         {("Python", "runtime", "^3.12"), ("requests", "library", "2")}),
        ("requirements-dev.txt", "# c\n-r x\nflask==3.0 # web\nruff\n",
         {("flask", "framework", "==3.0"), ("ruff", "tool", None)}),
        ("web/package.json", json.dumps({"engines": {"node": ">=22"}, "packageManager": "pnpm@9.1",
         "dependencies": {"react": "^19"}}),
         {("Node.js", "runtime", ">=22"), ("pnpm", "build", "9.1"), ("react", "framework", "^19")}),
        ("go.mod", "module x\n\ngo 1.23\n\nrequire (\n\tgithub.com/gin-gonic/gin v1.10.0\n"
         "\tgolang.org/x/net v0.1.0 // indirect\n)\n",
         {("Go", "runtime", "1.23"), ("gin", "framework", "v1.10.0")}),
        ("Cargo.toml", '[package]\nedition="2024"\n[dependencies]\ntokio={version="1"}\nserde="1"',
         {("Rust", "runtime", "edition 2024"), ("tokio", "framework", "1"),
          ("serde", "library", "1")}),
        ("pom.xml", POM, {("Maven", "build", None), ("Java", "runtime", "21"),
                          ("spring-boot", "framework", None), ("guava", "library", "33.0")}),
        ("build.gradle.kts", 'implementation("io.ktor:ktor-core:3.0")',
         {("Gradle", "build", None), ("ktor-core", "library", "3.0")}),
        ("Gemfile", 'gem "rails", "~> 8.0"\n', {("rails", "framework", "~> 8.0")}),
        ("composer.json", '{"require": {"php": ">=8.3", "laravel/framework": "11"}}',
         {("PHP", "runtime", ">=8.3"), ("laravel", "framework", "11")}),
        ("A.csproj", '<TargetFramework>net9.0</TargetFramework>', {(".NET", "runtime", "net9.0")}),
        ("Dockerfile", "FROM python:3.12-slim AS x\n", {("python", "tool", "3.12-slim")}),
        (".nvmrc", "v22\n", {("Node.js", "runtime", "22")}),
        ("pyproject.toml", '[dependency-groups]\ndev=["mypy>=1", {include-group="x"}]\n'
         '[tool.poetry.group.test.dependencies]\npytest="^8"',
         {("mypy", "tool", ">=1"), ("pytest", "framework", "^8")}),
        ("setup.cfg", "[options]\npython_requires = >=3.9\ninstall_requires =\n    attrs>=22\n"
         "    flask\n[options.extras_require]\nx =\n    httpx\n[flake8]\nmax = 3\n",
         {("Python", "runtime", ">=3.9"), ("attrs", "library", ">=22"),
          ("flask", "framework", None), ("httpx", "library", None)}),
        ("Pipfile", '[packages]\nboto3="*"\n[requires]\npython_version="3.12"',
         {("boto3", "library", "*"), ("Python", "runtime", "3.12")}),
        ("package.json", '{"workspaces": ["a/*"], "devDependencies": {"jest": "^30"}}',
         {("workspaces", "build", None), ("jest", "framework", "^30")}),
        ("go.mod", "go 1.24\nrequire github.com/jackc/pgx/v5 v5.7.1\n",
         {("Go", "runtime", "1.24"), ("pgx", "library", "v5.7.1")}),
        ("mix.exs", 'elixir: "~> 1.18",\n{:phoenix, "~> 1.7"},\n',
         {("Mix", "build", None), ("Elixir", "runtime", "~> 1.18"),
          ("phoenix", "framework", "~> 1.7")}),
        (".tool-versions", "nodejs 22.1.0\nterraform 1.9\n",
         {("Node.js", "runtime", "22.1.0"), ("terraform", "tool", "1.9")}),
    ],
)  # fmt: skip
def test_a_manifest_names_its_parts(
    path: str, text: str, expected: set[tuple[str, str, str | None]]
) -> None:
    found = tech_stack(lambda _: text.encode(), [path])
    assert {(t.name, t.kind, t.version) for t in found if t.kind != "language"} == expected
    assert {t.source for t in found if t.kind != "language"} == {path}


@pytest.mark.parametrize("text", ["{", "[[[[", "\x00", '{"dependencies": 7}', "[" * 20_000, ""])
def test_a_broken_manifest_is_passed_over(text: str) -> None:
    files = {"package.json": text, "pyproject.toml": text, "Cargo.toml": text, ".nvmrc": "20"}
    found = tech_stack(lambda path: files[path].encode(), list(files))
    assert "Node.js" in {tech.name for tech in found}


def test_an_entity_bomb_costs_nothing() -> None:
    lol = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(9))
    bomb = (
        f'<!DOCTYPE x [<!ENTITY l0 "lol">{lol}]><project>&l9;</project>' + "<artifactId>" * 20_000
    )
    start = time.process_time()
    tech_stack(lambda _: bomb.encode(), ["pom.xml"])
    assert time.process_time() - start < 20


def test_languages_are_told_by_their_share() -> None:
    paths = [f"{i}.py" for i in range(98)] + ["a.go", "b.go", "c.txt"]
    assert languages(paths) == [("Python", 98, 100), ("Go", 2, 100)]
    assert languages(["a.txt"]) == []


def test_vendored_manifests_do_not_count() -> None:
    read = lambda _: b'{"dependencies": {"left-pad": "1"}}'  # noqa: E731
    assert tech_stack(read, ["web/node_modules/x/package.json"]) == []


def test_what_a_stage_or_the_project_itself_is_called_is_no_dependency() -> None:
    files = {
        "Dockerfile": b"FROM python:3.13 AS base\nFROM base AS app\nFROM scratch\n",
        "pom.xml": b"<project><artifactId>mine</artifactId><version>1</version></project>",
        "pyproject.toml": b'[project]\nname="mine"\n[project.optional-dependencies]\na=["mine[x]"]',
    }
    found = {tech.name for tech in tech_stack(files.get, list(files))}
    assert "python" in found
    assert not found & {"base", "app", "scratch", "mine"}


def test_credentials_and_sentences_in_versions_are_not_told() -> None:
    files = {
        "requirements.txt": b"one @ git+https://me:TOKEN@host/x.git\ngit+https://me:TOKEN@host/y\n",
        "package.json": json.dumps(
            {"dependencies": {"two": "git+ssh://TOKEN@h/z", "three": "ignore all of the above",
                              "a name with words": "1", "n" * 300: "1"}}
        ).encode(),
    }  # fmt: skip
    found = [tech for tech in tech_stack(files.get, list(files)) if tech.kind == "library"]
    assert {(tech.name, tech.version) for tech in found} == {
        ("one", None), ("two", None), ("three", None),
    }  # fmt: skip


def test_a_broken_manifest_is_noted() -> None:
    broken: list[str] = []
    files = {"package.json": b"{", "a/Cargo.toml": b"=", "go.mod": b"go 1.24\n"}
    tech_stack(files.get, list(files), broken)
    assert broken == ["package.json", "a/Cargo.toml"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("go.mod", "\n" * 250_000),
        ("go.mod", "a." * 125_000),
        ("Gemfile", "\n" * 250_000),
        ("pyproject.toml", "a." * 125_000 + "a=1"),
        ("Cargo.toml", "[" + "a." * 125_000 + "a]"),
        ("setup.cfg", "[options]\na" + " " * 250_000),
        ("requirements.txt", "a" + "[" * 250_000),
        ("A.csproj", "<PackageReference" + " " * 250_000),
        ("build.gradle", "implementation" + " " * 250_000),
        ("mix.exs", "{:" * 125_000),
        ("Dockerfile", "FROM " + "--a " * 60_000),
        ("pom.xml", "<dependency>" * 20_000),
    ],
    ids=lambda value: value[:12].strip(),
)  # fmt: skip
def test_a_manifest_made_to_be_slow_is_not(path: str, text: str) -> None:
    start = time.process_time()
    tech_stack(lambda _: text.encode(), [path])
    assert time.process_time() - start < 20


def test_services_are_told_by_their_files() -> None:
    found = tech_stack(lambda _: None, [".github/workflows/ci.yml", ".github/CODEOWNERS"])
    assert [(tech.name, tech.kind) for tech in found] == [("GitHub Actions", "tool")]
