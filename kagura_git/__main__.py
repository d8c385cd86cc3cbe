"""``python -m kagura_git``: the command line."""

from kagura_git.cli import main

if __name__ == "__main__":
    main()
