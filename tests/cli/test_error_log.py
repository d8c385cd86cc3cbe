"""The log of a bug holds no secret of the command line, and its owner alone may read it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import platformdirs
import pytest

from kagura_git.cli import app


def test_a_bug_is_logged_without_the_values_of_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = "AK" + "IA" + "Q7" * 8
    argv = ["error", "add", "--message", f"denied for {key}", f"--type={key}", "the plain words"]
    monkeypatch.setattr(platformdirs, "user_state_dir", lambda *_: str(tmp_path))
    monkeypatch.setattr("sys.argv", ["git-kagura", *argv])

    def broken(**_: object) -> None:
        raise RuntimeError(f"cannot send {key[:5]}\u200b{key[5:]}")

    monkeypatch.setattr(app.cli, "main", broken)
    log = tmp_path / "error.log"
    log.write_text("old")
    os.chmod(log, 0o644)
    assert app.run(argv) == 3
    text = log.read_text("utf-8")
    said = capsys.readouterr().err
    assert "RuntimeError" in text
    assert "error ... --message ... --type ..." in text
    for shown in (text, said):
        assert key[5:] not in shown
        assert "plain words" not in shown
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
