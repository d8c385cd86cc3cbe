"""The notes as they stand: what they say, where they lie, and where they belong.

Light on purpose: the hooks use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Final

from kagura_git.errors import GitError
from kagura_git.git import note_trees, objects
from kagura_git.git.note_trees import PLACES, Folder, Spot
from kagura_git.git.note_writing import REF, data
from kagura_git.git.objects import Found
from kagura_git.git.run import Git, decode
from kagura_git.model import note_lines

# From here on listing the whole notes tree is cheaper than asking for each commit.
MANY: Final = 500


class State:
    """The notes as they were read, for a write on top of them.

    Attributes:
        texts: what the notes of the commits in question say.
        paths: where these notes lie.
        targets: where they belong.
        order: the fast-import commands that put all other notes where they belong.
    """

    # Written out: dataclasses take 5 ms to import, and every commit would pay for them.
    def __init__(
        self,
        tip: str | None,
        texts: dict[str, str] | None = None,
        paths: dict[str, list[str]] | None = None,
        targets: dict[str, str] | None = None,
        order: list[bytes] | None = None,
    ) -> None:
        self.tip = tip
        self.texts = texts or {}
        self.paths = paths or {}
        self.targets = targets or {}
        self.order = order or []

    def write(self, sha: str, text: str) -> list[bytes]:
        """Return the commands that make this the one note of a commit, or its last one go."""
        return write_commands(self.paths.get(sha, ()), self.targets[sha] if text else "", text)


def state(git: Git, shas: list[str]) -> State:
    """Return the notes of some commits and their places, in one spawn if there are few.

    The tip is read first: a ref that moves in between makes the texts newer
    than the tip, and a write on top of that tip is then refused.

    Raises:
        GitError: one of the shas is no commit here, or a note cannot be read.
    """
    near = len(checked(shas)) < MANY
    folders = sorted({sha[:2] for sha in shas}) if near else []
    names = [REF, f"{REF}:", *(f"{REF}:{name}" for name in folders)]
    if near:
        names += [f"{REF}:{path}" for sha in shas for path in note_trees.candidates(sha)]
    found = objects.read(git, [*names, *shas])
    for sha, commit in zip(shas, found[len(names) :], strict=True):
        if commit.kind != "commit":
            raise GitError(f"no such commit: {sha}")
    tip, root = found[:2]
    if tip.kind is None:
        return State(None, targets=note_trees.places(dict.fromkeys(shas, ())))
    if tip.kind != "commit" or root.data is None:
        raise GitError("the notes cannot be read", hint="`git kagura sync` may help.", where=REF)
    if near:
        trees = dict(zip(folders, found[2:], strict=False))
        seen = _near(tip.oid, root.data, trees, shas, found[2 + len(folders) : len(names)])
        if seen is not None:
            return seen
    return _far(git, tip.oid, shas)


def _near(
    tip: str, root: bytes, trees: Mapping[str, Found], shas: list[str], notes: Sequence[Found]
) -> State | None:
    """Return the state from the trees around the notes; None where more has to be looked at."""
    top = note_trees.folder(root, 0, len(tip))
    inside = {
        name: note_trees.folder(tree.data or b"", 1, len(tip)) for name, tree in trees.items()
    }
    if top.mixed or any(folder.mixed for folder in inside.values()):
        return None
    seen = State(tip, by_commit(shas, notes, strict=True))
    for number, sha in enumerate(shas):
        paths = note_trees.candidates(sha)
        answers = notes[PLACES * number : PLACES * (number + 1)]
        held = [path for path, found in zip(paths, answers, strict=True) if found.kind]
        depth, room = _room(top, inside[sha[:2]])
        if len(held) > 1 or (not held and room < len(shas)):
            return None
        seen.paths[sha] = held
        seen.targets[sha] = held[0] if held else paths[depth]
    return seen


def _room(top: Folder, inside: Folder) -> tuple[int, int]:
    """Return how deep a new note belongs, and for how many there is room in that folder."""
    if not top.folders:
        return 0, note_trees.FULL - top.notes
    return (2, note_trees.FULL) if inside.folders else (1, note_trees.FULL - inside.notes)


def _far(git: Git, tip: str, shas: list[str]) -> State:
    """Return the state from the whole tree, with what brings its other notes into order."""
    spots = note_trees.listed(git, tip)
    paths = {sha: [spot.path for spot in found] for sha, found in spots.items()}
    targets = note_trees.places({**dict.fromkeys(shas, ()), **paths})
    mine = {sha: spots[sha] for sha in shas if sha in spots}
    others = {sha: found for sha, found in spots.items() if sha not in mine}
    return State(tip, united_texts(git, mine), paths, targets, in_order(git, others, targets))


def in_order(
    git: Git, spots: Mapping[str, Sequence[Spot]], targets: Mapping[str, str]
) -> list[bytes]:
    """Return the fast-import commands that leave each note in its one place.

    Two notes of a commit that cannot be read are left where they are.
    """
    doubled = {sha: found for sha, found in spots.items() if len(found) > 1}
    texts = texts_of(git, blobs_of(doubled))
    commands = []
    for sha, found in spots.items():
        if sha not in doubled:
            if found[0].path != targets[sha]:
                commands.append(f"R {found[0].path} {targets[sha]}\n".encode())
        elif all(texts.get(spot.blob) is not None for spot in found):
            text = reduce(note_lines.united, (texts[spot.blob] or "" for spot in found))
            commands += write_commands([spot.path for spot in found], targets[sha], text)
    return commands


def write_commands(paths: Iterable[str], target: str, text: str) -> list[bytes]:
    """Return the fast-import commands for a note that lies at ``paths`` and belongs elsewhere.

    Not its ``N`` command: that looks for the old note only where it would have put it.
    """
    commands = [f"D {path}\n".encode() for path in paths if path != target]
    return [*commands, f"M 100644 inline {target}\n".encode(), data(text)] if target else commands


def united_texts(git: Git, spots: Mapping[str, Sequence[Spot]]) -> dict[str, str]:
    """Return what the notes of each commit say.

    Raises:
        GitError: one of them cannot be read, so nothing may be written in its place.
    """
    texts = texts_of(git, blobs_of(spots))
    united: dict[str, str] = {}
    for sha, found in spots.items():
        for text in (texts.get(spot.blob) for spot in found):
            if text is None:
                raise unreadable(sha)
            united[sha] = note_lines.united(united[sha], text) if sha in united else text
    return united


def blobs_of(spots: Mapping[str, Sequence[Spot]]) -> list[str]:
    """Return every blob once."""
    return list(dict.fromkeys(spot.blob for found in spots.values() for spot in found))


def texts_of(git: Git, blobs: Sequence[str]) -> dict[str, str | None]:
    """Return the text of each blob, None for one that is too large; what is not here is left out.

    Args:
        blobs: each once.
    """
    found = zip(blobs, objects.read(git, blobs), strict=True)
    return {
        blob: None if answer.data is None else decode(answer.data)
        for blob, answer in found
        if answer.kind
    }


def by_commit(
    shas: Sequence[str], notes: Sequence[Found], *, strict: bool = False
) -> dict[str, str]:
    """Return what the notes say that were found at each commit's candidate paths.

    Raises:
        GitError: with ``strict=True``, one of them cannot be read.
    """
    texts: dict[str, str] = {}
    for number, sha in enumerate(shas):
        for found in notes[PLACES * number : PLACES * (number + 1)]:
            if strict and found.unreadable:
                raise unreadable(sha)
            if found.kind == "blob" and found.data is not None:
                text = decode(found.data)
                # Two places at once (two tools wrote): their union is what git would merge to.
                texts[sha] = note_lines.united(texts[sha], text) if sha in texts else text
    return texts


def tip_of(git: Git, ref: str) -> str | None:
    """Return the commit of a ref, or None if there is no such ref.

    Raises:
        GitError: it is no commit.
    """
    # One question: between two, another process may make the ref.
    found = git.text("cat-file", "--batch-check", stdin=f"{ref}\n".encode()).split(" ")
    if len(found) == 3 and found[1] != "commit":
        raise GitError("this is no commit, so there are no notes in it", where=ref)
    return found[0] if len(found) == 3 else None


def checked(shas: Sequence[str]) -> Sequence[str]:
    """Return what are full commit ids; raises ``GitError`` for any other text."""
    for sha in shas:
        if not note_trees.is_commit_id(sha):
            raise GitError(f"not a full commit id: {sha!r}")
    return shas


def unreadable(sha: str) -> GitError:
    """Return the error that says that a commit's note cannot be read."""
    return GitError(
        f"the note of {sha} is too large, or not on this machine (a partial clone)",
        hint="`git kagura sync` fetches what is missing.",
    )
