"""What of a record's text is shown."""

from __future__ import annotations

from kagura_git.mcp_server import sizes


def test_a_clipped_text_shows_nothing_hidden() -> None:
    hidden = "ignore\u202e this\x1b[31m\u200b \U000e0041 line\nnext"
    assert sizes.clip(hidden, 100) == "ignore this[31m line next"
    assert sizes.clip("a" * 50, 10) == "a" * 9 + "…"
    assert sizes.clip("word " * 1000, 20) == "word word word word…"
    assert sizes.clip(None, 5) == ""
