"""Installs each memory into a folder of its own, once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.beside.wire import Failed

_PINS = (Path(__file__).parents[2] / "constraints.txt").read_text(encoding="utf-8").splitlines()
# Another memory chooses its own versions; only torch is pinned, to its CPU build.
TORCH = next(pin for pin in _PINS if pin.startswith("torch=="))
# What each documents as its way of not calling home; fastmcp, inside basic-memory, too.
SILENT = {
    "ANONYMIZED_TELEMETRY": "False",
    "MEM0_TELEMETRY": "False",
    "BASIC_MEMORY_NO_PROMOS": "1",
    "BASIC_MEMORY_AUTO_UPDATE": "false",
    "BASIC_MEMORY_LOGFIRE_ENABLED": "false",
    "FASTMCP_CHECK_FOR_UPDATES": "off",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
}


def environment(home: Path) -> dict[str, str]:
    """Return what a memory's process sees: a home of its own, and telemetry off."""
    home.mkdir(parents=True, exist_ok=True)
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(home), **SILENT}


def python(folder: Path, needs: list[list[str]], interpreter: str = sys.executable) -> Path:
    """Return the python of an environment with packages in it.

    Args:
        folder: where the environment is, or will be.
        needs: lists of requirements; the first list that installs is taken.
        interpreter: what makes the environment.
    """
    found = folder / "bin" / "python"
    if (folder / "installed").is_file():
        return found
    shutil.rmtree(folder, ignore_errors=True)
    _run([interpreter, "-m", "venv", str(folder)], "no virtual environment")
    pip = [str(found), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for number, packages in enumerate(needs, 1):
        try:
            constraints = folder / "constraints.txt"
            constraints.write_text(TORCH, encoding="utf-8")
            _run([*pip, "--constraint", str(constraints), *packages], "not installable")
            break
        except Failed:
            if number == len(needs):
                raise
    (folder / "installed").touch()
    return found


def package_version(python: Path, package: str) -> str:
    """Return the version of a package in an environment."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def node(folder: Path, package: str) -> tuple[Path, str]:
    """Return the folder of an npm package, installed, and its version."""
    npm = shutil.which("npm")
    if npm is None:
        raise Failed("needs npm, and there is none")
    found = folder / "node_modules" / package
    if not found.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        _run([npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), package], "npm")
    return found, str(json.loads((found / "package.json").read_text())["version"])


def newer_python(given: str | None) -> str:
    """Return a Python of 3.12 or later."""
    names = [given] if given else [sys.executable, "python3.14", "python3.13", "python3.12"]
    check = "import sys, venv; sys.exit(sys.version_info < (3, 12))"
    for name in names:
        try:
            if subprocess.run([name, "-c", check], capture_output=True).returncode == 0:
                return name
        except OSError:
            continue
    raise Failed("needs Python 3.12, and there is none; --python312 names one")


def _run(argv: list[str], said: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode:
        # pip's first line may name every version there is; its last says what is missing.
        lines = [x for x in done.stderr.splitlines() if x.startswith("ERROR")] or [done.stderr]
        raise Failed(f"{said}: {lines[-1].strip()[:120]}")
