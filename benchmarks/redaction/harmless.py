"""Texts without a secret: source code, identifiers, lock files, messages, documentation."""

from __future__ import annotations

import base64
import hashlib
import random
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.redaction import values as v

_PER_KIND = 24
_CODE_CHUNKS = 420
_CHUNK = 25
_ROOT = Path(__file__).parents[2]
_WORDS = (
    "cart order invoice parser worker socket buffer thread signal module handler queue cache "
    "login session cookie header token secret password field value driver engine bridge"
).split()


@dataclass(frozen=True)
class Text:
    """One harmless text and its kind."""

    kind: str
    text: str
    held_out: bool


def _filled(template: str, r: random.Random) -> str:
    """Replace each marker of a template by a random value of its kind."""
    makers = {
        "SHA1": v.hexed(40), "SHA256": v.hexed(64), "MD5": v.hexed(32), "SHORT": v.hexed(7),
        "UUID": v.uuid(), "B32": v.base64_of(32), "B64": v.base64_of(64), "B300": v.base64_of(300),
        "NUM": v.digits(5), "HEX16": v.hexed(16), "ADDR": v.hexed(12),
        "WORD": lambda random_: random_.choice(_WORDS),
        "CAMEL": lambda random_: "".join(w.title() for w in random_.sample(_WORDS, 3)),
    }  # fmt: skip
    for marker, maker in sorted(makers.items(), key=lambda pair: -len(pair[0])):
        while f"@{marker}@" in template:
            template = template.replace(f"@{marker}@", maker(r), 1)
    return template


