"""What the GitHub Action in this repository's top folder runs: ``python -I -m kagura_git.action``.

Everything comes in by environment variables, nothing by arguments. The pull request
under review is not trusted: it is read as git objects, nothing of it is run.
"""
