"""Every operation of the README's table, tried once: nothing lost, every link found, none wrong.

``python scripts/survival.py --trials 20`` makes the table.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.git_repo import isolated
from tests.survival.trial import GROUPS, Operation, run
from tests.survival.world import home, template

pytestmark = pytest.mark.slow
_OPERATIONS = [operation for operations in GROUPS.values() for operation in operations]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    root = tmp_path_factory.mktemp("survival")
    env = {**isolated(home(root)), "KAGURA_SEARCH_MODEL": "test:hash"}
    template(root, env)
    return root, env


@pytest.mark.parametrize("operation", _OPERATIONS, ids=lambda operation: operation.__name__)
def test_survival(ready: tuple[Path, dict[str, str]], tmp_path: Path, operation: Operation) -> None:
    root, env = ready
    trial = run(operation, root, tmp_path / "trial", env, seed=1)
    count = trial.relinked
    assert count.records == count.records_of
    assert (count.missing, count.wrong, trial.at_once.wrong) == ([], [], [])
    assert count.links == count.links_of > 0
