"""What merges have done to the records of this work tree, and what mends each.

Looks and never writes. Only a merge's own doing is judged: a record that
somebody has changed since is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from kagura_git.git import strays, versions
from kagura_git.git.merges import Contest, Merge
from kagura_git.git.versions import Version
from kagura_git.model.ids import id_in_name
from kagura_git.services.lost_sides import joined, problem_of, same
from kagura_git.services.scene import Found, Mend, Scene, Unsolved, guarded, unsolved
from kagura_git.store import codec
from kagura_git.store.merging import salvage, sides
from kagura_git.store.strict_yaml import MAX_BYTES

_MARKERS: Final = (b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")

# merges, rebases and cherry-picks in progress


def unmerged(scene: Scene) -> Found:
    """Yield the records that the staging area holds unmerged."""
    found = scene.staged.unmerged
    blobs = versions.blobs(
        scene.git,
        (v.blob for stages in found.values() for many in stages.values() for v in many),
        MAX_BYTES + 1,
    )
    for record, stages in found.items():
        files = [next(iter(stages.get(number, ())), None) for number in (1, 2, 3)]
        path = next((file.path for file in files[1:] if file), None)
        if path is None:
            gone = tuple(sorted(file.path for file in stages.get(1, ())))
            yield Mend(record, gone[0], b"", "both sides deleted it", (), {}, gone)
        elif all(file is None or file.is_file for file in files):
            texts = [blobs[file.blob] if file else None for file in files]
            texts += _untangled(scene, record, path, texts)
            others = {version.path for many in stages.values() for version in many} - {path}
            yield from guarded(path, _unmerged, scene, record, path, texts, others)


def _unmerged(
    scene: Scene, record: str, path: str, texts: Sequence[bytes | None], others: Iterable[str]
) -> Found:
    base, ours, theirs = texts[0], texts[-2], texts[-1]
    now = scene.text(path)
    drop = {other: scene.text(other) for other in others}
    known = (None, *texts)
    if any(
        text not in known and not problem_of(text or b"", path) for text in (now, *drop.values())
    ):
        return  # somebody has resolved it by hand, and will stage it
    if now is None or now in texts or not _is_written_into(now, texts):
        data, said = joined(base, ours, theirs, path)
    else:
        data, said = _by_file(now, base, path)
    wrong = "both sides changed it" if ours and theirs else "one side changed it, one deleted it"
    if data is not None:
        seen = {path: now, **drop}
        yield Mend(record, path, data, wrong, tuple(said), seen, tuple(sorted(drop)))


def _untangled(
    scene: Scene, record: str, path: str, texts: Sequence[bytes | None]
) -> list[bytes | None]:
    """Return both sides' own versions, where git has joined them with another record's.

    A record deleted on both sides, beside a new one on each that resembles it, is
    to git one file with two new names: it writes the same mixture into both.
    """
    found = []
    for text, commit in zip(texts[1:], (scene.head, scene.other_side), strict=True):
        tangled = text is not None and commit and problem_of(text, path)
        own = scene.committed(commit, record) if tangled and commit else None
        found.append(own or text)
    return found


def _is_written_into(now: bytes, texts: Iterable[bytes | None]) -> bool:
    """Tell whether a broken file holds a line of somebody's own, beside those of the versions."""
    known = {line for text in texts if text for line in text.splitlines()}
    return any(
        line not in known and line[:7] not in _MARKERS for line in now.splitlines() if line.strip()
    )


def _by_file(now: bytes, base: bytes | None, path: str) -> tuple[bytes, list[str]]:
    """Merge what a broken file itself holds: all of it, what somebody wrote into it too.

    Raises:
        InvalidRecord: it does not hold two records.
    """
    found = sides(now) if base is not None else None
    if found is not None and not any(problem_of(side, path) for side in found[1:]):
        data, said = joined(base, *found[1:], path)
        if data is not None:
            return data, said
    rest = salvage(now, path)
    problem = problem_of(now, path)
    if rest is None and problem is not None:
        raise problem
    return (rest.data, rest.said) if rest else (now, [])


# records that git took for renamed ones


def strayed(scene: Scene) -> Found:
    """Yield the records whose edit a merge dropped with the file that another one replaced."""
    waiting = strays.waiting(scene.ws.repo.private)
    if not waiting:
        return
    known = {id_in_name(path.rsplit("/", 1)[-1]) for path in scene.staged.settled}
    known |= scene.paths.keys() | scene.staged.unmerged.keys()
    for record, data in waiting.items():
        if record not in known:
            yield from guarded(record, _strayed, scene, record, data)


def _strayed(scene: Scene, record: str, data: bytes) -> Found:
    made = codec.loads(data, f"{record}.yaml")
    path = versions.last_path(scene.git, record) or scene.ws.files.place(made)
    wrong = "one side edited it, one deleted it, and git took it for another one renamed"
    yield Mend(record, path, data, wrong, ("the edit wins",), {path: None})


# records that a text merge has broken


