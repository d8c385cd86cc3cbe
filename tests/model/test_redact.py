"""Secrets out, everything else untouched. Tokens are built in pieces: scanners read this file."""

from __future__ import annotations

import time
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagura_git.model.redact import redact, redact_record
from tests.record_strategies import decision, error, session

HEX = "0123456789abcdef"
MIX = "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9fG1hJ3kL5"
KEY_LINES = "\n".join(["MIIEpAIBAAKCAQEA" + MIX[:48]] * 6 + ["Qz1=="])


def pem(label: str = "RSA ") -> tuple[str, str]:
    dashes = "-" * 5
    return f"{dashes}BEGIN {label}PRIVATE KEY{dashes}", f"{dashes}END {label}PRIVATE KEY{dashes}"


TOKENS = {
    "anthropic-key": "sk-" + "ant-api03-" + MIX,
    "openai-key": "sk-" + "proj-" + MIX[:48],
    "google-api-key": "AI" + "za" + MIX[:35],
    "google-oauth-token": "ya" + "29." + MIX[:40],
    "github-token": "gh" + "p_" + MIX[:36],
    "gitlab-token": "gl" + "pat-" + MIX[:20],
    "hugging-face-token": "h" + "f_" + MIX[:34],
    "slack-token": "xo" + "xb-" + "123456789012-1234567890123-" + MIX[:24],
    "slack-webhook": "https://hooks." + "slack.com/services/" + "T0AB/B0CD/" + MIX[:24],
    "stripe-key": "sk_" + "live_" + MIX[:24],
    "npm-token": "np" + "m_" + MIX[:36],
    "pypi-token": "py" + "pi-" + MIX,
    "aws-access-key": "AK" + "IA" + "ABCDEFGHIJKLMNOP",
    "digitalocean-token": "do" + "p_v1_" + HEX * 4,
    "shopify-token": "sh" + "pat_" + HEX * 2,
    "databricks-token": "da" + "pi" + HEX * 2,
    "sendgrid-key": "SG" + "." + MIX[:22] + "." + MIX[:43],
    "jwt": "ey" + "JhbGciOiJIUzI1NiJ9" + "." + "ey" + "JzdWIiOiIxMjM0In0" + "." + MIX[:43],
    "mailchimp-access-key": HEX * 2 + "-us" + "12",
    "twilio-api-key": "S" + "K" + HEX * 2,
    "telegram-bot-token": "123456789" + ":" + MIX[:35],
    "square-oauth-secret": "sq0" + "csp-" + MIX[:43],
    "discord-bot-token": "M" + MIX[:23] + "." + MIX[:6] + "." + MIX[:27],
}
OTHER_FORMS = {
    "github fine-grained": ("github-token", "github_" + "pat_" + MIX[:22] + "_" + MIX),
    "github app": ("github-token", "gh" + "s_" + MIX[:36]),
    "stripe webhook": ("stripe-key", "wh" + "sec_" + MIX[:32]),
    "stripe restricted": ("stripe-key", "rk_" + "test_" + MIX[:24]),
    "openai legacy": ("openai-key", "sk-" + MIX[:48]),
    "aws session": ("aws-access-key", "AS" + "IA" + "ABCDEFGHIJKLMNOP"),
    "npmrc": ("npm-token",
    "//registry.example.com/:_auth" + "Token=" + "12345678-1234-1234-1234-123456789abc"),
}  # fmt: skip


@pytest.mark.parametrize("around", ["{}", "key: {}", "'{}'", "f({})", "x={}\n", "…{}…", "a\n{}\nb"])
@pytest.mark.parametrize("kind", TOKENS)
def test_a_providers_token_goes_wherever_it_stands(kind: str, around: str) -> None:
    token = TOKENS[kind]
    clean, kinds = redact(around.format(token))
    assert token not in clean
    assert f"[redacted:{kind}]" in clean
    assert kind in kinds


@pytest.mark.parametrize("name", OTHER_FORMS)
def test_a_providers_other_forms_go_too(name: str) -> None:
    kind, token = OTHER_FORMS[name]
    clean, kinds = redact(f"see {token} there")
    assert token.rpartition("=")[2] not in clean
    assert kind in kinds


SECRET = "hunter" + "2-" + "Tr0ub4dor"
ASSIGNED = [
    ("postgres://shop:{}@db.test/shop", "url-password"),
    ("https://:{}@cache.test", "url-password"),
    ("redis://u:p@{}@host:6379/0", "url-password"),
    ("MONGO=mongodb+srv://u:{}@c.test/x?y=z", "url-password"),
    ('{{"pass' + 'word": "{}"}}', "assigned-secret"),
    ('{{\\"pass' + 'word\\": \\"{}\\"}}', "assigned-secret"),
    ("db_pass" + "wd = '{}'", "assigned-secret"),
    ("config.api" + "Key = '{}';", "assigned-secret"),
    ("client_sec" + 'ret: "{}"', "assigned-secret"),
    ("AWS_SEC" + "RET_ACCESS_KEY={}", "assigned-secret"),
    ("export DATABASE_PASS" + "WORD={}\n", "assigned-secret"),
    ("GITHUB_TOK" + "EN={} make", "assigned-secret"),
]


