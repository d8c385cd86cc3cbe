"""One step of a workflow: a review, or links found again after a merge."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from kagura_git.action import inputs, log
from kagura_git.cli import review_github
from kagura_git.errors import KaguraError


def main(environ: Mapping[str, str]) -> int:
    """Run the step that the inputs ask for and return its exit code."""
    try:
        given = inputs.read(environ)
        if given.mode == "relink":
            from kagura_git.action.relinking import relink

            return relink(given)
        from kagura_git.action.reviewing import review

        return review(given)
    except KaguraError as error:
        log.command(review_github.command("error", log.brief(error), title="kagura-git"))
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the edge: what a bug prints may hold commands
        log.traceback(error)
        said = f"a bug in kagura-git: {type(error).__name__}"
        log.command(review_github.command("error", said, title="kagura-git"))
        return 3


if __name__ == "__main__":
    sys.exit(main(os.environ))
