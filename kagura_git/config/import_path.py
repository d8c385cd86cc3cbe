"""Python's import path without the folders of an untrusted work tree.

``PYTHONPATH`` entries that are empty or relative name the working folder, and
``python -m`` puts it first. A module there, such as ``yaml.py``, would be imported
instead of the installed one.
"""

# Nothing is imported here that Python has not loaded by itself at its start: it would be
# looked for in the very folders that are to go.
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

# What the hooks and background jobs import of other packages.
_DEPENDENCIES = ("click", "filelock", "msgspec", "networkx", "numpy", "platformdirs", "yaml")


def home() -> str:
    """Return the folder that holds this package."""
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def clean(argv: "Sequence[str]", environ: "Mapping[str, str]") -> None:
    """Remove the entries of ``sys.path`` that a repository could have put modules into.

    Removed are relative entries, and entries inside the work trees of the current folder,
    of ``-C DIR`` and of ``KAGURA_REPO``, unless they belong to this Python's installation
    or hold this very package.
    """
    try:
        folders = [os.getcwd(), environ.get("KAGURA_REPO", "")]
    except FileNotFoundError:  # it was deleted: nothing can be imported from it
        folders = []
    folders += [argv[n + 1] for n, word in enumerate(argv[:-1]) if word == "-C"]
    tops = {work_tree(folder) for folder in folders if folder}
    sys.path[:] = trusted(sys.path, tops)


def trusted(entries: "Iterable[str]", tops: "Collection[str]") -> list[str]:
    """Return the import path entries that lie outside of the work trees ``tops``."""
    kept = []
    for entry in entries:
        if not os.path.isabs(entry):
            continue
        real = os.path.realpath(entry)
        if not any(_inside(real, top) for top in tops) or _is_installed(real):
            kept.append(entry)
    return kept


def for_hooks() -> list[str]:
    """Return the folders that an isolated Python (``-I``) must add to import this package.

    These are the package's own, and those of dependencies that lie in neither it nor this
    Python's site folders: an editable installation in the user's site folder, for one.
    """
    from importlib.machinery import PathFinder

    own = [*_standard(), home()]
    real = {os.path.realpath(folder) for folder in own}
    found = [home()]
    for name in _DEPENDENCIES:
        spec = PathFinder.find_spec(name)
        if spec is not None and spec.origin:
            folder = os.path.dirname(os.path.dirname(os.path.abspath(spec.origin)))
            if os.path.realpath(folder) not in real and folder not in found:
                found.append(folder)
    return found


def work_tree(folder: str) -> str:
    """Return the top of the work tree around a folder, or the folder itself."""
    start = os.path.realpath(os.path.expanduser(folder))
    above = start
    while True:
        if os.path.lexists(os.path.join(above, ".git")):
            return above
        parent = os.path.dirname(above)
        if parent == above:
            return start
        above = parent


def _is_installed(path: str) -> bool:
    """Return True for a folder of this Python's installation or of this package."""
    # A virtual environment may lie inside the work tree: it is the user's, git does not track it.
    # So are the user's packages where the home folder is a repository of its own.
    import site

    folders = [*_standard(), home()]
    folders += [os.path.join(prefix, "bin") for prefix in (sys.prefix, sys.base_prefix)]
    if site.ENABLE_USER_SITE and os.path.isabs(site.getusersitepackages()):
        folders += [site.getusersitepackages(), os.path.join(site.getuserbase(), "bin")]
    return any(_inside(path, os.path.realpath(folder)) for folder in folders)


def _standard() -> list[str]:
    """Return the folders of the standard library and of installed packages."""
    import site

    library = os.path.dirname(os.__file__)
    zipped = "python{}{}.zip".format(*sys.version_info[:2])
    return [library, os.path.join(os.path.dirname(library), zipped), *site.getsitepackages()]


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