@pytest.mark.parametrize(("form", "kind"), ASSIGNED)
def test_an_assigned_secret_goes_and_what_it_is_assigned_to_stays(form: str, kind: str) -> None:
    clean, kinds = redact(form.format(SECRET))
    assert SECRET not in clean
    assert kinds == [kind]
    assert clean.startswith(form.split("{}")[0].replace("{{", "{").replace("p@", "")[:12])


def test_what_an_authorization_header_carries_goes() -> None:
    basic = b64encode(b"ada:correct horse 1").decode()
    for header, kind in [(f"Authorization: Basic {basic}", "basic-auth"),
                         (f"authorization: bearer {MIX[:30]}", "bearer-token"),
                         (f"-H 'Authorization: Bearer {MIX[:30]}.x=='",
                         "bearer-token")]:  # fmt: skip
        clean, kinds = redact(header)
        assert basic not in clean
        assert MIX[:30] not in clean
        assert kinds == [kind]


@pytest.mark.parametrize("label", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
@pytest.mark.parametrize("newline", ["\n", "\\n", "\r\n"])
def test_a_whole_private_key_goes(label: str, newline: str) -> None:
    begin, end = pem(label)
    clean, kinds = redact(f"a\n{begin}\n{KEY_LINES}\n{end}\nz".replace("\n", newline))
    assert clean == f"a{newline}[redacted:private-key]{newline}z"
    assert kinds == ["private-key"]


@pytest.mark.parametrize("newline", ["\n", "\\n"])
@pytest.mark.parametrize("head", ["", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0F1E\n\n"])
def test_a_private_key_without_its_end_goes(head: str, newline: str) -> None:
    begin, _ = pem()
    text = f"x {begin}\n{head}{KEY_LINES}\n[... 9 characters left out ...]".replace("\n", newline)
    clean, _ = redact(text)
    assert "MIIE" not in clean
    assert "left out" in clean


def test_a_private_key_without_its_beginning_goes() -> None:
    _, end = pem()
    clean, kinds = redact(f"[... left out ...]\n{KEY_LINES}\n{end}\nafter")
    assert "MIIE" not in clean
    assert MIX[:20] not in clean
    assert clean.endswith("after")
    assert kinds == ["private-key"]


def test_two_private_keys_go_apart_and_the_text_between_stays() -> None:
    begin, end = pem()
    key = f"{begin}\n{KEY_LINES}\n{end}"
    assert redact(f"{key}\nbetween\n{key}")[0] == (
        "[redacted:private-key]\nbetween\n[redacted:private-key]"
    )


def test_the_private_lines_of_a_putty_key_go() -> None:
    text = "PuTTY-User-Key-File-3: ssh-rsa\nPrivate-Lines: 2\n" + KEY_LINES + "\nPrivate-MAC: 1f"
    assert "MIIE" not in redact(text)[0]


INNOCENT = [
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "sha256:" + HEX * 4,
    "6f1c2b3a-9d4e-4f5a-8b7c-1d2e3f4a5b6c",
    "D-7k3f9q2m supersedes E-00000000",
    "password: str",
    "password: str | None = None",
    "token = get_token()",
    "TOKEN=get_token()",
    'TOKEN=os.environ["TOKEN"]',
    "TOKEN=$(cat token)",
    "TOKEN=${GITHUB_TOKEN}",
    "secret = secrets.token_hex(16)",
    "self.api_key = api_key",
    "def login(password, token): ...",
    'password = ""',
    'password = "short"',
    "MAX_TOKENS=128000",
    "TOKENIZERS_PARALLELISM=disabled",
    "The basic understanding of authentication and basic configuration",
    "use basic src/components/layout for it",
    "bearer authentication-scheme is required",
    "the bearer certificate/verification step",
    "https://example.test:8443/path?x=1",
    "git@github.com:owner/repo.git",
    "ssh://git@host:22/repo.git",
    "file:///home/ada/src/x.py",
    "see http://[::1]:80/ and mailto:ada@example.org",
    "class SecretKeeper(Keeper): pass",
    "skipped task-management-of-the-day-and-more",
    "eyJ is how a token starts",
    'import { tokenize } from "./tokenizer"',
    "if password == other_password_variable:",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ",
    "BEGIN PUBLIC KEY and END PUBLIC KEY",
    "sha512-" + "q7Rj3X" * 14 + "==",
    "  File \"/home/ada/shop/src/auth/token.py\", line 12, in refresh_token\n    at 0x7f3c1a2b",
    "    at TokenService.getAccessToken (/srv/app/src/auth/token-service.ts:120:15)",
    "\tat com.shop.security.PasswordEncoder.encode(PasswordEncoder.java:42)",
    "main.(*TokenStore).Secret(0xc00009e000, {0x4c0f3a, 0x5})\n\t/src/secret.go:12 +0x1d",
    "日本語のパスワード: なし",
]  # fmt: skip


@pytest.mark.parametrize("text", INNOCENT)
def test_what_is_no_secret_is_not_touched(text: str) -> None:
    assert redact(text) == (text, [])


_fragments = st.sampled_from(
    [
        *TOKENS.values(), *(form.format(SECRET) for form, _ in ASSIGNED), *INNOCENT, *pem(),
        KEY_LINES, "Bearer ", "Basic ", "password=", '"', "'", " ", "\n", "=", ":", "@", "://",
        "u:", "[redacted:", "[redacted:jwt]", "]", "redacted", "SECRET=", "AccountKey=", "x",
        "aws_secret_access_key = '" + MIX[:40] + "'", "softlayer_api_key=" + HEX * 4,
        "cloudant_password: " + "abcdefghijklmnopqrstuvwx", "ibm_cloud_api_key = " + MIX[:44],
    ]
)  # fmt: skip


@given(st.lists(_fragments | st.text(max_size=8), max_size=8).map("".join))
def test_redacting_twice_is_redacting_once(text: str) -> None:
    once, _ = redact(text)
    assert redact(once)[0] == once


@given(st.lists(st.sampled_from(INNOCENT), max_size=4).map("\n".join), st.sampled_from([*TOKENS]))
def test_a_secret_goes_out_of_ordinary_text_alone(text: str, kind: str) -> None:
    clean, _ = redact(f"{text}\nfound {TOKENS[kind]} here\n{text}")
    assert TOKENS[kind] not in clean
    assert clean.startswith(f"{text}\nfound ")
    assert clean.endswith(f" here\n{text}")


@pytest.mark.parametrize("gap", ["word ", "line\n", "    ,", ",,,,,"])
@pytest.mark.parametrize("kind", TOKENS)
def test_a_secret_is_found_anywhere_in_a_long_text(kind: str, gap: str) -> None:
    """Long texts are read in overlapping pieces; a token must not fall between two."""
    for before in range(700, 1100, 29):
        clean, _ = redact(gap * (before // 5) + TOKENS[kind] + gap[::-1] * 400)
        assert TOKENS[kind] not in clean, before


def test_every_free_text_of_a_record_is_redacted_and_nothing_else() -> None:
    token = TOKENS["github-token"]
    record = decision(
        decision=token, rationale=token, alternatives=["fine", token], impact=token,
        tags=["a", token], review_note=token, related_files=["src/token.py"],
    )  # fmt: skip
    clean, kinds = redact_record(record)
    assert kinds == ["github-token"]
    assert token not in repr(clean)
    assert clean.alternatives == ["fine", "[redacted:github-token]"]
    assert (clean.id, clean.author, clean.created_at) == (
        record.id, record.author, record.created_at,
    )  # fmt: skip
    assert token in repr(record)
    stack, _ = redact_record(error(stack_trace=token, message=token, solution=token))
    assert token not in repr(stack)
    said, _ = redact_record(session(description=token, summary=token))
    assert token not in repr(said)


def test_a_clean_record_is_returned_as_it_is() -> None:
    record = decision()
    assert redact_record(record) == (record, [])
    assert redact_record(record)[0] is record


UNITS = [
    "\n", " ", "a", "a.", "a-", "a=", "=", ".", "1", ":", "'", '"', "password", "password-",
    "PASSWORD",
    "password = ", "password='", "'password': '", "SECRET=", "TOKEN", "api_key: ",
    pem()[0] + "\n", pem()[1],
    "-----BEGIN A", "-----", "A " * 9, "://", "a://", "a://b:", "a://b:c", "http://a:b@",
    "eyJaaaaaaaa.",
    "eyJ", "sk-", "SG.", "SG.aaaaaaaaaaaaaaaa.", "bearer ", "bearer\n", "basic ", "Basic aA",
    "xoxb-", "xoxb-1-",
    "A" * 64 + "\n", "A1b2-", HEX, HEX + "-us", "softlayer ", "sl_api_key ", "cloudant_password",
    "cl key ",
    "aws_secret_access_key=", "aws key '", "AccountKey=", "ibm_cloud_iam_api_key",
    "cos_secret_key = ",
    "sq0csp-", "Maaaaaaaaaaaaaaaaaaaaaaaa.", "//registry/:_authToken=", "//", "12345678:",
    "hello world ",
    "pypi-AgEIcHlwaS5vcmc", "glagent-", "npm_", "AKIA", "Private-Lines: 2\n", "\\n",
    "Proc-Type: ", "AKC",
]  # fmt: skip


def test_no_pattern_takes_quadratic_time() -> None:
    """The usual is 0.05 s for 30 KB; a quadratic pattern takes many times the limit."""
    redact("password='" + SECRET + "'")  # imports the detectors
    for unit in UNITS:
        text = unit * (30_000 // len(unit))
        start = time.process_time()
        redact(text)
        assert time.process_time() - start < 8, unit


@pytest.mark.parametrize("unit", ["a-", "password-", pem()[0] + "\n", "SG.", "sk-", "log line 1\n"])
def test_200_kb_of_the_worst_is_redacted_in_linear_time(unit: str) -> None:
    start = time.process_time()
    redact(unit * (200_000 // len(unit)))
    assert time.process_time() - start < 20
