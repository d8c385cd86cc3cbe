"""kagura-git: git remembers what changed; this remembers why, what broke, and how it was fixed."""

from kagura_git.version import __version__

TYPE_CHECKING = False  # not typing's: see kagura_git.config.import_path
if TYPE_CHECKING:
    from typing import Any

    from kagura_git.errors import KaguraError as KaguraError
    from kagura_git.memory import CodingMemory as CodingMemory
    from kagura_git.memory import CodingMemory as CodingMemoryManager

__all__ = ["CodingMemory", "CodingMemoryManager", "KaguraError", "__version__"]


def __getattr__(name: str) -> "Any":
    # Lazy, so that a git hook that imports one leaf module pays for that leaf alone.
    if name in {"CodingMemory", "CodingMemoryManager"}:
        from kagura_git.memory import CodingMemory

        return CodingMemory
    if name == "KaguraError":
        from kagura_git.errors import KaguraError

        return KaguraError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
