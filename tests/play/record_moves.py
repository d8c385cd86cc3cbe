"""Moves that record: what a person or an assistant says, acknowledged into the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kagura_git.errors import Conflict
from kagura_git.model.records import Decision, Error, Record
from tests.play.ledger import Known, Reason
from tests.play.world import SOURCES, Place

if TYPE_CHECKING:
    from tests.play.player import Player

_NOUNS = "cache queue parser token index schema worker socket ledger router".split()


def decide(player: Player, place: Place) -> str:
    """Record a decision of a text that no other has."""
    words = " ".join(player.rng.choices(_NOUNS, k=4))
    text = f"Decision {player.ledger.steps}: {words}"
    done = place.memory.record_decision(text, f"because of {words}")
    player.ledger.record(Known(done.id, "decision", place.clone, text))
    return done.id


def fail(player: Player, place: Place) -> str:
    """Record an error never seen before."""
    word = player.rng.choice(_NOUNS)
    step = player.ledger.steps
    name = "".join(chr(97 + int(digit)) for digit in str(step))  # digits are masked in a message
    text = f"the {word} of {name} broke"
    done = place.memory.record_error(f"{name.title()}Error", text)
    player.expect(done.new, f"{done.id} is no new error")
    player.ledger.record(Known(done.id, "error", place.clone, text))
    return done.id


def fail_again(player: Player, place: Place) -> str | None:
    """See an error of this work tree once more."""
    known = player.here(place, "error")
    if known is None:
        return None
    record = place.memory.recall(known.id)
    assert isinstance(record, Error)
    done = place.memory.record_error(record.error_type, record.message)
    player.expect(done.id == known.id, f"{known.id} was not known again: {done.id}")
    player.expect(
        done.occurrences > record.occurrences, f"{known.id} was not counted: {done.occurrences}"
    )
    known.sightings += 1
    return f"{known.id} x{done.occurrences}"


def solve(player: Player, place: Place) -> str | None:
    """Solve an error of this work tree, or solve it anew."""
    known = player.here(place, "error")
    if known is None:
        return None
    solution = f"fix {player.ledger.steps}"
    place.memory.resolve_error(known.id, solution)
    known.solutions.add(solution)
    return f"{known.id}: {solution}"


def review(player: Player, place: Place) -> str | None:
    """Accept or reject a decision of this work tree."""
    from kagura_git.services import decisions

    known = player.here(place, "decision")
    if known is None:
        return None
    verdict = player.rng.choice(("accepted", "rejected"))
    try:
        decisions.review(place.memory.ws, known.id, verdict)
    except Conflict:
        return f"{known.id} is superseded"
    known.verdicts.add(verdict)
    return f"{known.id} {verdict}"


def tag(player: Player, place: Place) -> str | None:
    """Give a record of this work tree a tag that must never go again."""
    known = player.here(place, player.rng.choice(("decision", "error")))
    if known is None:
        return None
    record = place.memory.recall(known.id)
    assert isinstance(record, Decision | Error)
    mark = f"tag-{player.ledger.steps}"
    record.tags = [*record.tags, mark]
    place.memory.store(known.id, record)
    known.tags.add(mark)
    return f"{known.id} {mark}"


def begin(player: Player, place: Place) -> str | None:
    """Start a session where none is active."""
    if place.memory.ws.working.active_session():
        return None
    text = f"session of step {player.ledger.steps}"
    done = place.memory.start_coding_session(text)
    player.ledger.record(Known(done.id, "session", place.clone, text))
    return done.id


def end(player: Player, place: Place) -> str | None:
    """End the active session."""
    if not place.memory.ws.working.active_session():
        return None
    done = place.memory.end_coding_session(success=player.rng.random() < 0.7)
    return str(done["id"])


def explain(player: Player, place: Place) -> str:
    """Change a file and say why."""
    path = player.rng.choice(SOURCES)
    place.git.write(path, f"{path}\nstep {player.ledger.steps}\n")
    done = place.memory.track_file_change(path, "edit", reason=f"step {player.ledger.steps}")
    session = place.memory.ws.working.active_session()
    player.ledger.reasons[done.id] = Reason(done.id, place.name, path, place.head, session)
    return f"{done.id} {path}"


def look(player: Player, place: Place) -> str | None:
    """Search for a record of this work tree by its own words."""
    known = player.here(place, player.rng.choice(("decision", "error")))
    if known is None:
        return None
    hits = place.memory.search(known.text, k=5)
    player.expect(known.id in [hit.id for hit in hits], f"{known.id} is not found by its own words")
    return known.id


def text_of(record: Record) -> str:
    """Return the text that a record was acknowledged with."""
    match record:
        case Decision():
            return record.decision
        case Error():
            return record.message
        case _:
            return record.description