def broken(scene: Scene, paths: Iterable[str]) -> Found:
    """Yield those of these record files that a text merge has broken."""
    for path in paths:
        record = id_in_name(path.rsplit("/", 1)[-1])
        if record is not None and record not in scene.staged.unmerged:
            yield from guarded(path, _broken, scene, record, path)


def _broken(scene: Scene, record: str, path: str) -> Found:
    now = scene.text(path)
    problem = None if now is None else problem_of(now, path)
    if now is None or problem is None:
        return
    origin = scene.origin(record, now)
    data: bytes | None
    if origin is None:
        for merge in scene.history.baseless:
            left = versions.tree(scene.git, merge.pivot).get(record)
            if left and versions.blobs(scene.git, [left.blob], MAX_BYTES + 1) == {left.blob: now}:
                yield _without_base(merge, path)
                return
        data, said = _by_file(now, None, path)
    else:
        history, contest = origin
        texts = [history.data(side) for side in contest.sides]
        base = history.base(contest) if len(texts) == 2 else None
        if _is_written_into(now, [base, *texts]):
            data, said = _by_file(now, base, path)
        else:
            data, said = history.merged(contest, texts)
    if data is not None:
        yield Mend(record, path, data, problem.message, tuple(said), {path: now})


# what a merge has lost


def lost(scene: Scene) -> Found:
    """Yield the records of which a merge dropped one side, and that nobody has touched since."""
    for record in scene.waiting.ids:
        for contest in scene.waiting.contests(record):
            yield from guarded(contest.path, _about_to_be_lost, scene, contest)
    if scene.head is None:
        return
    tree = versions.tree(scene.git, scene.head) if scene.history.ids else {}
    for record in scene.history.ids:
        path = scene.history.contests(record)[0].path
        yield from guarded(path, _lost, scene, record, tree.get(record))
    for path, problem in scene.history.unsolved.values():
        yield unsolved(path, problem)
    for merge in scene.history.baseless:
        yield _without_base(merge, "")


def _lost(scene: Scene, record: str, committed: Version | None) -> Found:
    cure = scene.head and scene.history.standing(scene.head, record, committed)
    if not cure or record in scene.staged.unmerged or len(scene.paths.get(record, ())) > 1:
        return
    path = committed.path if committed else cure.contest.path
    held = [version for version in scene.staged.settled.values() if _names(version, record)]
    if [version.blob for version in held] != ([committed.blob] if committed else []):
        return  # somebody has staged something else
    if path in scene.staged.sparse:
        hint = "`git sparse-checkout add .kagura` brings it; then run `git kagura doctor --fix`."
        yield Unsolved(path, f"{cure.wrong}; it is outside the sparse checkout", hint)
        return
    now = scene.text(path)
    if now == scene.history.data(committed) and (committed or record not in scene.paths):
        yield Mend(record, path, cure.data, cure.wrong, cure.said, {path: now})


def _names(version: Version, record: str) -> bool:
    return id_in_name(version.path.rsplit("/", 1)[-1]) == record


def _about_to_be_lost(scene: Scene, contest: Contest) -> Found:
    path, record = contest.path, contest.id
    if record in scene.staged.unmerged or path in scene.staged.sparse:
        return
    now = scene.text(path)
    texts = [scene.waiting.data(side) for side in contest.sides]
    if now not in texts or (now is None and record in scene.paths):
        return
    data, said = scene.waiting.merged(contest, texts)
    if data is not None and not same(data, now, path):
        wrong = "this merge keeps one side alone" if now else "this merge deletes what was edited"
        yield Mend(record, path, data, wrong, tuple(said), {path: now})


# two files for one record


def doubled(scene: Scene) -> Found:
    """Yield the records that have more than one file, as a rename beside an edit leaves them."""
    for record, paths in scene.paths.items():
        if len(paths) > 1 and record not in scene.staged.unmerged:
            yield from guarded(paths[0], _doubled, scene, record, paths)


def _doubled(scene: Scene, record: str, paths: Sequence[str]) -> Found:
    read = {path: scene.ws.files.read(path) for path in paths}
    # The same choice in every clone, whoever repairs first.
    kept = next((path for path in paths if scene.ws.files.place(read[path]) == path), paths[0])
    texts = {path: scene.text(path) for path in paths}
    origin = scene.origin(record, None)
    base = origin[0].base(origin[1]) if origin and len(origin[1].sides) == 2 else None
    data, said = texts[kept], list[str]()
    for path in paths:
        if path != kept and data is not None and not same(data, texts[path], path):
            data, more = joined(base, data, texts[path], kept)
            said += more
    others = tuple(path for path in paths if path != kept)
    wrong = f"{len(paths)} files hold this record"
    if data is not None:
        yield Mend(record, kept, data, wrong, tuple(said), texts, others)


def _without_base(merge: Merge, path: str) -> Unsolved:
    wrong = f"the merge {merge.pivot[:9]} cannot be looked at: this shallow clone lacks its base"
    mend = "Fetch more history (`git fetch --deepen=100`), then run `git kagura doctor --fix`."
    return Unsolved(path, wrong, mend)
