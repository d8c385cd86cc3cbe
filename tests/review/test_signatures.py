"""A signed acceptance holds as long as what was agreed on does, with real keys."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from kagura_git.errors import Conflict, KaguraError
from kagura_git.git import signed_text, signing
from kagura_git.git.repo import anywhere
from kagura_git.model.merge import merge as merged_record
from kagura_git.model.records import Decision
from kagura_git.services import decisions, signatures
from kagura_git.services.review import review
from kagura_git.services.signatures import Signature
from kagura_git.store import codec
from tests.git_repo import Sandbox, new
from tests.review.conftest import Desk
from tests.review.keys import SshKey, gpg_home, gpg_key, needs_gpg, needs_ssh

pytestmark = needs_ssh


@pytest.fixture
def key(desk: Desk, tmp_path: Path) -> SshKey:
    made = SshKey(tmp_path / "ada")
    made.use(desk.box)
    made.allow(desk.box)
    return made


def sign(desk: Desk, name: str, note: str | None = None) -> Decision:
    return decisions.accept_signed(desk.memory.ws, name, note)[1]


def recall(desk: Desk, name: str) -> Decision:
    found = desk.memory.recall(name)
    assert isinstance(found, Decision)
    return found


def state(desk: Desk, decision: Decision) -> Signature:
    return signatures.states(desk.box.repo.git, [decision])[decision.id]


def merge(base: Decision, ours: Decision, theirs: Decision) -> Decision:
    found = merged_record(base, ours, theirs)
    assert isinstance(found, Decision)
    return found


def change(desk: Desk, name: str, **fields: Any) -> None:
    """Edit a decision as any editor can."""
    memory = desk.memory
    memory.store(name, replace(recall(desk, name), **fields))


def commits(desk: Desk) -> int:
    return desk.box.out("cat-file", "--batch-all-objects", "--batch-check").count(" commit ")


def test_a_signed_acceptance_is_verified_and_leaves_nothing_in_the_repository(
    desk: Desk, key: SshKey
) -> None:
    name = desk.decide(alternatives=["Redis"], related_files=["src"])
    before = commits(desk)
    decision = sign(desk, name, "agreed on Monday: «é»")
    found = state(desk, recall(desk, name))
    assert (found.state, found.signer) == ("verified", "ada@example.org")
    assert (found.key or "").startswith("SHA256:")
    assert decision.signature is not None
    assert decision.signature.startswith("-----BEGIN SSH SIGNATURE-----\n")
    assert commits(desk) == before


@pytest.mark.parametrize(
    "edit",
    [
        {"decision": "Use MySQL"},
        {"rationale": "one file."},
        {"alternatives": []},
        {"impact": "large"},
        {"related_files": ["src", "lib"]},
        {"confidence": 0.9},
        {"reviewed_by": "Bob <bob@example.org>"},
        {"review_note": "never said"},
        {"status": "rejected"},
        {"status": "proposed"},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_what_was_agreed_on_cannot_be_edited_unseen(
    desk: Desk, key: SshKey, edit: dict[str, Any]
) -> None:
    name = desk.decide(alternatives=["Redis"], related_files=["src"])
    sign(desk, name)
    change(desk, name, **edit)
    assert state(desk, recall(desk, name)).state == "bad"


def test_tags_links_order_and_layout_do_not_count(desk: Desk, key: SshKey) -> None:
    name = desk.decide(alternatives=["Redis", "etcd"], related_files=["src", "lib"])
    sign(desk, name)
    later = desk.decide("Use PostgreSQL", "many writers")
    desk.supersede(name, later)
    older = desk.decide("Use files", "simple")
    change(
        desk, name, tags=["db"], session="S-7k3f9q2m", extra={"new": [1]},
        alternatives=["etcd", "Redis"], related_files=["lib", "src"], supersedes=[older],
    )  # fmt: skip
    path = desk.memory.ws.files.path_of(name)
    file = desk.box.top / str(path)
    text = file.read_text().replace("rationale: one file", 'rationale:\n  "one file"')
    file.write_text(f"# a remark\n{text}")
    decision = recall(desk, name)
    assert decision.status == "superseded"
    assert state(desk, decision).state == "verified"


def test_a_signature_of_another_decision_is_bad(desk: Desk, key: SshKey) -> None:
    one, two = desk.decide(), desk.decide("Use Redis", "fast")
    signed = sign(desk, one)
    desk.accept(two)
    change(desk, two, signature=signed.signature, reviewed_at=signed.reviewed_at)
    assert state(desk, recall(desk, two)).state == "bad"


def test_a_key_that_nobody_vouches_for_is_unknown(desk: Desk, key: SshKey, tmp_path: Path) -> None:
    name = desk.decide()
    sign(desk, name)
    SshKey(tmp_path / "bob").allow(desk.box, "bob@example.org")
    found = state(desk, recall(desk, name))
    assert (found.state, found.signer) == ("unknown", None)
    for missing in (str(tmp_path / "nowhere"), None):  # git 2.39 aborts where none is named
        desk.box.run("config", "--unset", "gpg.ssh.allowedSignersFile")
        if missing:
            desk.box.run("config", "gpg.ssh.allowedSignersFile", missing)
        assert state(desk, recall(desk, name)).state == "unknown"


def test_a_key_counts_if_it_was_valid_at_the_moment_of_the_acceptance(
    desk: Desk, key: SshKey
) -> None:
    name = desk.decide()
    sign(desk, name)
    key.allow(desk.box, options='namespaces="git",valid-before="29990101"')
    assert state(desk, recall(desk, name)).state == "verified"
    key.allow(desk.box, options='valid-before="20200101"')
    assert state(desk, recall(desk, name)).state == "unknown"


def test_a_revoked_key_is_bad(desk: Desk, key: SshKey, tmp_path: Path) -> None:
    name = desk.decide()
    sign(desk, name)
    (tmp_path / "revoked").write_text(f"{key.public}\n")
    desk.box.run("config", "gpg.ssh.revocationFile", str(tmp_path / "revoked"))
    assert state(desk, recall(desk, name)).state == "bad"


def test_a_sha256_repository_signs_and_verifies(
    env: dict[str, str], tmp_path: Path, key: SshKey
) -> None:
    box = new(tmp_path / "sha256", env, "--object-format=sha256")
    key.use(box)
    key.allow(box)
    git = box.repo.git
    made = signing.sign(git, "kagura/acceptance/1\n", 1_700_000_000)
    assert signed_text.format_of(made) == "ssh"
    decision = Desk(box).decide()
    found = decisions.accept_signed(Desk(box).memory.ws, decision)[1]
    assert signatures.states(git, [found])[decision].state == "verified"


def test_many_are_looked_at_in_a_few_processes_and_in_bounded_time(desk: Desk, key: SshKey) -> None:
    signed = [sign(desk, desk.decide(f"Decide {n}", f"reason {n}")) for n in range(40)]
    seen: list[tuple[int, int]] = []
    found = signatures.states(
        desk.box.repo.git, signed, progress=lambda done, total: seen.append((done, total))
    )
    assert {one.state for one in found.values()} == {"verified"}
    assert seen[-1] == (40, 40)
    late = signatures.states(desk.box.repo.git, signed, seconds=0)
    assert {one.state for one in late.values()} == {"unchecked"}
    # Twice the same record, and one among good ones that is bad.
    mixed = [signed[0], replace(signed[1], rationale="x"), signed[2]]
    states = [one.state for one in signatures.states(desk.box.repo.git, mixed).values()]
    assert states == ["verified", "bad", "verified"]


# What the review says.


def test_a_review_says_who_signed(desk: Desk, key: SshKey) -> None:
    plain, signed = desk.decide("A", "a"), desk.decide("B", "b")
    desk.branch()
    desk.accept(plain)
    sign(desk, signed)
    open_ = desk.decide("C", "c", alternatives=["x"])
    desk.box.commit("accept")
    report = desk.report()
    told = {c.id: c.signature and c.signature.state for c in report.decisions}
    assert told == {plain: "unsigned", signed: "verified", open_: None}
    (of_signed,) = (c for c in report.decisions if c.id == signed)
    assert of_signed.signature is not None
    assert of_signed.signature.signer == "ada@example.org"
    assert "Ada" in (of_signed.reviewed_by or "")
    (field,) = (f for f in of_signed.fields if f.name == "signature")
    assert field.before is None
    assert str(field.after).startswith("ssh ")
    assert not {"bad-signature", "unsigned", "edited-accepted"} & {*desk.rules()}


def test_edited_after_signing_is_an_error(desk: Desk, key: SshKey) -> None:
    name = desk.decide()
    sign(desk, name)
    desk.branch()
    change(desk, name, rationale="because I say so")
    desk.box.commit("edit")
    found = desk.finding("bad-signature")
    assert (found.severity, found.record) == ("error", name)


def test_a_signature_taken_away_is_an_error_and_a_new_review_is_none(
    desk: Desk, key: SshKey
) -> None:
    name = desk.decide()
    sign(desk, name)
    desk.branch()
    change(desk, name, signature=None)
    desk.box.commit("strip")
    assert "taken away" in desk.finding("bad-signature").message
    desk.accept(name)
    desk.box.commit("accept again")
    assert "bad-signature" not in desk.rules()


def test_unsigned_and_unverified_acceptances_are_told_where_asked_for(
    desk: Desk, key: SshKey, tmp_path: Path
) -> None:
    plain, strange, good = desk.decide("A", "a"), desk.decide("B", "b"), desk.decide("C", "c")
    desk.branch()
    desk.accept(plain)
    SshKey(tmp_path / "bob").use(desk.box)
    sign(desk, strange)
    key.use(desk.box)
    sign(desk, good)
    desk.box.commit("accept")
    git = desk.box.repo.git
    required = review(git, "main", "topic", signatures_required=True)
    told = {f.record for f in required.findings if f.rule == "unsigned"}
    assert told == {plain, strange}
    assert "unsigned" not in desk.rules()


def test_an_acceptance_in_the_name_of_somebody_else_is_told(desk: Desk, key: SshKey) -> None:
    desk.branch()
    ws = desk.memory.ws
    ws.user_id = "Grace <grace@example.org>"
    name = desk.decide()
    signed = decisions.accept_signed(ws, name)[1]
    assert signed.reviewed_by == "Grace <grace@example.org>"
    desk.box.commit("accept")
    found = state(desk, signed)
    assert (found.state, found.signer) == ("verified", "ada@example.org")
    assert found.why == "another signer than the reviewer it names"
    git = desk.box.repo.git
    required = review(git, "main", "topic", signatures_required=True)
    assert [f.record for f in required.findings if f.rule == "unsigned"] == [name]
    for who in ("GRACE@example.org", "*@example.org", "grace@example.org,x@y"):
        key.allow(desk.box, who)
        assert state(desk, signed).why is None, who


def test_where_no_temporary_file_can_be_written_nothing_is_called_bad(
    desk: Desk, key: SshKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    signed = sign(desk, desk.decide())
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    found = state(desk, signed)
    assert (found.state, found.why) == ("unchecked", "No such file or directory")


def test_a_bare_clone_verifies_too(desk: Desk, key: SshKey, tmp_path: Path) -> None:
    name = desk.decide()
    desk.branch()
    sign(desk, name)
    desk.box.commit("accept")
    bare = tmp_path / "bare.git"
    desk.box.run("clone", "-q", "--mirror", str(desk.box.top), str(bare))
    desk.box.run("-C", str(bare), "config", "gpg.ssh.allowedSignersFile", str(key.allowed))
    (found,) = review(anywhere(str(bare), desk.box.env), "main", "topic").decisions
    assert found.signature is not None
    assert found.signature.state == "verified"


def test_of_two_signed_acceptances_a_merge_keeps_one_whole(
    desk: Desk, key: SshKey, tmp_path: Path
) -> None:
    name = desk.decide()
    base = recall(desk, name)
    one = sign(desk, name, "here")
    time.sleep(0.005)
    later = sign(desk, name, "there")
    ours, theirs = merge(base, one, later), merge(base, later, one)
    assert codec.dumps(ours) == codec.dumps(theirs)
    assert state(desk, ours).state == "verified"
    # By two people: one is shown, the other one stands beside it, with its own signature.
    other = replace(later, reviewed_by="Bob <bob@example.org>", signature=one.signature)
    held = merge(base, one, other)
    assert codec.dumps(held) == codec.dumps(merge(base, other, one))
    assert all({"reviewed_by", "signature"} <= {*side} for side in held.conflicts["status"])
    assert (held.reviewed_by, held.signature) == (other.reviewed_by, other.signature)


def test_a_signature_goes_with_the_review_it_is_over(desk: Desk, key: SshKey) -> None:
    name = desk.decide()
    base = recall(desk, name)
    one = sign(desk, name)
    time.sleep(0.005)
    desk.accept(name)
    unsigned = recall(desk, name)
    merged = merge(base, one, unsigned)
    assert (merged.reviewed_at, merged.signature) == (unsigned.reviewed_at, None)
    superseded = replace(one, status="superseded", superseded_by="D-7k3f9q2m")
    assert state(desk, merge(base, superseded, replace(one, tags=["x"]))).state == "verified"


def test_a_text_edited_elsewhere_and_merged_into_a_signed_decision_is_seen(
    desk: Desk, key: SshKey
) -> None:
    name = desk.decide()
    base = recall(desk, name)
    signed = sign(desk, name)
    merged = merge(base, signed, replace(base, rationale="for another reason"))
    assert (merged.status, merged.rationale) == ("accepted", "for another reason")
    assert state(desk, merged).state == "bad"


def test_joining_takes_a_signature_only_where_it_still_holds(desk: Desk, key: SshKey) -> None:
    kept = desk.decide("Keep sessions in signed cookies", "no server state")
    sign(desk, kept)
    same = desk.decide("Keep sessions in signed cookies", "no server state")
    assert not decisions.merge(desk.memory.ws, kept, same).lost_signature
    assert state(desk, recall(desk, kept)).state == "verified"
    more = desk.decide("Keep sessions in signed cookies", "fewer moving parts too")
    assert decisions.merge(desk.memory.ws, kept, more).lost_signature
    assert recall(desk, kept).signature is None


# What goes wrong.


def test_no_key_is_said_with_its_mend_and_nothing_is_written(desk: Desk) -> None:
    name = desk.decide()
    desk.box.run("config", "gpg.format", "ssh")
    with pytest.raises(KaguraError) as caught:
        sign(desk, name)
    assert "user.signingKey" in caught.value.hint
    assert "--no-sign" in caught.value.hint
    desk.box.run("config", "user.signingKey", "/nowhere/key.pub")
    with pytest.raises(KaguraError, match=r"/nowhere/key\.pub"):
        sign(desk, name)
    assert recall(desk, name).status == "proposed"


@pytest.mark.parametrize(
    ("form", "setting"),
    [("ssh", "gpg.ssh.program"), ("openpgp", "gpg.program"), ("x509", "gpg.x509.program")],
)
def test_a_missing_program_is_said_and_makes_no_signature_bad(
    desk: Desk, key: SshKey, form: str, setting: str
) -> None:
    name = desk.decide()
    signed = sign(desk, name)
    desk.box.run("config", "--global", setting, "/nowhere/program")
    desk.box.run("config", "gpg.format", form)
    with pytest.raises(KaguraError, match="/nowhere/program is not installed"):
        sign(desk, name)
    if form == "ssh":
        found = state(desk, signed)
        assert (found.state, found.why) == ("unchecked", "program is not installed")


def test_a_format_that_is_none_is_said(desk: Desk) -> None:
    desk.box.run("config", "gpg.format", "pgp5")
    with pytest.raises(KaguraError, match=r"gpg\.format is 'pgp5'"):
        sign(desk, desk.decide())


def test_a_passphrase_that_nobody_can_be_asked_for_fails_at_once(
    desk: Desk, tmp_path: Path
) -> None:
    SshKey(tmp_path / "locked", passphrase="long secret").use(desk.box)
    name = desk.decide()
    with pytest.raises(KaguraError) as caught:
        sign(desk, name)
    assert "ssh-add" in caught.value.hint


def test_a_program_that_never_answers_is_ended(
    desk: Desk, key: SshKey, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = desk.decide()
    signed = sign(desk, name)
    sleeper = desk.box.script(tmp_path / "sleeper", "#!/bin/sh\nsleep 600\n")
    desk.box.run("config", "--global", "gpg.ssh.program", str(sleeper))
    monkeypatch.setattr(signing, "_UNSEEN_SECONDS", 0.5)
    with pytest.raises(KaguraError, match="took too long"):
        sign(desk, name)
    git = desk.box.repo.git
    assert signatures.states(git, [signed], seconds=0.5)[name].state == "unchecked"


def test_a_decision_that_changes_while_it_is_signed_is_not_overwritten(
    desk: Desk, key: SshKey, tmp_path: Path
) -> None:
    name = desk.decide()
    path = desk.box.top / str(desk.memory.ws.files.path_of(name))
    meddler = f"#!/bin/sh\nsed -i 's/one file/two files/' {path}\nexec ssh-keygen \"$@\"\n"
    program = desk.box.script(tmp_path / "meddler", meddler)
    desk.box.run("config", "gpg.ssh.program", str(program))
    with pytest.raises(Conflict, match="changed while it was being signed"):
        sign(desk, name)
    assert recall(desk, name).status == "proposed"


def test_no_program_that_a_tracked_file_names_is_run(
    desk: Desk, key: SshKey, tmp_path: Path
) -> None:
    signed = sign(desk, desk.decide())
    trap = desk.box.script("trap", f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    config = f'[gpg]\n\tprogram = {trap}\n[gpg "ssh"]\n\tprogram = {trap}\n'
    toml = f'[review]\nsign = true\nprogram = "{trap}"\n'
    desk.box.commit("trap", **{".gitconfig": config, "kagura.toml": toml, ".gitattributes": ""})
    assert desk.memory.ws.settings.sign_reviews is None
    assert state(desk, signed).state == "verified"
    assert not (tmp_path / "sprung").exists()


ODD = [
    "", "x", "-----BEGIN SSH SIGNATURE-----", "-----BEGIN PGP SIGNATURE-----\n\n\n",
    "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----",
    "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END PGP SIGNATURE-----",
    "-----BEGIN SSH SIGNATURE-----\n\x1b[31m\n-----END SSH SIGNATURE-----",
    "-----BEGIN SSH SIGNATURE-----\nA\n-----END SSH SIGNATURE-----\ncommitter x <y> 1 +0000",
    "-----BEGIN SSH SIGNATURE-----\n\nparent 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
    "-----END SSH SIGNATURE-----",
    "-----BEGIN PGP MESSAGE-----\n" + "A" * 64 + "\n-----END PGP MESSAGE-----",
    "-----BEGIN SIGNED MESSAGE-----\n" + "A" * 64 + "\n-----END SIGNED MESSAGE-----",
    "-----BEGIN SSH SIGNATURE-----\n" + "A" * 70 + "\n" * 1 + "-----END SSH SIGNATURE-----\n" * 9,
    "-----BEGIN SSH SIGNATURE-----\n" + ("A" * 70 + "\n") * 9000 + "-----END SSH SIGNATURE-----",
    "\u202egnp", "{}", "true",
]  # fmt: skip


def test_odd_and_giant_signatures_are_bad_and_nothing_worse(desk: Desk, key: SshKey) -> None:
    desk.branch()
    good = sign(desk, desk.decide("Good", "good"))
    names = []
    for number, text in enumerate(ODD):
        name = desk.decide(f"Decide {number}", f"{number}")
        desk.accept(name)
        change(desk, name, signature=text)
        names.append(name)
    desk.box.commit("odd")
    report = desk.report()
    told = {c.id: c.signature and c.signature.state for c in report.decisions}
    assert told.pop(good.id) == "verified"
    assert told[names[0]] == "unsigned"  # an empty text is none
    assert {told[name] for name in names[1:]} <= {"bad", "unchecked", "unknown"}
    assert sum(told[name] == "bad" for name in names) >= len(ODD) - 4
    assert codec.dumps(recall(desk, names[-1]))


def test_a_signature_that_ends_git_hides_no_other(desk: Desk, key: SshKey, tmp_path: Path) -> None:
    signed = [sign(desk, desk.decide(title, title[:4])) for title in ("One", "Two", "Three")]
    kills = desk.box.script(
        tmp_path / "kills",
        "#!/bin/sh\n"
        f'case $* in *verify*) cat > {tmp_path}/payload ;; *) exec ssh-keygen "$@" ;; esac\n'
        f"grep -q '{signed[1].id}' {tmp_path}/payload && kill -KILL $PPID && exit 1\n"
        f'exec ssh-keygen "$@" < {tmp_path}/payload\n',
    )
    desk.box.run("config", "--global", "gpg.ssh.program", str(kills))

    found = signatures.states(desk.box.repo.git, signed)

    assert [found[d.id].state for d in signed] == ["verified", "unchecked", "verified"]


@pytest.mark.parametrize(
    ("old", "new"), [(b"sha512", b"sha999"), (b"\3git", b"\3gix"), (b"ed25519", b"ed99999")]
)
def test_a_signature_made_to_confuse_its_program_is_bad_not_unchecked(
    desk: Desk, key: SshKey, old: bytes, new: bytes
) -> None:
    signed = sign(desk, desk.decide())
    first, *middle, last = str(signed.signature).split("\n")
    inside = base64.b64decode("".join(middle))
    assert old in inside
    changed = base64.b64encode(inside.replace(old, new)).decode()
    lines = [first, *(changed[at : at + 70] for at in range(0, len(changed), 70)), last]
    assert state(desk, replace(signed, signature="\n".join(lines))).state == "bad"


def test_moments_before_and_after_all_commits_are_bad(desk: Desk, key: SshKey) -> None:
    from datetime import UTC, datetime

    signed = sign(desk, desk.decide())
    for at in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC), None):
        assert state(desk, replace(signed, reviewed_at=at)).state == "bad"


def test_a_signers_name_is_shown_as_text(desk: Desk, key: SshKey) -> None:
    from kagura_git.cli import review_markdown, review_text

    name = desk.decide()
    desk.branch()
    sign(desk, name)
    desk.box.commit("accept")
    key.allowed.write_bytes(b"\x1b[31m<script>@all\x07 " + key.public.encode() + b"\n")
    report = desk.report()
    (change,) = report.decisions
    assert change.signature is not None
    text = review_markdown.markdown(report)
    shown = "\n".join(review_text.lines(report))
    assert "<script>" not in text
    assert "@all" not in text
    assert "\x1b" not in text
    assert "\x1b" not in shown
    assert "\x07" not in shown


# With gpg.


@pytest.fixture
def gpg(
    desk: Desk, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    with gpg_home(env) as home:
        desk.box.env["GNUPGHOME"] = env["GNUPGHOME"] = str(home)
        monkeypatch.setenv("GNUPGHOME", str(home))
        yield env


@needs_gpg
def test_gpg_signs_with_the_committers_key_and_knows_what_it_is_worth(
    desk: Desk, gpg: dict[str, str]
) -> None:
    gpg_key(gpg, "Ada <ada@example.org>")
    name = desk.decide()
    signed = sign(desk, name, "fine")
    assert (signed.signature or "").startswith("-----BEGIN PGP SIGNATURE-----\n")
    found = state(desk, recall(desk, name))
    assert (found.state, found.signer) == ("verified", "Ada <ada@example.org>")
    assert len(found.key or "") == 40
    assert state(desk, replace(signed, rationale="x")).state == "bad"
    desk.box.run("config", "gpg.minTrustLevel", "ultimate")
    assert state(desk, signed).state == "verified"


@needs_gpg
def test_a_gpg_key_that_is_not_here_is_unknown(desk: Desk, gpg: dict[str, str]) -> None:
    gpg_key(gpg, "Ada <ada@example.org>")
    signed = sign(desk, desk.decide())
    with gpg_home(gpg) as other:
        git = desk.box.repo.git
        git = type(git)(git.cwd, {**git.env, "GNUPGHOME": str(other)})
        found = signatures.states(git, [signed])[signed.id]
    assert (found.state, found.signer) == ("unknown", None)
    assert found.key


@needs_gpg
def test_without_a_gpg_key_or_with_a_locked_one_the_error_comes_at_once(
    desk: Desk, gpg: dict[str, str]
) -> None:
    name = desk.decide()
    with pytest.raises(KaguraError) as caught:
        sign(desk, name)
    assert "user.signingKey" in caught.value.hint
    gpg_key(gpg, "Ada <ada@example.org>", passphrase="long secret")
    os.system("gpgconf --kill gpg-agent")
    with pytest.raises(KaguraError) as caught:
        sign(desk, name)
    assert "unlock it" in caught.value.hint


def test_doctor_names_bad_signatures_and_counts_the_others(desk: Desk, key: SshKey) -> None:
    from kagura_git.services import health_records

    good, bad = desk.decide("A", "a"), desk.decide("B", "b")
    sign(desk, good)
    sign(desk, bad)
    change(desk, bad, rationale="edited")
    ws = desk.memory.ws

    def found() -> dict[str, str]:
        told = health_records.signatures(ws, list(ws.files.read_all()))
        return {one.severity: one.message for one in told}

    assert found()["ok"] == "1 verified"
    assert bad in found()["error"]
    desk.box.run("config", "--unset", "gpg.ssh.allowedSignersFile")
    assert found()["ok"] == "1 by keys that are not known here"
    desk.box.run("config", "--global", "gpg.ssh.program", "nowhere-to-be-found")
    assert "nowhere-to-be-found is not installed" in found()["warning"]


def test_the_rule_is_the_option_then_the_setting_then_git(box: Sandbox) -> None:
    assert signing.wanted(box.repo.git) is False
    box.run("config", "commit.gpgSign", "true")
    assert signing.wanted(box.repo.git) is True
    assert not signatures.wanted(box.repo.git, None, False)
    assert signatures.wanted(box.repo.git, True, False)
