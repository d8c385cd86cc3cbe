"""Secrets in the labelled set go, harmless texts stay, and nothing invisible hides a key."""

from __future__ import annotations

import base64
import json
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.redaction import harmless, secrets, values
from kagura_git.model import inputs
from kagura_git.model.normalize import normal, without_hidden
from kagura_git.model.redact import redact

CASES = secrets.cases()
INVISIBLE = (
    "\u200b\u200c\u200d\u200e\u200f\u2060\u2062\u2064\ufeff\xad\u034f\u061c\u180e\u202a\u202e\u2066"
    "\u2069\ufe0f\u115f\u3164\U000e0041\U000e0100\x00\x07\x08\x0b\x0c\x1f\x7f\x85\x9a\u2028\u2029"
)
KEYS = {
    "aws-access-key": "AK" + "IA" + "Q7" * 8,
    "github-token": "gh" + "p_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5",
    "stripe-key": "sk_" + "live_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7",
}


def test_at_most_three_in_a_hundred_secrets_stay_and_none_of_a_shape_stays_whole() -> None:
    missed = [case for case in CASES if case.secret in redact(case.text)[0]]
    assert len(missed) <= len(CASES) * 0.03, [case.text for case in missed]
    shapes = {case.shape for case in CASES}
    assert len(shapes) >= 60
    for shape in shapes:
        of_shape = [case for case in CASES if case.shape == shape]
        assert sum(case in missed for case in of_shape) <= len(of_shape) // 3, shape


def test_at_most_one_in_two_hundred_harmless_texts_is_changed() -> None:
    texts = harmless.texts()
    assert len(texts) >= 1000
    changed = [text for text in texts if redact(text.text)[1]]
    assert len(changed) <= len(texts) * 0.005, [text.text for text in changed]


def test_redacting_each_labelled_secret_again_changes_nothing() -> None:
    for case in CASES:
        once, kinds = redact(case.text)
        assert redact(once) == (once, []), case.text
        assert kinds or case.secret in once


@given(st.sampled_from(sorted(KEYS)), st.data())
def test_an_invisible_character_anywhere_in_a_key_hides_nothing(
    kind: str, data: st.DataObject
) -> None:
    key = KEYS[kind]
    places = data.draw(st.lists(st.integers(1, len(key) - 1), max_size=5, unique=True))
    spoilt = key
    for place in sorted(places, reverse=True):
        signs = data.draw(st.text(INVISIBLE, min_size=1, max_size=3) | st.just("\x1b[1;31m"))
        spoilt = spoilt[:place] + signs + spoilt[place:]
    for text in (spoilt, f"日本 {spoilt} 👩\u200d💻 end"):
        clean, kinds = redact(text)
        assert kinds == [kind]
        assert clean == text.replace(spoilt, f"[redacted:{kind}]")
        stored = redact(inputs.text(text))[0]
        assert key not in "".join(sign for sign in stored if sign.isalnum() or sign == "_")


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_in_full_width_or_mathematical_letters_goes(kind: str) -> None:
    wide = "".join(chr(ord(sign) + 0xFEE0) if sign.isalnum() else sign for sign in KEYS[kind])
    assert redact(f"鍵は{wide}です") == (f"鍵は[redacted:{kind}]です", [kind])


@pytest.mark.parametrize(
    "text",
    [
        "ＦＵＬＬ ｗｉｄｔｈ： １２３４５６７８９０ １２３４５６７８",
        "👩\u200d💻 👨\u200d👩\u200d👧\u200d👦 ❤\ufe0f token count",
        "می\u200cخواهم، رمز عبور",
        "क्\u200dष password: पासवर्ड",
        "\u202bעברית\u202c and a key",
        "soft\xadhyphen in a password field",
        "e\u0301 ½ ﬁ … ™ № and the secret garden",
    ],
)
def test_a_text_without_a_secret_keeps_its_invisible_and_wide_characters(text: str) -> None:
    assert redact(text) == (text, [])


@given(st.text(st.sampled_from("ab \n\x1b[31m\u200bＡ\ufeff9;"), max_size=40))
def test_the_map_of_a_normal_form_leads_back_to_the_same_characters(text: str) -> None:
    form = normal(text)
    for place, sign in enumerate(form.text):
        start, end = form.original(place, place + 1)
        assert end == start + 1
        assert normal(text[start:end]).text == sign


def test_what_goes_to_a_model_has_no_hidden_characters_and_keeps_lines() -> None:
    assert without_hidden("a\u200bb\x1b[0m\n\tc\u202ed") == "ab[0m\n\tcd"


def _private_key(label: str, seed: int) -> tuple[str, list[str]]:
    key = values.pem(label, 10)(random.Random(seed))
    return key, key.split("\n")[1:-1]


@pytest.mark.parametrize("label", ["RSA", "EC", "OPENSSH", "ENCRYPTED", ""])
@pytest.mark.parametrize("form", ["plain", "json", "crlf", "indented", "log", "quoted"])
def test_a_private_key_cut_at_any_place_leaves_no_line_of_its_body(label: str, form: str) -> None:
    key, body = _private_key(label, 3)
    shown = {
        "plain": key,
        "json": json.dumps(key)[1:-1],
        "crlf": key.replace("\n", "\r\n"),
        "indented": key.replace("\n", "\n    "),
        "log": key.replace("\n", "\n2026-03-01T10:00:00Z web1 | "),
        "quoted": key.replace("\n", '\\n" +\n  "'),
    }[form]
    armour = len(f"-----BEGIN {label} PRIVATE KEY-----".replace("  ", " "))
    for cut in range(armour, len(shown), 37):
        assert not any(line in redact(f"x {shown[:cut]}")[0] for line in body), cut
    for cut in range(0, len(shown) - armour - 1, 37):
        assert not any(line in redact(f"{shown[cut:]} y")[0] for line in body), cut


def test_a_key_file_in_base64_goes() -> None:
    key, _ = _private_key("RSA", 4)
    coded = base64.b64encode(key.encode()).decode()
    clean, kinds = redact(f"data:\n  tls.key: {coded}\n")
    assert kinds == ["private-key"]
    assert coded[200:240] not in clean


def test_time_grows_with_the_text_and_not_faster() -> None:
    """Sixteen times the text may take 100 times as long on a busy machine; quadratic is 256."""
    redact("AC" + "a1" * 16)  # imports the detectors
    units = [
        "password", "password=", "password='", "password=a1b2c3d4e5;", 'token="x" ', ":", "/", "a:",
        "://a:b@", "--password=", "curl -u a:", "cookie: a=", "-----BEGIN PRIVATE KEY-----\n",
        "-----END PRIVATE KEY-----\n", "A" * 64 + "\n", "\u200b", "\x1b[", "ａ", "eyJ",
        "AC" + "a" * 32 + " ",
        "docker login ", "login a password ", "Q~", ":A", "password is ", "auth", "-p ",
        "secret=/" + "aB3" * 60 + "= ", "password=/" + "a" * 300 + "! ",
        "token=my" + "key-" * 30 + "1 ",
    ]  # fmt: skip
    for unit in units:
        small, large = (_time(unit * (size // len(unit))) for size in (16_000, 256_000))
        assert large < max(small, 0.02) * 100, (unit, small, large)


def _time(text: str) -> float:
    start = time.process_time()
    redact(text)
    return time.process_time() - start
