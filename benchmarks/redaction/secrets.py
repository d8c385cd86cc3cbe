"""Shapes of secrets, and the places in which logs, tools and files show them.

A context holds ``{}`` where the secret stands. Of each list every second context
is held out: rules were written while only the others were looked at.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.redaction import values as v

PER_SHAPE = 12

# Where a token stands that is known by its own form.
TOKEN_CONTEXTS = (
    "2026-03-01T10:00:00Z ERROR auth: 401 for {} (request 8812)",
    '{"level":"error","msg":"invalid credentials","credential":"{}"}',
    "export SERVICE_AUTH={}",
    "curl -s -H 'Authorization: Bearer {}' https://api.acme.test/v1/me",
    "service:\n  auth: {}\n  region: eu",
    "requests.exceptions.HTTPError: 403 Client Error for url: https://api.acme.test/x?t={}&page=2",
    "client = Client('{}', timeout=30)",
    "&{Name:prod Auth:{} Retries:3}",
    "java.lang.IllegalArgumentException: bad token [{}]\n\tat com.acme.Auth.check(Auth.java:41)",
    '"Env": [\n  "PATH=/usr/bin",\n  "AUTH={}"\n]',
    "\x1b[31mError:\x1b[0m login with \x1b[1m{}\x1b[22m failed",
    "    Environment:\n      AUTH:  {}\n      MODE:  live",
    "<setting name='auth'>{}</setting>",
    "+ acme login {}",
    'auth = "{}"  # do not commit',
    "{'auth': '{}', 'user': 'ada'}",
    "| prod | {} | 2026-01-01 |",
    "got {}, expected another",
    "- {}",
    "ada@web1:~$ echo {} | acme login --stdin",
)

# Where a password stands that is known by the name beside it.
NAMED_CONTEXTS = (
    "NAME={}",
    "export NAME='{}'",
    'NAME: "{}"',
    "  NAME: {}",
    '{"user": "app", "NAME": "{}"}',
    '{\\"user\\": \\"app\\", \\"NAME\\": \\"{}\\"}',
    "connect() got an unexpected argument: {'host': 'db', 'NAME': '{}'}",
    "&{User:app NAME:{} Host:db}",
    "Settings{user='app', NAME='{}', host='db'}",
    "<NAME>{}</NAME>",
    '<add key="NAME" value="{}" />',
    '"Env": ["NAME={}", "PATH=/bin"]',
    "    Environment:\n      NAME:  {}\n      USER:  app",
    "\x1b[33mNAME\x1b[0m=\x1b[32m{}\x1b[0m",
    ':NAME => "{}",',
    "const NAME = '{}';",
    'NAME = "{}"',
    "time=10:00 level=debug msg=start NAME={} host=db",
    '$env:NAME = "{}"',
    "docker run -e NAME={} -p 80:80 acme/shop",
)


@dataclass(frozen=True)
class Shape:
    """One form of secret, how to make its value, and the texts that show it."""

    name: str
    value: v.Value
    contexts: tuple[str, ...]
    names: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Case:
    """One text with one secret in it."""

    shape: str
    secret: str
    text: str
    held_out: bool


def _token(name: str, *parts: str | v.Value) -> Shape:
    return Shape(name, v.joined(*parts), TOKEN_CONTEXTS)


TOKENS = (
    _token("aws access key", "AK", "IA", v.upper(16)),
    _token("aws session key", "AS", "IA", v.upper(16)),
    _token("aws bedrock key", "AB", "SK", v.alnum(120)),
    _token("github classic", "gh", "p_", v.alnum(36)),
    _token("github fine-grained", "github_", "pat_", v.alnum(22), "_", v.alnum(59)),
    _token("github app", "gh", "s_", v.alnum(36)),
    _token("gitlab pat", "gl", "pat-", v.url64(20)),
    _token("gitlab runner", "gl", "rt-", v.url64(20)),
    _token("gitlab trigger", "gl", "ptt-", v.hexed(40)),
    _token("slack bot", "xo", "xb-", v.digits(12), "-", v.digits(12), "-", v.alnum(24)),
    _token("slack app", "xa", "pp-1-A", v.upper(9), "-", v.digits(13), "-", v.hexed(64)),
    _token("slack webhook", "https://hooks.", "slack.com/services/T", v.upper(8), "/B", v.upper(8),
           "/", v.alnum(24)),
    _token("stripe live", "sk_", "live_", v.alnum(24)),
    _token("stripe restricted", "rk_", "live_", v.alnum(24)),
    _token("stripe webhook", "wh", "sec_", v.alnum(32)),
    _token("sendgrid", "SG", ".", v.url64(22), ".", v.url64(43)),
    _token("twilio key", "S", "K", v.hexed(32)),
    _token("mailchimp", v.hexed(32), "-us", "12"),
    _token("mailgun", "key", "-", v.hexed(32)),
    _token("npm", "np", "m_", v.alnum(36)),
    _token("pypi", "py", "pi-AgEIcHlwaS5vcmc", v.url64(80)),
    _token("rubygems", "ruby", "gems_", v.hexed(48)),
    _token("docker hub", "dckr_", "pat_", v.url64(27)),
    _token("atlassian", "ATA", "TT3xFf", v.url64(180), "=", v.upper(8)),
    _token("linear", "lin_", "api_", v.alnum(40)),
    _token("notion", "nt", "n_", v.digits(11), v.alnum(35)),
    _token("airtable", "pa", "t", v.alnum(14), ".", v.hexed(64)),
    _token("vault service", "hv", "s.", v.url64(95)),
    _token("doppler", "dp", ".st.prd.", v.alnum(40)),
    _token("supabase", "sb", "p_", v.hexed(40)),
    _token("digitalocean", "do", "p_v1_", v.hexed(64)),
    _token("shopify", "sh", "pat_", v.hexed(32)),
    _token("databricks", "da", "pi", v.hexed(32)),
    _token("hugging face", "h", "f_", v.alnum(34)),
    _token("anthropic", "sk-", "ant-api03-", v.url64(93), "AA"),
    _token("openai project", "sk-", "proj-", v.url64(74), "T3BlbkFJ", v.url64(74)),
    _token("google api", "AI", "za", v.url64(35)),
    _token("google oauth", "ya", "29.a0", v.url64(120)),
    _token("google oauth secret", "GOC", "SPX-", v.url64(28)),
    _token("xai", "xa", "i-", v.alnum(80)),
    _token("groq", "gs", "k_", v.alnum(52)),
    _token("perplexity", "pp", "lx-", v.alnum(48)),
    _token("replicate", "r", "8_", v.alnum(37)),
    _token("grafana", "gl", "sa_", v.alnum(32), "_", v.hexed(8)),
    _token("sentry", "sn", "tryu_", v.hexed(64)),
    _token("new relic", "NR", "AK-", v.upper(27)),
    _token("postman", "PM", "AK-", v.hexed(24), "-", v.hexed(34)),
    _token("pulumi", "pu", "l-", v.hexed(40)),
    _token("terraform cloud", v.alnum(14), ".atlas", "v1.", v.url64(64)),
    _token("planetscale", "pscale_", "tkn_", v.url64(43)),
    _token("dynatrace", "dt0", "c01.", v.upper(24), ".", v.upper(64)),
    _token("square", "sq0", "csp-", v.url64(43)),
    _token("telegram bot", v.digits(9), ":", "AA", v.url64(33)),
    _token("discord webhook", "https://discord.", "com/api/webhooks/", v.digits(18), "/",
           v.url64(68)),
    _token("teams webhook", "https://acme.", "webhook.office.com/webhookb2/", v.uuid(), "@",
           v.uuid(), "/IncomingWebhook/", v.hexed(32), "/", v.uuid()),
    _token("figma", "fi", "gd_", v.url64(40)),
    _token("sonarqube", "sq", "u_", v.hexed(40)),
    _token("artifactory", "AK", "Cp", v.alnum(69)),
    _token("azure client secret", v.alnum(3), "8", "Q~", v.url64(34)),
    _token("age key", "AGE-", "SECRET-KEY-1", v.chars("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)),
    _token("1password", "op", "s_eyJ", v.alnum(260)),
    _token("openshift", "sha", "256~", v.url64(43)),
    _token("brevo", "xkey", "sib-", v.hexed(64), "-", v.alnum(16)),
    _token("easypost", "EZ", "AK", v.alnum(54)),
    _token("flyio", "fo", "1_", v.url64(43)),
    _token("netlify", "nf", "p_", v.alnum(36)),
    Shape("jwt", v.jwt, TOKEN_CONTEXTS),
)  # fmt: skip


def _named(shape: str, value: v.Value, *names: str) -> Shape:
    return Shape(shape, value, NAMED_CONTEXTS, names)


NAMED = (
    _named("password", v.password, "password", "DB_PASSWORD", "dbPassword", "Password"),
    _named("passwd", v.password, "passwd", "MYSQL_PWD", "root_passwd", "ADMIN_PASS"),
    _named("passphrase", v.alnum(18), "passphrase", "SSH_PASSPHRASE", "keyPassphrase"),
    _named("secret", v.alnum(32), "secret", "client_secret", "clientSecret", "APP_SECRET"),
    _named("secret key", v.hexed(64), "SECRET_KEY", "secret_key_base", "jwtSecret"),
    _named("api key", v.alnum(32), "api_key", "apiKey", "API_KEY", "x-api-key"),
    _named("api key hex", v.hexed(32), "DD_API_KEY", "api-key", "ApiKey"),
    _named("token", v.alnum(40), "token", "ACCESS_TOKEN", "authToken", "refresh_token"),
    _named("token hex", v.hexed(32), "TWILIO_AUTH_TOKEN", "auth_token", "HEROKU_TOKEN"),
    _named("token uuid", v.uuid(), "SNYK_TOKEN", "api_token", "HEROKU_API_KEY"),
    _named("aws secret", v.base64_of(30), "aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"),
    _named("private key", v.base64_of(32), "private_key", "WG_PRIVATE_KEY", "PrivateKey"),
    _named("encryption key", v.base64_of(32), "ENCRYPTION_KEY", "encryptionKey", "SIGNING_KEY"),
    _named("credential", v.alnum(24), "credentials", "DEPLOY_CREDENTIAL", "credential"),
)

PLACED = (
    Shape("option with equals", v.password, (
        "Error: Command failed: mysqldump -u root --password={} shop > /tmp/x.sql",
        "$ rclone --sftp-pass={} lsd remote:",
        "exec: [\"acme\", \"--token={}\", \"serve\"]",
        "subprocess.CalledProcessError: Command '['acme', '--password={}', 'push']' returned 1",
        "ps: 812 ? Ssl 0:01 /usr/bin/acmed --secret={} --port=80",
        "  Args:\n    --api-key={}\n    --verbose",
        "wget --user=ada --http-password={} https://x.test",
        "java -jar app.jar --spring.datasource.password={}",
    )),
    Shape("option with a blank", v.password, (
        "$ acme login --username ada --password {} --verbose",
        "subprocess.CalledProcessError: Command '['acme', '--password', '{}']' returned 1",
        "twine upload -u ada --password {} dist/*",
        "Cmd: [\"acme\",\"--token\",\"{}\",\"run\"]",
        "gpg --batch --passphrase {} -d x.gpg",
        "keytool -list -keystore k.jks -storepass {}",
        "acme --auth-token '{}' deploy",
        "ansible-vault view --vault-password \"{}\" x.yml",
    )),
    Shape("mysql -p", v.alnum(18), (
        "Error: Command failed: mysql -uroot -p{} -h db shop",
        "+ mysqldump --single-transaction -u app -p{} shop",
        "sh -c 'mysqladmin ping -h 127.0.0.1 -u root -p{}'",
        "mariadb -h db -u app -p'{}' shop < dump.sql",
    )),
    Shape("short option", v.alnum(16), (
        "+ sshpass -p {} ssh root@10.0.0.3 uptime",
        "docker login -u acme -p {} registry.acme.test",
        "redis-cli -h cache -a {} ping",
        "ldapsearch -x -D cn=admin -w {} -b dc=acme",
        "sqlcmd -S db -U sa -P {} -Q 'select 1'",
        "mongosh -u app -p {} --host db",
        "sshpass -p '{}' scp a b:",
        "podman login quay.test --username ada -p {}",
        "smbclient //nas/share -U ada%{}",
        "unzip -P {} backup.zip",
    )),
    Shape("curl -u", v.alnum(16), (
        "curl -u ada:{} https://api.acme.test/",
        "curl -sS --user 'ada:{}' -X POST https://api.acme.test/",
        "curl -fsSLu ada:{} https://x.test",
        "curl --proxy-user ada:{} -x proxy:3128 https://x.test",
        "http -a ada:{} GET https://x.test",
        "curl -X PUT -u \"ada:{}\" -T f https://x.test",
    )),
    Shape("url with password", v.alnum(18), (
        "could not connect: postgresql+asyncpg://app:{}@db.internal:5432/shop?ssl=require",
        "DATABASE_URL=mysql://root:{}@db/shop",
        "redis://:{}@cache:6379/0",
        "amqp://guest:{}@rabbit:5672/%2f connection refused",
        "fatal: unable to access 'https://ada:{}@git.acme.test/shop.git/': 403",
        "mongodb+srv://app:{}@c0.mongo.test/?retryWrites=true",
        "ftp://ada:{}@files.acme.test/in",
        "{\"proxy\": \"http://ada:{}@proxy:3128\"}",
    )),
    Shape("url with token as user", v.hexed(40), (
        "fatal: unable to access 'https://{}@git.acme.test/shop.git/': 403",
        "origin\thttps://{}@git.acme.test/shop.git (fetch)",
        "pip install git+https://{}@git.acme.test/lib.git",
        "SENTRY=https://{}@sentry.acme.test/4",
    )),
    Shape("url parameter", v.alnum(32), (
        "GET /v1/orders?api_key={}&page=2 HTTP/1.1",
        "https://api.acme.test/cb?access_token={}#x",
        "https://maps.acme.test/js?key={}&v=3",
        "wss://x.test/socket?token={}",
        "https://acme.blob.test/c/f?sv=2022&sr=b&sig={}%3D",
        "https://b.s3.test/f?X-Amz-Expires=60&X-Amz-Signature={}",
    )),
    Shape("jdbc", v.password, (
        "jdbc:mysql://db:3306/shop?user=app&password={}&useSSL=true",
        "jdbc:sqlserver://db:1433;databaseName=shop;user=sa;password={};encrypt=true",
        "jdbc:postgresql://db/shop?user=app&password={}",
        "jdbc:oracle:thin:app/{}@db:1521/XE",
    )),
    Shape("libpq", v.password, (
        "connection failed: host=db port=5432 user=app password={} dbname=shop",
        "dsn=\"dbname=shop user=app password={} host=db\"",
        "psycopg2.connect(\"host=db user=app password='{}'\")",
        "PGPASSWORD={} psql -h db -U app shop",
    )),
    Shape("ado.net", v.password, (
        "Cannot open: Server=tcp:db.acme.test,1433;User ID=app;Password={};Encrypt=True",
        "\"Default\": \"Data Source=db;Initial Catalog=shop;User Id=sa;Pwd={};\"",
        "Server=db;Database=shop;Uid=app;Pwd={}",
        "Provider=SQLOLEDB;Data Source=db;Password={};User ID=sa",
    )),
    Shape("azure connection string", v.base64_of(64), (
        "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={};EndpointSuffix=x.test",
        "AZURE=\"AccountName=acme;AccountKey={}\"",
        "Endpoint=sb://acme.test/;SharedAccessKeyName=Root;SharedAccessKey={}",
        "HostName=acme.test;DeviceId=d1;SharedAccessKey={}",
    )),
    Shape("authorization header", v.url64(48), (
        "> Authorization: Bearer {}",
        "> Authorization: Token {}",
        "authorization: token {}",
        "Proxy-Authorization: Bearer {}",
        "{'Authorization': 'Bearer {}', 'Accept': '*/*'}",
        "headers: { authorization: 'ApiKey {}' }",
        "Authorization: {}",
        "-H \"Authorization: token {}\"",
    )),
    Shape("basic header", v.basic, (
        "> Authorization: Basic {}",
        "'Authorization': 'Basic {}'",
        "authorization=Basic {}",
        "{\"auths\": {\"r.test\": {\"auth\": \"{}\"}}}",
    )),
    Shape("key header", v.alnum(32), (
        "> GET /v1/orders HTTP/1.1\n> x-api-key: {}\n< HTTP/1.1 403 Forbidden",
        "curl -H 'DD-API-KEY: {}' https://x.test -> 403",
        "X-Auth-Token: {}",
        "PRIVATE-TOKEN: {}",
        "Ocp-Apim-Subscription-Key: {}",
        "x-vault-token: {}",
        "{'X-Api-Key': '{}'}",
        "X-Shopify-Access-Token: {}",
    )),
    Shape("cookie", v.alnum(32), (
        "> Cookie: theme=dark; sessionid={}",
        "Set-Cookie: JSESSIONID={}; Path=/; HttpOnly",
        "< set-cookie: session={}; Secure",
        "Cookie: PHPSESSID={}",
        "curl -b 'session={}' https://x.test",
        "cookie: connect.sid=s%3A{}.x; lang=en",
    )),
    Shape("netrc", v.password, (
        "machine git.acme.test login ada password {}",
        "machine git.acme.test\n  login ada\n  password {}\n",
        "default login ada password {}",
        "machine api.test\nlogin ada\npassword {}",
    )),
    Shape("npmrc", v.uuid(), (
        "//registry.acme.test/:_authToken={}",
        "//registry.acme.test/:_password=\"{}\"",
        "npm config set //r.test/:_authToken {}",
        "_auth={}",
    )),
    Shape("sql", v.password, (
        "CREATE USER app IDENTIFIED BY '{}';",
        "ALTER USER app WITH PASSWORD '{}';",
        "ERROR: syntax error at CREATE ROLE app LOGIN PASSWORD '{}' VALID",
        "CREATE LOGIN sa WITH PASSWORD = '{}'",
    )),
    Shape("server setting", v.alnum(20), (
        "requirepass {}",
        "masterauth {}",
        "API_KEY\t{}",
        "ENV API_TOKEN {}",
        "set -x GITHUB_TOKEN {}",
        "aws configure set aws_secret_access_key {}",
    )),
    Shape("prose", v.alnum(14), (
        "the password is {} for now",
        "login with password '{}'",
        "Your new password: {}",
        "use the token {} until Friday",
        "root password was set to {}",
        "pw: {}",
    )),
)  # fmt: skip

KEYS = ("RSA", "EC", "OPENSSH", "ENCRYPTED", "")


def _keys() -> Iterator[tuple[str, str, str]]:
    """Yield private keys whole, cut and escaped: shape, a piece of the body, the text."""
    for number in range(PER_SHAPE):
        r = random.Random(f"key {number}")
        label = KEYS[number % len(KEYS)]
        key = v.pem(label)(r)
        lines = key.split("\n")
        body = lines[5]
        yield "private key whole", body, f"read key:\n{key}\ndone"
        yield "private key without end", body, "\n".join(["log:", *lines[: r.randrange(7, 11)]])
        yield "private key without begin", body, "\n".join([*lines[r.randrange(1, 5) :], "end"])
        yield "private key armour cut", body, key[r.randrange(6, 12) : len(key) - 40]
        yield "private key in JSON", body, json.dumps({"type": "account", "private_key": key})
        yield "private key indented", body, "key: |\n  " + key.replace("\n", "\n  ")
        log = "\n".join(f"10:00:{number:02d} web1 | {line}" for number, line in enumerate(lines))
        yield "private key in a log", body, log
        yield "private key in JSON, cut", body, json.dumps({"private_key": key})[: len(key) - 300]


def cases() -> list[Case]:
    """Return the labelled secrets, the same ones on every run."""
    found = []
    for shape in (*TOKENS, *NAMED, *PLACED):
        r = random.Random(shape.name)
        start = r.randrange(len(shape.contexts)) if len(shape.contexts) > PER_SHAPE else 0
        for number in range(PER_SHAPE):
            place = (start + number) % len(shape.contexts)
            secret = shape.value(r)
            name = shape.names[number % len(shape.names)]
            text = shape.contexts[place].replace("NAME", name).replace("{}", secret)
            found.append(Case(shape.name, secret, text, place % 2 == 1))
    for number, (name, body, text) in enumerate(_keys()):
        found.append(Case(name, body, text, number // 8 % 2 == 1))
    return found
