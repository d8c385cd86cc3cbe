"""GitLab: the code quality report, and the job to copy, whose script is run as it stands."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import yaml

from kagura_git.cli.review_gitlab import code_quality
from kagura_git.cli.review_markdown import MARK
from kagura_git.services import sync
from tests.git_repo import ROOT, box, env
from tests.review.conftest import Desk, desk

__all__ = ["box", "desk", "env"]

JOB = yaml.safe_load((ROOT / "docs" / "ci" / "gitlab.yml").read_text())["kagura-review"]


def test_every_entry_has_what_gitlab_requires(desk: Desk) -> None:
    desk.branch()
    desk.decide("A", "a", related_files=["gone"])
    desk.box.commit("work", **{"src/app.py": "1\n"})
    found = code_quality(desk.report())
    assert {"kagura-git/broken-link", "kagura-git/unexplained"} <= {e["check_name"] for e in found}
    for entry in found:
        assert entry["description"]
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert entry["location"]["path"]
        assert entry["location"]["lines"]["begin"] >= 1
    assert len({entry["fingerprint"] for entry in found}) == len(found)


class GitLab:
    """Notes of one merge request."""

    def __init__(self) -> None:
        self.notes: list[dict[str, Any]] = [{"id": 5, "body": "talk"}]
        self.seen: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one(self) -> None:
                data = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                site.seen.append(self.command)
                path = self.path.partition("?")[0]
                found = re.fullmatch(r"/api/v4/projects/1/merge_requests/7/notes(?:/(\d+))?", path)
                assert found
                assert self.headers["PRIVATE-TOKEN"] == "secret"
                answer: Any = site.notes
                if self.command == "POST":
                    answer = {"id": 6 + len(site.notes), "body": parse_qs(data)["body"][0]}
                    site.notes.append(answer)
                if self.command == "PUT":
                    answer = next(note for note in site.notes if note["id"] == int(found[1]))
                    answer["body"] = parse_qs(data)["body"][0]
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = handle_one

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/api/v4"


def programs(folder: Path) -> None:
    """Write ``git kagura`` of this very code, and what else the job calls, into a folder."""
    folder.mkdir()
    run = (
        f"#!/bin/sh\nexec '{sys.executable}' -c "
        f'\'import sys; sys.path.insert(0, "{ROOT}"); '
        'from kagura_git.cli import main; main()\' "$@"\n'
    )
    (folder / "git-kagura").write_text(run)
    (folder / "python").write_text(f"#!/bin/sh\nexec '{sys.executable}' \"$@\"\n")
    (folder / "pip").write_text("#!/bin/sh\n")
    for file in folder.iterdir():
        file.chmod(0o755)


def run(desk: Desk, folder: Path, site: GitLab, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the job's lines as a runner does: in one shell, up to the first that fails."""
    path = str(folder / "bin") + os.pathsep + os.environ["PATH"]
    lines = [*JOB["before_script"], *JOB["script"]]
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(lines)],
        cwd=folder / "clone", capture_output=True, text=True, check=False,
        env={
            **desk.box.env, "PATH": path, "CI_API_V4_URL": site.url, "CI_PROJECT_ID": "1",
            "CI_MERGE_REQUEST_IID": "7", "CI_PROJECT_URL": "https://host.example/o/n",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": desk.box.out("merge-base", "main", "topic"),
            "CI_COMMIT_SHA": desk.box.out("rev-parse", "topic"), "KAGURA_GITLAB_TOKEN": "secret",
            **more,
        },
    )  # fmt: skip


@pytest.mark.skipif(shutil.which("curl") is None, reason="the job posts its note with curl")
def test_the_job_writes_its_reports_and_one_note(desk: Desk, tmp_path: Path) -> None:
    desk.branch()
    desk.decide("Log as JSON", "searchable")
    desk.memory.track_file_change("src/app.py", "edit", "", "faster this way")
    desk.box.commit("work", **{"src/app.py": "1\n"})
    hub, clone = tmp_path / "hub.git", tmp_path / "clone"
    desk.box.run("clone", "-q", "--bare", str(desk.box.top), str(hub))
    desk.box.run("remote", "add", "origin", str(hub))
    sync.sync(desk.memory.ws, "origin")
    desk.box.run("clone", "-q", str(hub), str(clone))
    programs(tmp_path / "bin")
    site = GitLab()
    for _ in range(2):
        done = run(desk, tmp_path, site)
        assert done.returncode == 0, done.stderr
    assert site.seen == ["GET", "POST", "GET", "PUT"]
    assert [note["body"].startswith(MARK) for note in site.notes] == [False, True]
    assert site.notes[1]["body"] == (clone / "review.md").read_text()
    assert "faster this way" in site.notes[1]["body"]
    report = clone / JOB["artifacts"]["reports"]["codequality"]
    assert {entry["severity"] for entry in json.loads(report.read_text())} == {"info"}
    assert run(desk, tmp_path, site, KAGURA_GITLAB_TOKEN="").returncode == 0
    assert len(site.seen) == 4
    site.server.shutdown()
    site.server.server_close()