_TEMPLATES: dict[str, tuple[str, ...]] = {
    "git objects": ("fatal: bad object @SHA1@", "index @SHORT@..@SHORT@ 100644",
                    "commit @SHA1@\nMerge: @SHORT@ @SHORT@", "* @SHORT@ fix the @WORD@"),
    "image digests": ("pulling acme/@WORD@@sha256:@SHA256@", "sha256:@SHA256@: Pull complete"),
    "uuids": ("order @UUID@ was not found", "request_id=@UUID@", "{\"id\": \"@UUID@\"}",
              "trace @UUID@ span @HEX16@"),
    "npm locks": ("\"integrity\": \"sha512-@B64@\"", "\"resolved\": "
                  "\"https://registry.test/@WORD@/-/@WORD@-1.2.3.tgz#@SHA1@\"",
                  "  resolution: {integrity: sha512-@B64@}"),
    "go.sum": ("golang.org/x/@WORD@ v0.14.0 h1:@B32@", "github.test/acme/@WORD@ v1.2.3/go.mod "
               "h1:@B32@"),
    "cargo and poetry locks": ("checksum = \"@SHA256@\"", "    --hash=sha256:@SHA256@ \\",
                               "content-hash = \"@SHA256@\"", "{file = \"x.whl\", hash = "
                               "\"sha256:@SHA256@\"},"),
    "base64 images": ("data:image/png;base64,@B300@", "src=\"data:image/svg+xml;base64,@B300@\"",
                      "background: url(data:font/woff2;base64,@B300@)"),
    "java names": ("\tat com.acme.security.@CAMEL@.authenticate(@CAMEL@.java:@NUM@)",
                   "org.springframework.security.web.@CAMEL@Filter.attemptAuthentication",
                   "Caused by: com.acme.@CAMEL@TokenException: @WORD@ expired"),
    "typescript errors": ("error TS2345: Argument of type '@CAMEL@Token' is not assignable to "
                          "parameter of type '@CAMEL@Secret'.",
                          "Property 'password' does not exist on type '@CAMEL@'.",
                          "Type '{ token: string; apiKey: string; }' is missing @WORD@"),
    "python calls": ("TypeError: login() missing 1 required positional argument: 'password'",
                     "connect(host='db', password=None, timeout=@NUM@)",
                     "def login(self, password: str, token: str | None = None) -> @CAMEL@:",
                     "self.api_key = api_key or settings.API_KEY",
                     "token = request.headers.get('X-Auth-Token')",
                     "password = getpass.getpass('Password: ')", "secret = secrets.token_hex(32)",
                     "assert user.check_password('correct-horse')",
                     "token = self._@WORD@_token(@WORD@)", "if token.type == TokenType.@CAMEL@:"),
    "environment": ("password = os.environ['DB_PASSWORD']", "KeyError: 'STRIPE_SECRET_KEY'",
                    "const key = process.env.API_KEY;", "echo ${API_TOKEN:-missing}",
                    "DB_PASSWORD=${DB_PASSWORD}", "TOKEN=$(cat /run/secrets/token)",
                    "API_KEY=$1", "password: ${{ secrets.DB_PASSWORD }}",
                    "password: \"{{ vault_password }}\"", "secret = var.client_secret",
                    "api_key = data.vault.@WORD@.api_key", "PASSWORD=%DB_PASSWORD%"),
    "placeholders": ("set DB_PASSWORD=<your-password> first", "DB_PASSWORD=********",
                     "api_key: YOUR_API_KEY", "token: xxxxxxxxxxxxxxxx", "password=changeme",
                     "Authorization: Bearer <token>", "API_KEY=your-api-key-here",
                     "postgres://user:password@localhost/db", "secret: [REDACTED]",
                     "https://<user>:<password>@host/", "password: ...", "token=REPLACE_ME",
                     "curl -u user:password https://x.test", "client_secret: TODO",
                     "--password=<password>", "mysql -u root -p"),
    "model counts": ("max_tokens=@NUM@ prompt_tokens=@NUM@ TOKEN_LIMIT=128000",
                     "{\"total_tokens\": @NUM@, \"cached_tokens\": 0}",
                     "tokenizer.eos_token = '</s>'", "pad_token_id: @NUM@",
                     "TOKENIZERS_PARALLELISM=false"),
    "parsers": ("SyntaxError: Unexpected token '}' at line @NUM@", "TOKEN=RBRACE expected",
                "Token(type=IDENT, value='@WORD@')", "unexpected token: @WORD@",
                "token: NAME '@WORD@'", "yylex: token=T_VARIABLE line=@NUM@",
                "ParseError: token recognition error at: '@WORD@'"),
    "setting names": ("CSRF_COOKIE_NAME='csrftoken' SESSION_COOKIE_NAME=\"sessionid_v2\"",
                      "PASSWORD_MIN_LENGTH = 12; TOKEN_TTL='15minutes'",
                      "token_endpoint: https://id.acme.test/oauth/token",
                      "TokenType.ACCESS_TOKEN = 'access_token'", "grant_type=refresh_token",
                      "password_hasher = 'argon2id'", "token_type=Bearer expires_in=3600",
                      "secret_name: cart-tls-2026-05", "API_KEY_HEADER = 'X-Api-Key'",
                      "password_field='user_password'", "secretName: @WORD@-tls",
                      "PASSWORD_RESET_TIMEOUT=259200", "private_key_file = /etc/ssl/@WORD@.pem",
                      "ssh_private_key_path: ~/.ssh/id_ed25519", "token_url=/oauth2/v1/token"),
    "addresses": ("http://localhost:8080/login?next=/@WORD@", "git@github.test:acme/@WORD@.git",
                  "ssh://git@host:22/repo.git", "postgres://localhost:5432/@WORD@",
                  "https://x.test/@WORD@?page=2&sort=key", "chown: root:www-data@web1",
                  "mailto:ada@example.org", "redis://cache:6379/0",
                  "https://app@sentry.test/@NUM@", "http://[::1]:80/a:b@c"),
    "kubernetes": ("secret \"@WORD@-tls\" not found", "valueFrom:\n  secretKeyRef:\n    name: "
                   "@WORD@-db\n    key: password", "Mounts:\n  /var/run/secrets/kubernetes.io/"
                   "serviceaccount from kube-api-access-x7k2p (ro)", "pod/@WORD@-7d9f8b6c5d-x2k4p",
                   "SecretName:  default-token-x7k2p", "kind: Secret\ntype: Opaque",
                   "imagePullSecrets:\n- name: regcred-@WORD@"),
    "containers": ("container @HEX16@ exited (137)", "ID: @SHA256@", "docker run -p 8080:80 acme",
                   "docker ps -a -q", "mkdir -p /srv/@WORD@", "ssh -p 2222 ada@host"),
    "bundles": ("ChunkLoadError: Loading chunk 77 failed (https://cdn.test/77.@MD5@.chunk.js)",
                "GET /assets/index-@SHORT@.js 404", "webpack:///./src/@WORD@/token.ts?@SHORT@",
                "/static/media/@WORD@.@MD5@.woff2"),
    "prose": ("Basic authentication is disabled; use Bearer authentication-scheme instead",
              "keep secret rotation at 90 days", "The password is wrong for the @WORD@",
              "password must contain 8 to 64 characters", "Token expired 15 minutes ago",
              "the secret: never trust the @WORD@", "Enter password:", "the token is invalid",
              "access key: see the wiki page", "Password: is it required?",
              "we store tokens in Redis; key: user id", "bearer of the @WORD@ token",
              "api key is missing or malformed", "the pass: 3 of 12 tests"),
    "words like tokens": ("sk-learn-contrib-imbalanced-learn is missing",
                          "risk-assessment-2026-report-for-the-board.pdf",
                          "task-management-of-the-@WORD@-and-more", "hf_transfer is not installed",
                          "pat_matching_and_other_names", "npm_config_registry_and_more_names",
                          "key-value-store-for-the-@WORD@", "eyJ is how a token begins"),
    "system files": ("cat: /etc/passwd: Permission denied", "root:x:0:0:root:/root:/bin/bash",
                     "PWD=/home/ada/src/@WORD@", "OLDPWD=/srv/app2/@WORD@", "-rw------- id_rsa",
                     "pam_unix(sshd:auth): authentication failure; user=ada", "passwd: files sss"),
    "html": ("<input type=\"password\" name=\"password\" autocomplete=\"current-password\">",
             "<label for=\"token\">Token: @WORD@</label>", "<meta name=\"csrf-param\" "
             "content=\"authenticity_token\">", "input[type=password]:focus"),
    "translations": ("\"password\": \"Passwort\", \"password_repeat\": \"Passwort wiederholen\"",
                     "\"password\": \"Mot-de-passe\"", "\"token\": \"Jeton d'accès\"",
                     "password: \"Contraseña\"", "\"forgot_password\": \"Passwort vergessen?\"",
                     "msgid \"password\"\nmsgstr \"Kata sandi\"", "secret: 秘密の鍵",
                     "密码错误：用户 zhang 登录失败 (password: 错误的密码)", "пароль: неверный"),
    "schemas": ("api_key: \"string (required)\"", "password: { type: String, required: true }",
                "token: varchar(255) NOT NULL", "\"password\": {\"type\": \"string\"}",
                "password VARCHAR(60) DEFAULT NULL", "secret: z.string().min(32)",
                "password:string", "Token *string `json:\"token\"`", "apiKey?: string;",
                "private String password;", "password = models.CharField(max_length=128)"),
    "sql": ("UPDATE users SET password = 'hashed-value' WHERE id = $1",
            "INSERT INTO \"users\" (\"username\", \"password\") VALUES ($1, $2)",
            "SELECT token, secret FROM @WORD@ WHERE token = ?", "WHERE api_key = :api_key",
            "CREATE USER app IDENTIFIED BY :password"),
    "public keys": ("SHA256:@B32@", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI@B32@ ada@laptop",
                    "-----BEGIN CERTIFICATE-----\n@B64@\n@B64@\n-----END CERTIFICATE-----",
                    "-----BEGIN PUBLIC KEY-----\n@B64@\n-----END PUBLIC KEY-----",
                    "pin-sha256=\"@B32@\"", "public_key: @B32@", "PublicKey = @B32@"),
    "tracing": ("traceparent: 00-@MD5@-@HEX16@-01", "ETag: \"@SHA1@\"", "x-request-id: @UUID@",
                "sentry-trace: @MD5@-@HEX16@-1", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "CF-Ray: @HEX16@-FRA", "X-Amzn-Trace-Id: Root=1-@SHORT@-@HEX16@"),
    "addresses in memory": ("0x00007ff8@ADDR@ in __asan_memcpy", "main.(*TokenStore).Secret("
                            "0xc00009e000, {0x4c0f3a, 0x5})", "[<@HEX16@>] do_syscall_64+0x5c"),
    "cloud names": ("arn:aws:iam::123456789012:role/@WORD@ cannot assume",
                    "projects/acme-prod-1234/secrets/db-password/versions/3",
                    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbC1dE",
                    "vpc-0a1b2c3d4e5f60718", "i-0abcd1234efgh5678", "@WORD@.s3.eu-west-1.test"),
    "cookies": ("Cookie: theme=dark; lang=en", "set-cookie: consent=yes; Path=/; Max-Age=3600",
                "document.cookie = name + '=' + value", "cookie: @WORD@ is not set"),
    "checks": ("md5: @MD5@", "sha1sum: @SHA1@  dist.tar.gz", "cache key: @SHA256@",
               "cache-key=linux-pip-@SHA256@", "fingerprint: @MD5@", "partition_key = @UUID@",
               "primary key: @NUM@", "foreign key (user_id)", "nextPageToken: @HEX16@"),
    "shells": ("curl -fsSL https://x.test | sh", "curl -X POST -d '{}' https://x.test",
               "redis-cli -h cache ping", "docker login registry.test", "unzip -P",
               "tar -xzf a.tgz",
               "npm config set registry https://r.test", "mysql --password", "rsync -avz a b",
               "acme login --password-stdin < file", "docker build --secret id=npmrc,src=.npmrc .",
               "usage: acme [--token TOKEN] [--password PASSWORD] FILE",
               "  --token TOKEN      the token to use (default: none)"),
    "own ids": ("D-7k3f9q2m supersedes E-00000000", "[redacted:github-token] was refused",
                "see S-@SHORT@ for the @WORD@", "password=[redacted:assigned-secret]"),
}  # fmt: skip


