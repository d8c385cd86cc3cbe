"""Whether two decisions oppose each other, and what is said of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagura_git.model.opposing import oppose, read
from kagura_git.model.records import Decision
from kagura_git.model.restating import restated
from kagura_git.model.shortlist import MOST, shortlists
from kagura_git.model.statement import statement
from tests.work import processor_seconds

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
OLD, NEW = "D-00000001", "D-00000002"
OTHER_WAY = {"rejected": "replaced", "replaced": "rejected"}


def made(text: str, *alternatives: str, number: int = 1, **more: Any) -> Decision:
    return Decision(
        id=f"D-{number:08d}", decision=text, rationale="for a reason", author="ada",
        alternatives=list(alternatives), created_at=BEGIN + timedelta(days=number), **more,
    )  # fmt: skip


def pair(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[Decision, Decision]:
    return made(*old), made(*new, number=2)


def said(old: tuple[str, ...], new: tuple[str, ...]) -> str:
    found = oppose(*pair(old, new))
    return f"{found.kind}: {found.message}" if found else ""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (("Keep sessions in PostgreSQL", "Redis: a further server"), ("Use Redis for sessions",),
         f"rejected: {OLD} rejected Redis; {NEW} proposes Redis"),
        (("Deploy with systemd", "Kubernetes"), ("Deploy on k8s",),
         f"rejected: {OLD} rejected Kubernetes; {NEW} proposes k8s"),
        (("Bundle the frontend with webpack",), ("Replace webpack with Vite",),
         f"replaced: {OLD} chose webpack; {NEW} turns it down and does not supersede it"),
        (("Bundle the frontend with webpack",), ("Bundle the frontend with Vite", "webpack"),
         f"replaced: {OLD} chose webpack; {NEW} turns it down and does not supersede it"),
        (("Avoid stored procedures",), ("Put pricing rules into stored procedures",),
         f"opposite: {OLD} rules out stored procedures; {NEW} wants it"),
        (("Cache responses in the client",), ("Do not cache responses in the client",),
         f"opposite: {NEW} rules out Cache responses in the client; {OLD} wants it"),
        (("Payment calls are synchronous",), ("Payment calls become asynchronous",),
         f"opposite: {OLD} says synchronous of Payment, {NEW} asynchronous"),
        (("Sessions live in Memcached",), ("Keep sessions in PostgreSQL",),
         f"same-slot: {OLD} chose Memcached for Sessions; {NEW} chooses PostgreSQL"),
        (("Access tokens expire after 15 minutes",), ("Access tokens expire after 24 hours",),
         f"same-slot: {OLD} says 15 minutes of Access tokens expire, {NEW} 24 hours"),
    ],
)  # fmt: skip
def test_a_reviewer_reads_what_opposes_what(
    old: tuple[str, ...], new: tuple[str, ...], expected: str
) -> None:
    assert said(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("Keep sessions in PostgreSQL", "Redis"), ("Use Redis to cache product pages",)),
        (("Write the server in Go", "Rust"), ("Let us go on with the trust model",)),
        (("Use PostgreSQL for orders", "SQLite"), ("Use SQLite in the desktop client",)),
        (("Use pytest for tests", "unittest"), ("Use Hypothesis for tests of the parser",)),
        (("Do not disable TLS",), ("Enable TLS",)),
        (("Use Black, not yapf",), ("Format code with Black", "yapf")),
        (("Require two reviewers for payment code",), ("One reviewer for documentation",)),
        (("Never force-push to main",), ("Never squash on main",)),
        (("Use Redis", "Do nothing"), ("Do nothing about the cache",)),
    ],
)
def test_what_can_both_hold_is_left_alone(old: tuple[str, ...], new: tuple[str, ...]) -> None:
    assert said(old, new) == ""


def test_links_and_statuses_settle_it() -> None:
    old, new = pair(("Keep sessions in PostgreSQL", "Redis"), ("Use Redis for sessions",))
    assert oppose(old, new)
    new.supersedes = [OLD]
    assert oppose(old, new) is None
    old, new = pair(("Keep sessions in PostgreSQL", "Redis"), ("Use Redis for sessions",))
    old.superseded_by = NEW
    assert oppose(old, new) is None
    old.superseded_by, old.status = None, "superseded"
    assert oppose(old, new) is None
    old.status, new.status = "accepted", "rejected"
    assert oppose(old, new) is None


def test_a_rejected_decision_made_again_opposes_and_its_alternatives_do_not() -> None:
    old, new = pair(("Install Istio as service mesh", "Linkerd"), ("Use Istio as service mesh",))
    old.status = "rejected"
    found = oppose(old, new)
    assert found
    assert found.message == f"{OLD} was rejected; {NEW} proposes Istio again"
    assert oppose(old, made("Use Linkerd as service mesh", number=2)) is None


@pytest.mark.parametrize(
    ("old", "new", "opposes"),
    [
        (("セッションはPostgreSQLに保存する", "Redis"), ("セッションの保存にRedisを使う",), True),
        (("セッションはPostgreSQLに保存する", "Redis"), ("商品のキャッシュにRedisを使う",), False),
        (("セッションはPostgreSQLに保存する", "Redis"), ("セッションにRedisを使わない",), False),
        (("ログはJSON形式で出力する",), ("議論をなくす",), False),
    ],
)
def test_japanese_is_compared_by_its_names(
    old: tuple[str, ...], new: tuple[str, ...], opposes: bool
) -> None:
    assert bool(said(old, new)) is opposes


def test_what_a_statement_turns_down_is_not_chosen() -> None:
    says = statement(made("Use Vite instead of webpack, not Rollup, for the frontend"))
    assert (list(says.chosen), list(says.refused)) == (["vit"], ["webpack", "rollup"])
    assert says.scope == {"frontend"}
    says = statement(made("Migrate CI from Jenkins to GitHub Actions"))
    assert (list(says.chosen), list(says.refused)) == (["github action"], ["jenkin"])
    assert statement(made("Hooks never use the network")).ban
    assert not statement(made("Do not forbid network access")).ban


WORDS = st.sampled_from(
    "use avoid never not instead of rather than replace with Redis PostgreSQL sessions cache for "
    "in , . from to migrate sync async two 15 minutes never Kubernetes セッション 使う ない".split()
)
TEXTS = st.one_of(st.text(min_size=1, max_size=300), st.lists(WORDS, min_size=1).map(" ".join))


@given(TEXTS, st.lists(TEXTS, max_size=4), TEXTS, st.lists(TEXTS, max_size=4))
def test_any_text_is_read_and_both_ways_agree(
    one: str, alternatives: list[str], other: str, others: list[str]
) -> None:
    a, b = made(one, *alternatives), made(other, *others, number=2)
    there, back = oppose(a, b), oppose(b, a)
    assert (there is None) == (back is None)
    if there and back:
        assert 0 < there.score <= 1
        assert abs(there.score - back.score) <= 0.02
        assert OLD in there.message
        assert NEW in there.message
        if there.score != back.score:
            assert there.kind == OTHER_WAY.get(back.kind)


@pytest.mark.parametrize(
    "piece",
    ["a", "use Redis instead of ", "not ", "'", "+#", "a.b/", "-", "e-mail ", "設定", "replace ",
     "without, ", "((((", "1 2 3 ", "\n", " - "],
)  # fmt: skip
def test_long_hostile_text_takes_no_longer(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    begin = processor_seconds()
    oppose(made(text, *[text] * 200), made(text, *[text] * 200, number=2))
    assert processor_seconds() - begin < 2


def test_of_thousands_those_with_the_rare_words_are_compared() -> None:
    many = [made(f"Use library {n} for module {n}", number=n + 10) for n in range(3000)]
    old = made("Keep sessions in PostgreSQL", "Redis")
    (found,) = shortlists([read(made("Use Redis for sessions", number=2))], [*many, old])
    assert found[0] is old
    same = [made("Use Redis for sessions", number=n + 10) for n in range(200)]
    (found,) = shortlists([read(made("Use Redis for sessions", number=2))], same)
    assert found == same[:MOST]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Use Redis for caching", "Redis is our cache", True),
        ("Never log personal data", "Do not write personal data to the log", True),
        ("Use Redis for sessions", "Use Redis for product pages", False),
        ("Use Redis for sessions", "Use Memcached for sessions", False),
        ("Retry three times", "Retry five times", False),
        ("Cache responses of the API", "Never cache responses of the API", False),
        ("Store uploads in S3", "Store database backups in S3", False),
        ("One", "Two", False),
    ],
)
def test_a_decision_in_other_words_is_known_again(one: str, other: str, same: bool) -> None:
    a, b = read(made(one)), read(made(other, number=2))
    assert bool(restated(a, b)) is same
    assert restated(a, b) == restated(b, a)
