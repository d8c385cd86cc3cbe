"""Settings: what a repository may say, and what only its user may."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kagura_git import toml_file
from kagura_git.errors import KaguraError
from kagura_git.settings import DEFAULT_MODEL, Settings, load


def write(top: Path, text: str | bytes) -> None:
    (top / "kagura.toml").write_bytes(text.encode() if isinstance(text, str) else text)


def refused(top: Path) -> KaguraError:
    with pytest.raises(KaguraError) as caught:
        load(str(top), {})
    assert caught.value.where == "kagura.toml"
    assert caught.value.hint
    return caught.value


def test_without_a_file_the_defaults_are_in_force(tmp_path: Path) -> None:
    assert load(str(tmp_path), {}) == Settings()
    assert Settings() == Settings(
        stage=True, hooks_enabled=True, trailers=True, model=DEFAULT_MODEL, offline=False,
        project_id=None, enabled=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "\n", "# nothing\n", "[store]\n# stage = false\n\n[hooks]\r\n", "\t# x\n[search]"]
)
def test_comments_and_empty_tables_are_the_defaults_and_cost_no_parser(
    tmp_path: Path, text: str
) -> None:
    write(tmp_path, text)
    program = (
        "import sys; from kagura_git.settings import Settings, load;"
        f"assert load({str(tmp_path)!r}, {{}}) == Settings(); assert 'tomllib' not in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", program], check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )


def test_the_template_that_init_writes_is_the_defaults(tmp_path: Path) -> None:
    template = Path(__file__).parents[1] / "hooks" / "template.toml"
    write(tmp_path, template.read_bytes())
    assert load(str(tmp_path), {}) == Settings()


def test_every_documented_setting_is_taken(tmp_path: Path) -> None:
    write(
        tmp_path,
        '[store]\nstage = false\nproject_id = "Shop"\n[hooks]\nenabled = false\ntrailers = false\n'
        '[search]\nmodel = "small"\noffline = true\n[coding_memory]\nenabled = false\n'
        "max_session_duration_hours = 8\n",
    )
    assert load(str(tmp_path), {}) == Settings(
        stage=False, hooks_enabled=False, trailers=False, model="small", offline=True,
        project_id="Shop", enabled=False, max_session_hours=8,
    )  # fmt: skip


def test_a_table_header_with_a_comment_still_counts(tmp_path: Path) -> None:
    write(tmp_path, "[store] # about files\nstage = false")
    assert load(str(tmp_path), {}).stage is False


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[store]\nstage = 'no'", "[store] stage is 'no', not true, false or \"commit\""),
        ("[store]\nstage = 0", '[store] stage is 0, not true, false or "commit"'),
        ("[search]\nmodel = 5", "[search] model is 5, not text in quotes"),
        ("[store]\nproject_id = []", "[store] project_id is [], not text in quotes"),
        ("[hooks]\nenabled = {}", "[hooks] enabled is {}, not true or false"),
    ],
)
def test_a_wrong_type_is_named_with_what_is_right(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, text)
    assert refused(tmp_path).message == said


@pytest.mark.parametrize(
    "data",
    [
        b"[store", b"[store]\nstage =", b"stage = true = false", b"[store]\n[store]\nx = 1",
        b"x = '\xff'", b"[store] stage = false", b"x = " + b"[" * 50_000, b"x = " + b"9" * 10_000,
        b"<<<<<<< HEAD\nx = 1\n", b"x = 1\x00", "x = 1".encode("utf-16"),
    ],
)  # fmt: skip
def test_a_broken_file_is_one_clear_error(tmp_path: Path, data: bytes) -> None:
    write(tmp_path, data)
    start = time.process_time()
    assert "not valid TOML" in refused(tmp_path).message
    assert time.process_time() - start < 10


def test_unknown_tables_and_names_are_passed_over(tmp_path: Path) -> None:
    write(
        tmp_path,
        "stage = false\nsearch = 5\n[store]\nnew = 1\n[other]\nstage = 7\n[hooks.stage]\nx=1",
    )
    assert load(str(tmp_path), {}) == Settings()


def test_a_repository_cannot_approve_spend_or_choose_who_pays(tmp_path: Path) -> None:
    write(
        tmp_path,
        "[coding_memory]\nauto_approve = true\ncost_threshold = 1e9\nmonthly_limit = 1e9\n"
        "[coding_memory.defaults]\nauto_approve = true\nmodel = 'x'\n"
        "[coding_memory.costs]\nmax_per_call = 1e9\n[llm]\napi_key = 'x'\n",
    )
    assert load(str(tmp_path), {}) == Settings()
    names = {field.name for field in dataclasses.fields(Settings)}
    assert not [name for name in names if "key" in name]


OWN = """
[coding_memory]
auto_summarize_on_end = true
[coding_memory.defaults]
model = "gpt-5-mini"
auto_approve = true
cost_threshold = 0.5
[coding_memory.costs]
max_monthly_budget_usd = 20
"""


def own_settings(home: Path, text: str = OWN) -> dict[str, str]:
    folder = home / "config" / "kagura-git"
    folder.mkdir(parents=True)
    (folder / "kagura.toml").write_text(text)
    return {"XDG_CONFIG_HOME": str(home / "config"), "HOME": str(home)}


def test_a_repository_may_only_be_stricter_about_money(tmp_path: Path) -> None:
    environ = own_settings(tmp_path)
    write(
        tmp_path,
        "[coding_memory]\nauto_summarize_on_end = false\n[coding_memory.defaults]\n"
        "auto_approve = false\ncost_threshold = 0.25\n[coding_memory.costs]\n"
        "max_monthly_budget_usd = 500.0\nwarn_at_percentage = 50\n",
    )
    found = load(str(tmp_path), environ)
    assert (found.llm_model, found.auto_approve, found.cost_threshold) == (
        "gpt-5-mini",
        False,
        0.25,
    )
    assert (found.monthly_budget, found.warn_at, found.summarize_on_end) == (20, 50, False)
    assert found.ignored == (
        "[coding_memory.costs] max_monthly_budget_usd is ignored: a repository may only lower it",
    )


def test_the_environment_is_the_users_last_word(tmp_path: Path) -> None:
    environ = own_settings(tmp_path) | {
        "CODING_MEMORY_MODEL": "gemini/gemini-2.5-flash", "CODING_MEMORY_VISION_MODEL": "gpt-4o",
        "CODING_MEMORY_AUTO_APPROVE": "FALSE", "CODING_MEMORY_COST_THRESHOLD": "0.05",
    }  # fmt: skip
    found = load(str(tmp_path), environ)
    assert (found.llm_model, found.vision_model) == ("gemini/gemini-2.5-flash", "gpt-4o")
    assert (found.auto_approve, found.cost_threshold) == (False, 0.05)


@pytest.mark.parametrize(
    ("variable", "text", "right"),
    [
        ("CODING_MEMORY_AUTO_APPROVE", "maybe", "true or false"),
        ("CODING_MEMORY_COST_THRESHOLD", "cheap", "a number"),
        ("CODING_MEMORY_COST_THRESHOLD", "nan", "a number from 0"),
        ("CODING_MEMORY_COST_THRESHOLD", "-1", "a number from 0"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, text: str, right: str) -> None:
    with pytest.raises(KaguraError, match=right) as caught:
        load(str(tmp_path), {variable: text})
    assert caught.value.where == variable


def test_the_environment_wins(tmp_path: Path) -> None:
    write(tmp_path, "[search]\nmodel = 'small'\noffline = false\n")
    assert load(str(tmp_path), {"KAGURA_SEARCH_MODEL": "mine"}).model == "mine"
    assert load(str(tmp_path), {"KAGURA_SEARCH_MODEL": ""}).model == "small"
    for value, offline in {"1": True, "TRUE": True, "on": True, "0": False, "": False}.items():
        assert load(str(tmp_path), {"HF_HUB_OFFLINE": value}).offline is offline


def test_only_what_is_handed_in_counts_as_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGURA_SEARCH_MODEL", "elsewhere")
    assert load(str(tmp_path), {}).model == DEFAULT_MODEL


def test_a_link_out_of_the_repository_is_not_followed(tmp_path: Path) -> None:
    top = tmp_path / "work"
    top.mkdir()
    (tmp_path / "private.toml").write_text("[store]\nstage = false\npassword = ")
    for target in ("../private.toml", "/dev/stdin", "/dev/zero", str(tmp_path / "private.toml")):
        (top / "kagura.toml").unlink(missing_ok=True)
        (top / "kagura.toml").symlink_to(target)
        problem = refused(top)
        assert "link" in problem.message
        assert "password" not in str(problem)


def test_a_link_within_the_repository_is_followed(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "kagura.toml").write_text("[store]\nstage = false\n")
    (tmp_path / "kagura.toml").symlink_to("config/kagura.toml")
    assert load(str(tmp_path), {}).stage is False


def test_a_folder_by_that_name_is_no_settings(tmp_path: Path) -> None:
    (tmp_path / "kagura.toml").mkdir()
    assert load(str(tmp_path), {}) == Settings()
    assert load(str(tmp_path / "nowhere"), {}) == Settings()
    assert toml_file.read(str(tmp_path / "nowhere" / "x.toml"), "x.toml") == {}


def test_settings_are_not_changed_by_who_holds_them() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().stage = False  # type: ignore[misc]