def _templates() -> Iterator[Text]:
    for kind, templates in _TEMPLATES.items():
        for number in range(_PER_KIND):
            place = number % len(templates)
            r = random.Random(f"{kind} {number}")
            yield Text(kind, _filled(templates[place], r), place % 2 == 1)


def _sources() -> list[tuple[str, Path]]:
    """Return the standard library's and the project's own files, secrets of tests left out."""
    library = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    packages = Path(sysconfig.get_paths()["purelib"])
    installed = [path for name in ("click", "msgspec", "huggingface_hub", "mcp", "yaml")
                 for path in sorted(packages.joinpath(name).rglob("*.py"))]  # fmt: skip
    own = [path for folder in ("kagura_git", "docs", "hooks", "scripts")
           for path in sorted(_ROOT.joinpath(folder).rglob("*"))
           if path.suffix in {".py", ".md", ".toml", ".yml", ".sh"} and "secret" not in str(path)
           and path.name != "redact.py"]  # fmt: skip
    return [
        *(("standard library", path) for path in library),
        *(("installed packages", path) for path in installed),
        *(("own files", path) for path in own),
    ]


def _code() -> Iterator[Text]:
    sources = _sources()
    for number in range(_CODE_CHUNKS):
        r = random.Random(f"code {number}")
        kind, path = sources[r.randrange(len(sources))]
        lines = path.read_text("utf-8", "replace").splitlines()
        start = r.randrange(max(1, len(lines) - _CHUNK))
        name_hash = hashlib.sha256(path.name.encode()).digest()[0]
        yield Text(kind, "\n".join(lines[start : start + _CHUNK]), name_hash % 2 == 1)


def _beside_keywords() -> Iterator[Text]:
    """Yield the lines of real source code that speak of passwords, tokens, keys and secrets."""
    wanted = ("password", "passwd", "secret", "token", "api_key", "apikey", "credential", "auth")
    found: dict[str, bool] = {}
    for _, path in _sources():
        name_hash = hashlib.sha256(path.name.encode()).digest()[0]
        for line in path.read_text("utf-8", "replace").splitlines():
            if any(word in line.lower() for word in wanted) and 12 < len(line) < 300:
                found.setdefault(line.strip(), name_hash % 2 == 1)
    lines = sorted(found)
    for line in random.Random(5).sample(lines, min(600, len(lines))):
        yield Text("code lines with such words", line, found[line])


def _random_bytes() -> Iterator[Text]:
    for number in range(20):
        data = random.Random(f"bytes {number}").randbytes(2000)
        text = base64.encodebytes(data).decode()
        yield Text(
            "wrapped base64", f"Content-Transfer-Encoding: base64\n\n{text}", number % 2 == 1
        )


def texts() -> list[Text]:
    """Return the harmless texts, the same ones on every run on the same installation."""
    return [*_templates(), *_code(), *_beside_keywords(), *_random_bytes()]
