"""constraints.txt names an exact version of every package that an installation brings."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LINES = [
    line
    for line in (Path(__file__).parents[1] / "constraints.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
EXTRAS = ("all", "bundled-model", "dev", "ocr")


def test_every_line_is_an_exact_version() -> None:
    loose = [line for line in LINES if [s.operator for s in Requirement(line).specifier] != ["=="]]

    assert loose == []


def test_no_package_of_a_gpu_build_is_listed() -> None:
    names = [Requirement(line).name for line in LINES]

    assert [name for name in names if name.startswith(("nvidia-", "cuda-", "triton"))] == []
    assert "torch" in names


def test_every_installed_requirement_is_listed() -> None:
    listed = {canonicalize_name(Requirement(line).name) for line in LINES}

    assert sorted(required("kagura-git", EXTRAS) - listed) == []


def test_a_line_applies_to_each_supported_python() -> None:
    for version in ("3.11.7", "3.12.1", "3.13.0"):
        environment = {"python_full_version": version, "python_version": version[:4]}
        pins = [Requirement(line) for line in LINES]
        applied = [
            canonicalize_name(pin.name)
            for pin in pins
            if pin.marker is None or pin.marker.evaluate(environment)
        ]
        assert sorted(applied) == sorted(set(applied)), version
        assert {"numpy", "networkx", "scipy"} <= set(applied), version


def required(package: str, extras: tuple[str, ...]) -> set[str]:
    """Return the names of all packages that a package with these extras needs here."""
    found: set[str] = set()
    pending = [(package, extras)]
    visited = set()
    while pending:
        name, wanted = pending.pop()
        if (name, wanted) in visited:
            continue
        visited.add((name, wanted))
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            pytest.fail(f"{name} is required and not installed: run `make install`")
        for need in map(Requirement, lines):
            if applies(need, wanted):
                needed = canonicalize_name(need.name)
                found.add(needed)
                pending.append((needed, tuple(sorted(need.extras))))
    return found - {canonicalize_name(package)}


def applies(need: Requirement, extras: tuple[str, ...]) -> bool:
    """Return True if a requirement holds here for any of these extras, or without one."""
    marker = need.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))
