"""What must hold after every step, and after everything has been brought together."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kagura_git.git import log, notes
from kagura_git.git.diff import commit_changes
from kagura_git.model.ids import id_in_name
from kagura_git.model.records import Decision, Error
from kagura_git.services import recover
from tests.play.record_moves import text_of
from tests.play.world import Place, Trouble

if TYPE_CHECKING:
    from tests.play.player import Player

_RECENT = 40


def after_step(player: Player, place: Place) -> None:
    """Compare one place, and the clone it belongs to, with the ledger."""
    records_are_whole(player, place)
    links_are_right(player, place)
    nothing_is_lost(player, place)
    reasons_are_kept(player, place)


def records_are_whole(player: Player, place: Place) -> None:
    """Every record file can be read, stands once, and says what was acknowledged."""
    seen: Counter[str] = Counter()
    for stored in place.memory.ws.files.read_all():
        if stored.record is None:
            raise Trouble(f"{place.name}: {stored.path}: {stored.problem}")
        record = stored.record
        seen[record.id] += 1
        known = player.ledger.records.get(record.id)
        if known is None:
            raise Trouble(f"{place.name}: {record.id} was never acknowledged")
        if text_of(record) != known.text:
            raise Trouble(f"{place.name}: {record.id} says {text_of(record)!r}")
        if isinstance(record, Error) and record.occurrences > known.sightings:
            raise Trouble(
                f"{place.name}: {record.id} was seen {known.sightings} times, "
                f"counts {record.occurrences}"
            )
    twice = [identifier for identifier, count in seen.items() if count > 1]
    if twice:
        raise Trouble(f"{place.name}: {twice} stand in two files")


def links_are_right(player: Player, place: Place) -> None:
    """No commit is linked to what it has nothing to do with."""
    git = place.memory.ws.repo.git
    for commit in log.commits(git, ["HEAD"], limit=_RECENT):
        linked = {str(entry.get("id")) for entry in commit.changes() if entry.get("reason")}
        linked |= {i for kind in ("session", "decision", "error") for i in commit.ids(kind)}
        odd = linked - player.ledger.allowed(commit.subject)
        if not odd:
            continue
        first = commit.parents[:1]
        touched: set[str | None] = {
            id_in_name(path.rsplit("/", 1)[-1])
            for path in git.fields("diff-tree", "-r", "-z", "--name-only", *first, commit.sha)
            if path.startswith(".kagura/")
        }
        known = (player.ledger.records.get(found or "") for found in touched)
        # Restored and committed again, a record brings the session it was recorded in.
        touched |= {session for record in known if record for session in record.sessions}
        if odd - touched:
            raise Trouble(
                f"{place.name}: {commit.sha[:10]} {commit.subject!r} is linked to {odd - touched}"
            )


def nothing_is_lost(player: Player, place: Place) -> None:
    """Every record acknowledged in this clone is on a ref, in a work tree, or can be recovered."""
    found = set(everywhere(player, place))
    wanted = {
        known.id
        for known in player.ledger.records.values()
        if known.clone == place.clone and not known.removed
    }
    gone = wanted - found
    if gone:
        gone -= {item.id for item in recover.lost(place.memory.ws)}
    if gone:
        raise Trouble(f"{place.clone}: {gone} are lost")


def everywhere(player: Player, place: Place) -> set[str]:
    """Return the ids of the records on any ref, in any work tree or staging area of a clone."""
    tips = set(place.out("for-each-ref", "--format=%(objectname)").split())
    tips |= set(place.run("reflog", "--format=%H", "stash", ok=False).stdout.split())
    found: set[str] = set()
    for other in player.world.of_clone(place.clone):
        tips.add(other.head)
        found |= player.ids(other)
        found |= _ids(other.out("ls-files", "-z", "--", ".kagura"))
    for tip in tips - player.read_tips.keys():
        if place.out("cat-file", "-t", tip) != "commit":
            player.read_tips[tip] = set()
            continue
        trees = [tip]
        if place.out("log", "-1", "--format=%s", tip).startswith(("WIP on", "On ")):
            # A stash: the untracked files are in its third parent.
            trees += place.out("log", "-1", "--format=%P", tip).split()
        names = (place.out("ls-tree", "-r", "-z", "--name-only", t, ".kagura/") for t in trees)
        player.read_tips[tip] = set().union(*map(_ids, names))
    return found.union(*(player.read_tips[tip] for tip in tips))


def _ids(listing: str) -> set[str]:
    names = (path.rsplit("/", 1)[-1] for path in listing.split("\0"))
    return {found for name in names if (found := id_in_name(name))}


def reasons_are_kept(player: Player, place: Place) -> None:
    """Every acknowledged reason waits in its worktree or stands in a note."""
    waiting = set(place.memory.ws.working.pending("C-"))
    wanted = {r.id for r in player.ledger.reasons.values() if r.place == place.name} - waiting
    noted = {
        entry.get("id")
        for entries in notes.all_notes(place.memory.ws.repo.git).values()
        for entry in entries
    }
    if wanted - noted:
        raise Trouble(f"{place.name}: the reasons {wanted - noted} are lost")


def paths_of(place: Place) -> set[str]:
    """Return the paths that HEAD's commit changes."""
    changes = commit_changes(place.memory.ws.repo.git, place.head)
    return {path for file in changes.files for path in (file.path, file.old_path) if path}


def together(player: Player) -> None:
    """Compare clones that have everything of each other with the ledger, to the letter."""
    clones = player.world.clones()
    trees = {place.out("rev-parse", "HEAD:.kagura") for place in clones}
    if len(trees) > 1:
        raise Trouble(f"the clones' records differ: {trees}")
    refs = {place.out("rev-parse", f"{notes.REF}^{{tree}}") for place in clones}
    if len(refs) > 1:
        raise Trouble(f"the clones' notes differ: {refs}")
    files = clones[0].memory.ws.files
    for known in player.ledger.records.values():
        path = files.path_of(known.id)
        if path is None:
            if not known.removed:
                raise Trouble(f"{known.id} is on no clone after everything was brought together")
            continue
        record = files.read(path)
        if known.removed:
            continue
        if isinstance(record, Decision | Error) and not known.tags <= set(record.tags):
            raise Trouble(f"{known.id} lost the tags {known.tags - set(record.tags)}")
        if isinstance(record, Error):
            if record.occurrences != known.sightings:
                raise Trouble(
                    f"{known.id} was seen {known.sightings} times, counts {record.occurrences}"
                )
            if bool(known.solutions) != record.resolved:
                raise Trouble(f"{known.id}: resolved is {record.resolved}")
            if known.solutions and record.solution not in known.solutions:
                raise Trouble(f"{known.id}: {record.solution!r} was never acknowledged")
        if isinstance(record, Decision) and known.verdicts and record.status == "proposed":
            raise Trouble(f"{known.id}: the verdict {known.verdicts} is gone")
