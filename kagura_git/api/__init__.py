"""The public Python API by subject; :mod:`kagura_git.memory` puts it together."""
