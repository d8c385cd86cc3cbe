"""Screenshots read by a vision model, letter by letter without one, or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from provider import Provider

from kagura_git.llm import ocr
from kagura_git.llm.ocr import Word, lines
from kagura_git.memory import SyncCodingMemory
from kagura_git.services import setup

ImageDraw = pytest.importorskip("PIL.ImageDraw", reason="Pillow is not installed (the ocr extra)")
needs_ocr = pytest.mark.skipif(find_spec("rapidocr") is None, reason="rapidocr is not installed")
TRACE = (
    "Traceback (most recent call last):\n"
    '  File "src/auth.py", line 42, in check\n'
    "    if valid_until < now:\n"
    "TypeError: cannot compare naive and aware datetimes\n"
)
SAID = {
    "error_type": "TypeError", "message": "can't compare", "file_path": "src/auth.py",
    "line_number": 42, "stack_trace": TRACE, "visible_code": "if a < b:",
    "suggested_cause": "One side has no zone.",
}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    top = tmp_path / "shop"
    subprocess.run(["git", "init", "--quiet", "-b", "main", str(top)], check=True)
    setup.init(SyncCodingMemory(top).ws.repo, with_hooks=False)
    return top


def drawn(path: Path, text: str = TRACE, *, dark: bool = False) -> str:
    from PIL import Image, ImageFont

    try:
        font: Any = ImageFont.truetype("DejaVuSansMono.ttf", 18)
    except OSError:
        font = ImageFont.load_default(20)
    ground, ink = ("#1e1e1e", "#d4d4d4") if dark else ("#ffffff", "#222222")
    rows = text.splitlines()
    image = Image.new("RGB", (900, 30 * len(rows) + 40), ground)
    draw = ImageDraw.Draw(image)
    for number, row in enumerate(rows):
        draw.text((20, 20 + 30 * number), row, fill=ink, font=font)
    image.save(path)
    return str(path)


@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-5", "gemini/gemini-2.5-flash"])
def test_a_vision_model_fills_what_was_left_open(
    provider: Provider, shop: Path, tmp_path: Path, model: str
) -> None:
    provider.says(json.dumps(SAID))
    memory = SyncCodingMemory(shop, vision_model=model)
    picture = drawn(tmp_path / "shot.png")
    done = memory.record_error("Unknown", "See screenshot", "", "unknown", 0, screenshot=picture)
    error = memory.recall(done)
    assert isinstance(error, object)
    assert (done.error_type, done.message, done.line_number) == ("TypeError", "can't compare", 42)
    assert (done.file_path, done.visible_code) == ("src/auth.py", "if a < b:")
    assert done.suggested_cause == "One side has no zone."
    assert (done.read_by, done.llm["status"]) == ("model", "answered")
    assert done.screenshot == picture
    sent = json.dumps(provider.asked[0].body)
    assert "iVBORw0KGgo" in sent  # the picture itself, base64 of a PNG's first bytes
    assert memory.coding_analyzer.call_costs[0]["operation"] == "error_screenshot"


def test_what_the_caller_says_stands(provider: Provider, shop: Path, tmp_path: Path) -> None:
    provider.says(json.dumps(SAID))
    memory = SyncCodingMemory(shop, vision_model="gpt-4o")
    done = memory.record_error(
        "KeyError", "my words", screenshot=drawn(tmp_path / "shot.png"), line_number=7
    )
    assert (done.error_type, done.message, done.line_number) == ("KeyError", "my words", 7)
    assert done.file_path == "src/auth.py"


def test_a_model_that_sees_is_used_for_pictures_too(provider: Provider, shop: Path) -> None:
    assert SyncCodingMemory(shop, model="gpt-4o").purse().vision_model == "gpt-4o"
    assert SyncCodingMemory(shop, model="gpt-4").purse().vision_model == ""
    assert provider.asked == []


@needs_ocr
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_without_a_model_it_is_read_letter_by_letter(
    shop: Path, tmp_path: Path, dark: bool
) -> None:
    memory = SyncCodingMemory(shop)
    picture = drawn(tmp_path / "shot.png", dark=dark)
    done = memory.record_error("", "", screenshot=picture)
    assert done.read_by == "ocr"
    assert done.error_type == "TypeError"
    assert "naiveandaware" in "".join(done.message.split())
    assert (done.file_path, done.line_number) == ("src/auth.py", 42)
    # The same error, pasted, is the same record.
    again = memory.record_error("TypeError", "x", TRACE, "src/auth.py", 42)
    assert (again, again.new) == (done, False)


@needs_ocr
def test_above_the_threshold_it_is_read_without_the_model(
    provider: Provider, shop: Path, tmp_path: Path
) -> None:
    memory = SyncCodingMemory(shop, vision_model="gpt-4o", cost_threshold=0.0)
    done = memory.record_error("", "", screenshot=drawn(tmp_path / "shot.png"))
    assert (done.read_by, done.llm["status"]) == ("ocr", "approval_required")
    assert done.llm["estimated_cost"] > 0.0015
    assert provider.asked == []


def test_with_neither_the_error_is_recorded_and_says_what_is_missing(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "find_spec", lambda name: None)
    monkeypatch.setattr(ocr.shutil, "which", lambda name: None)
    memory = SyncCodingMemory(shop)
    picture = drawn(tmp_path / "shot.png")
    done = memory.record_error("Unknown", "See screenshot", screenshot=picture)
    assert (done.read_by, done.error_type, done.screenshot) == (None, "Unknown", picture)
    assert 'pip install "kagura-git[ocr]"' in done.reason


@pytest.mark.parametrize("content", [b"no picture", None])
def test_a_picture_that_cannot_be_read_is_no_reason_not_to_record(
    shop: Path, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "shot.png"
    if content:
        path.write_bytes(content)
    done = SyncCodingMemory(shop).record_error("", "", screenshot=str(path))
    assert (done.error_type, done.read_by) == ("Unknown", None)
    assert "picture" in done.reason


def test_tesseract_is_asked_where_it_is_installed(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "tesseract"
    program.write_text(f"#!/bin/sh\ncat > {tmp_path}/in.png\ncat <<'EOF'\n{TRACE}EOF\n")
    program.chmod(0o755)
    monkeypatch.setattr(
        ocr, "find_spec", lambda name: None if name == "rapidocr" else find_spec(name)
    )
    monkeypatch.setattr(ocr.shutil, "which", lambda name: str(program))
    done = SyncCodingMemory(shop).record_error("", "", screenshot=drawn(tmp_path / "shot.png"))
    assert (done.read_by, done.error_type, done.line_number) == ("ocr", "TypeError", 42)
    assert (tmp_path / "in.png").read_bytes().startswith(b"\x89PNG")


def test_the_picture_is_kept_only_on_request_and_without_metadata(
    shop: Path, tmp_path: Path
) -> None:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    path = drawn(tmp_path / "shot.png")
    info = PngInfo()
    info.add_text("Author", "ada at home")
    Image.open(path).save(path, pnginfo=info)
    memory = SyncCodingMemory(shop)
    memory.record_error("A", "b", "trace", "c.py", 1, screenshot=path)
    assert not (shop / ".kagura" / "attachments").exists()
    done = memory.record_error("A", "b", "other trace", "d.py", 1, screenshot=path,
                               keep_screenshot=True)  # fmt: skip
    (kept,) = (shop / ".kagura" / "attachments").iterdir()
    assert done.screenshot == f".kagura/attachments/{kept.name}"
    assert b"ada at home" not in kept.read_bytes()
    staged = subprocess.run(["git", "diff", "--cached", "--name-only"], cwd=shop,
                            capture_output=True, text=True, check=True).stdout  # fmt: skip
    assert done.screenshot in staged.splitlines()


DIAGRAM = {
    "components": ["API Gateway", "Auth Service"],
    "relationships": [{"source": "API Gateway", "target": "Auth Service", "label": "JWT"}],
    "data_flow": [], "technologies": ["JWT"], "architecture_pattern": "Microservices",
    "decisions": [],
}  # fmt: skip


def test_a_diagram_and_code_are_read_by_the_model(
    provider: Provider, shop: Path, tmp_path: Path
) -> None:
    memory = SyncCodingMemory(shop, vision_model="gpt-4o")
    picture = drawn(tmp_path / "a.png", "API Gateway\nAuth Service")
    provider.says(json.dumps(DIAGRAM))
    found = memory.analyze_architecture_diagram(picture)
    assert found["components"] == ["API Gateway", "Auth Service"]
    assert found["architecture_pattern"] == "Microservices"
    assert found["relationships"][0]["label"] == "JWT"
    provider.says(json.dumps({"language": "python", "code": "x = 1", "confidence": "high"}))
    assert memory.extract_code(picture)["code"] == "x = 1"


@needs_ocr
def test_without_a_model_a_diagram_gives_its_labels(shop: Path, tmp_path: Path) -> None:
    picture = drawn(tmp_path / "a.png", "API Gateway\n\n\nAuth Service")
    found = SyncCodingMemory(shop).analyze_architecture_diagram(picture)
    assert found["read_by"] == "ocr"
    labels = {"".join(label.split()) for label in found["components"]}
    assert labels == {"APIGateway", "AuthService"}


@needs_ocr
def test_the_command_line_reads_a_screenshot(shop: Path, tmp_path: Path) -> None:
    picture = drawn(tmp_path / "shot.png")
    argv = [sys.executable, "-m", "kagura_git", "-C", str(shop), "error", "add", "--screenshot"]
    done = subprocess.run([*argv, picture, "--json"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["read_by"] == "ocr"
    none = subprocess.run([*argv[:-1], "--json"], capture_output=True, text=True)
    assert none.returncode == 2
    assert "--type is missing" in none.stdout


def test_words_become_lines_with_their_indentation() -> None:
    words = [
        Word("if", 50, 30, 70, 40), Word("File", 30, 10, 70, 20), Word("a.py", 80, 11, 120, 21),
        Word("Trace", 10, -10, 60, 0),
    ]  # fmt: skip
    assert lines(words) == "Trace\n  File a.py\n    if"
    assert lines([]) == ""
