"""Where our merge function cannot do it, git's own text merge does, and nothing is lost unseen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from branches import DECISION, Branches
from git_repo import Sandbox

from kagura_git.cli.app import run
from kagura_git.git import driver
from kagura_git.services import setup
from tests.record_strategies import path_for

FAR = {"decision": "Use JWT for all"}, {"project_id": "web"}
NEAR = {"impact": "More memory"}, {"impact": "Less memory"}


def edited(branches: Branches, edits: tuple[dict[str, str], dict[str, str]]) -> None:
    branches.edit_on("side", DECISION, **edits[1])
    branches.edit(DECISION, **edits[0])


def lose_program(branches: Branches) -> None:
    branches.without_program()
    folders = branches.box.env["PATH"].split(os.pathsep)
    elsewhere = [folder for folder in folders if not Path(folder, "git-kagura").exists()]
    branches.box.env["PATH"] = os.pathsep.join(elsewhere)


def lose_script(branches: Branches) -> None:
    branches.script.unlink()


def lose_setting(branches: Branches) -> None:
    branches.box.run("config", "--remove-section", "merge.kagura")


def break_program(branches: Branches) -> None:
    text = branches.script.read_text()
    branches.script.write_text(text.replace("from kagura_git.cli.merge_driver", "from kagura_none"))


LOSSES = [lose_program, lose_script, lose_setting, break_program]


@pytest.mark.parametrize("lose", LOSSES)
def test_what_git_can_merge_is_merged_without_the_driver(branches: Branches, lose) -> None:
    edited(branches, FAR)
    lose(branches)
    branches.merge()
    assert branches.now().decision == "Use JWT for all"
    assert branches.now().project_id == "web"


@pytest.mark.parametrize("lose", LOSSES)
def test_both_sides_stand_between_markers_without_the_driver(branches: Branches, lose) -> None:
    edited(branches, NEAR)
    lose(branches)
    done = branches.merge(ok=False)
    assert done.returncode == 1
    assert branches.unmerged() == [path_for(DECISION)]
    text = branches.text()
    assert "<<<<<<< " in text
    assert "impact: More memory\n=======\nimpact: Less memory\n>>>>>>> " in text
    if lose in (lose_program, break_program):
        assert f"{path_for(DECISION)} is merged as text" in done.stderr


def test_the_program_on_the_path_is_found_too(branches: Branches, tmp_path: Path) -> None:
    edited(branches, NEAR)
    text = branches.script.read_text()
    python = text.split("kagura_python='", 1)[1].split("'", 1)[0]
    home = text.split("kagura_home='", 1)[1].split("'", 1)[0]
    command = f'PYTHONPATH="{home}" exec "{python}" -m kagura_git "$@"'
    branches.box.script(tmp_path / "bin" / "git-kagura", f"#!/bin/sh\n{command}\n")
    branches.without_program()
    path = f"{tmp_path / 'bin'}:{branches.box.env['PATH']}"
    branches.box.run("merge", "-q", "--no-edit", "side", PATH=path)
    assert branches.now().conflicts == {"impact": ["Less memory", "More memory"]}


def broken(branches: Branches) -> None:
    """Break the record in another way on each branch."""
    box, path = branches.box, path_for(DECISION)
    for branch in ("side", "main"):
        box.run("checkout", "-q", branch)
        text = branches.text().replace("confidence: 0.8", f"confidence: [{branch}")
        box.write(path, text)
        box.commit("break")


def test_two_broken_sides_are_left_to_the_person_with_git_s_own_markers(
    branches: Branches,
) -> None:
    broken(branches)
    done = branches.merge(ok=False)
    assert done.returncode == 1
    assert "merged as text" in done.stderr
    assert "confidence: [main\n=======\nconfidence: [side\n>>>>>>>" in branches.text()
    assert branches.unmerged() == [path_for(DECISION)]


def test_the_style_that_the_person_has_set_is_kept(branches: Branches) -> None:
    broken(branches)
    branches.box.run("config", "merge.conflictStyle", "diff3")
    branches.merge(ok=False)
    assert "\n||||||| base\nconfidence: 0.8\n=======\n" in branches.text().replace(
        branches.box.out("merge-base", "main", "side")[:7], "base"
    )


def test_one_broken_side_is_kept_inside_the_record(branches: Branches) -> None:
    box, path = branches.box, path_for(DECISION)
    box.run("checkout", "-q", "side")
    box.write(path, branches.text() + "more: [never closed\n")
    box.commit("break")
    box.run("checkout", "-q", "main")
    branches.edit(DECISION, impact="Less memory")
    branches.merge()
    assert branches.now().impact == "Less memory"
    assert "more: [never closed" in branches.now().conflicts["file"][0]


def test_an_edit_stays_beside_a_deletion_for_the_person_to_decide(branches: Branches) -> None:
    """git runs no driver for it; the edit is in the work tree, and doctor finishes the merge."""
    branches.edit_on("side", DECISION, impact="More memory")
    branches.box.run("rm", "-q", path_for(DECISION))
    branches.box.commit("delete")
    branches.merge(ok=False)
    assert branches.now().impact == "More memory"


def test_text_of_others_cannot_reach_the_terminal(branches: Branches) -> None:
    name = "new\x1b[31m\nfield"
    branches.edit_on("side", DECISION, extra={name: 1})
    branches.edit(DECISION, extra={name: 2})
    done = branches.merge()
    assert "\x1b" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("kagura: ")]
    assert line.endswith("both are kept")


# the command itself, and its setting


def test_the_command_writes_the_result_into_the_second_file(
    branches: Branches, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = branches.box.top
    for name, tags in (("base", ""), ("ours", "- a\n"), ("theirs", "- b\n")):
        text = branches.text().replace("tags:\n- auth\n", f"tags:\n- auth\n{tags}")
        (folder / name).write_text(text)
    files = [str(folder / name) for name in ("base", "ours", "theirs")]
    with pytest.raises(SystemExit) as stopped:
        run(["merge-driver", *files, path_for(DECISION)])
    assert stopped.value.code == 0
    assert "tags:\n- auth\n- a\n- b\n" in (folder / "ours").read_text()
    assert capsys.readouterr().err == ""


def test_init_renews_the_script_and_says_so(branches: Branches) -> None:
    assert setup.init(branches.box.repo, with_hooks=False) == []
    assert driver.configured(branches.box.repo)
    branches.without_program()
    said = setup.init(branches.box.repo, with_hooks=False)
    assert [change.what for change in said] == ["merge driver written"]
    branches.script.chmod(0o644)
    assert not driver.configured(branches.box.repo)
    assert len(setup.init(branches.box.repo, with_hooks=False)) == 1
    assert driver.configured(branches.box.repo)


def test_uninstall_takes_the_driver_away(branches: Branches) -> None:
    setup.uninstall(branches.box.repo)
    assert not branches.script.exists()
    assert branches.box.run("config", "--get-regexp", "^merge[.]", ok=False).stdout == ""
    assert not driver.configured(branches.box.repo)


def test_a_clone_without_init_merges_as_git_does(branches: Branches, tmp_path: Path) -> None:
    edited(branches, FAR)
    branches.box.run("clone", "-q", str(branches.box.top), str(tmp_path / "clone"))
    clone = Sandbox(tmp_path / "clone", branches.box.env)
    clone.run("merge", "-q", "--no-edit", "origin/side")
    branches.box.top = clone.top
    assert branches.now().project_id == "web"
