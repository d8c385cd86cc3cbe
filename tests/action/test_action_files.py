"""action.yml and the workflows to copy: pinned, free of injection, as the code expects them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kagura_git.action import inputs
from tests.git_repo import ROOT

ACTION = ROOT / "action.yml"
WORKFLOWS = sorted((ROOT / "docs" / "ci").glob("github-*.yml"))
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def steps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = loaded(ACTION)["runs"]["steps"]
    return found


def test_every_action_is_pinned_to_a_commit_and_says_its_version() -> None:
    for path in (ACTION, *WORKFLOWS):
        used = [line.strip().removeprefix("- ") for line in path.read_text().splitlines()]
        for line in (line for line in used if line.startswith("uses:")):
            ours = line.startswith("uses: OWNER/kagura-git@COMMIT")
            assert ours or PINNED.match(line), line


def test_no_script_has_an_expression_in_it() -> None:
    for step in steps():
        assert "${{" not in step.get("run", "")
    for path in WORKFLOWS:
        for job in loaded(path)["jobs"].values():
            assert not any("run" in step for step in job["steps"])


def test_every_input_reaches_the_step_and_is_documented() -> None:
    action = loaded(ACTION)
    given = {name: text for step in steps() for name, text in step.get("env", {}).items()}
    for name in action["inputs"]:
        assert f"${{{{ inputs.{name} }}}}" in given.values(), name
    documented = (ROOT / "docs" / "ci" / "README.md").read_text()
    for name in (*action["inputs"], *action["outputs"]):
        assert f"`{name}`" in documented or name == "relinked", name


def test_the_defaults_are_what_the_code_takes_for_them() -> None:
    defaults = {name: found["default"] for name, found in loaded(ACTION)["inputs"].items()}
    environ = {
        f"INPUT_{name.upper().replace('-', '_')}": text
        for name, text in defaults.items()
        if name not in ("token", "version")
    }
    with_defaults, without = inputs.read(environ), inputs.read({})
    for name in ("mode", "base", "head", "strict", "rules", "comment", "author"):
        assert getattr(with_defaults, name) == getattr(without, name)


def test_nothing_is_imported_from_the_work_tree() -> None:
    for step in steps():
        for call in re.findall(r"\S*(?:KAGURA_PYTHON|bin/python)\"? (\S+)", step.get("run", "")):
            assert call == "-I"


@pytest.mark.parametrize("version", ["1; touch x", "$(touch x)", "-r x", "1 --index-url x", "@x"])
def test_a_version_that_is_none_installs_nothing(version: str, tmp_path: Path) -> None:
    script = next(step["run"] for step in steps() if "pip install" in step.get("run", ""))
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"KAGURA_VERSION": version, "KAGURA_PYTHON": "false", "RUNNER_TEMP": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 2
    assert "::error" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_permissions_are_no_more_than_what_is_used() -> None:
    jobs = {path.name: loaded(path) for path in WORKFLOWS}
    assert all(found["permissions"] == {"contents": "read"} for found in jobs.values())
    review = jobs["github-review.yml"]["jobs"]["review"]
    assert review["permissions"] == {"contents": "read", "pull-requests": "write"}
    relink = jobs["github-relink.yml"]["jobs"]["relink"]
    assert relink["permissions"] == {"contents": "write", "pull-requests": "read"}


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("github-actions", [ACTION]),
        ("github-workflows", WORKFLOWS),
        ("gitlab-ci", [ROOT / "docs" / "ci" / "gitlab.yml"]),
    ],
)
def test_they_are_as_the_published_schemas_say(schema: str, files: list[Path]) -> None:
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed")
    program = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    done = subprocess.run([*program, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    program = shutil.which("actionlint")
    if program is None:
        pytest.skip("actionlint is not on the PATH")
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    # As in this repository itself, so that inputs are held against action.yml too.
    shutil.copy(ACTION, tmp_path / "action.yml")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for path in WORKFLOWS:
        text = path.read_text().replace("OWNER/kagura-git@COMMIT", "./")
        (folder / path.name).write_text(text)
    done = subprocess.run(
        [program, "-no-color"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
