"""Tokens that providers mark with a prefix of their own: prefix, alphabet and length.

Each line names where the provider, or the registration of the prefix for secret
scanning (https://docs.github.com/en/code-security/secret-scanning/introduction/
supported-secret-scanning-patterns, "GSS"), describes the form.
"""

from __future__ import annotations

import re
from typing import Final

from kagura_git.model.secrets.plausibility import is_random
from kagura_git.model.secrets.scan import Shape

_W: Final = r"[A-Za-z0-9_-]"
_A: Final = "[A-Za-z0-9]"
_H: Final = "[a-fA-F0-9]"
_ALONE: Final = r"(?<![A-Za-z0-9_])"


def _random(match: re.Match[str]) -> tuple[int, int] | None:
    """Return the match where its tail is no hyphenated words."""
    tail = match[0].removeprefix(match["prefix"])
    return match.span() if is_random(tail, 16) else None


def _token(kind: str, prefixes: str, tail: str) -> Shape:
    """Return the shape of a token; prefixes are separated by blanks."""
    words = tuple(prefixes.split())
    start = "|".join(map(re.escape, words))
    return Shape(kind, words, re.compile(rf"{_ALONE}(?:{start}){tail}"))


def _wordy(kind: str, prefixes: str, tail: str) -> Shape:
    """Return the shape of a token whose prefix and alphabet ordinary names share."""
    words = tuple(prefixes.split())
    start = "|".join(map(re.escape, words))
    return Shape(kind, words, re.compile(rf"{_ALONE}(?<!-)(?P<prefix>{start}){tail}"), _random)


SHAPES: Final[tuple[Shape, ...]] = (
    # https://docs.anthropic.com/en/api/admin-api
    _token("anthropic-key", "sk-ant-", rf"{_W}{{20,300}}"),
    # https://platform.openai.com/docs/api-reference/authentication; OpenRouter
    _token("openai-key", "sk-proj- sk-svcacct- sk-admin- sk-or-v1-", rf"{_W}{{20,300}}"),
    _wordy("openai-key", "sk-", rf"{_W}{{20,300}}"),
    # https://cloud.google.com/docs/authentication/api-keys
    _token("google-api-key", "AIza", r"[0-9A-Za-z_-]{35}"),
    # https://developers.google.com/identity/protocols/oauth2
    _token("google-oauth-token", "ya29.", r"[0-9A-Za-z_-]{20,1000}"),
    _token("google-oauth-secret", "GOCSPX-", rf"{_W}{{20,60}}"),
    # https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
    _token("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", r"[A-Za-z0-9]{36,255}"),
    _token("github-token", "github_pat_", r"[A-Za-z0-9_]{40,255}"),
    # https://docs.gitlab.com/security/tokens/#token-prefixes
    _token(
        "gitlab-token",
        "glpat- gldt- glrt- glrtr- glcbt- glptt- glft- glimt- glagent- gloas- glsoat- glffct- "
        "GR1348941",
        rf"{_W}{{20,300}}(?:\.[0-9a-z]{{9,12}})?",
    ),
    # https://huggingface.co/docs/hub/security-tokens
    _wordy("hugging-face-token", "hf_ api_org_", rf"{_A}{{30,60}}"),
    # https://api.slack.com/concepts/token-types
    _token("slack-token", "xoxa- xoxb- xoxe- xoxe.xox xoxo- xoxp- xoxr- xoxs- xapp- xoxc- xoxd-",
           r"[A-Za-z0-9%-]{10,400}"),
    # https://api.slack.com/messaging/webhooks
    Shape("slack-webhook", ("hooks.slack.com/",),
          re.compile(r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<secret>[A-Za-z0-9/_+-]{20,200})")),
    # https://docs.stripe.com/keys
    _token("stripe-key", "sk_live_ sk_test_ rk_live_ rk_test_ sk_prod_ rk_prod_",
           rf"{_A}{{10,260}}"),
    _wordy("stripe-key", "whsec_ sk_ rk_", r"[A-Za-z0-9+/]{20,260}={0,2}"),
    # https://docs.npmjs.com/about-access-tokens
    _token("npm-token", "npm_", r"[A-Za-z0-9]{36}"),
    # https://pypi.org/help/#apitoken
    _wordy("pypi-token", "pypi-", rf"{_W}{{40,1000}}"),
    # https://guides.rubygems.org/api-key-scopes/
    _token("rubygems-key", "rubygems_", rf"{_H}{{48}}"),
    # https://docs.docker.com/security/for-developers/access-tokens/
    _token("docker-token", "dckr_pat_ dckr_oat_", rf"{_W}{{20,60}}"),
    # GSS: Clojars, crates.io, NuGet
    _token("package-registry-token", "CLOJARS_", r"[a-z0-9]{60}"),
    _token("package-registry-token", "oy2", r"[a-z0-9]{43}(?![A-Za-z0-9])"),
    _wordy("package-registry-token", "cio", r"[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    Shape("aws-access-key", ("AKIA", "ASIA", "ABIA", "ACCA"),
          re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])")),
    # https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html
    _token("aws-bedrock-key", "ABSK", r"[A-Za-z0-9+/]{100,280}={0,2}"),
    # https://www.alibabacloud.com/help/en/ram/user-guide/create-an-accesskey-pair
    _wordy("alibaba-key", "LTAI", rf"{_A}{{16,24}}(?![A-Za-z0-9])"),
    # https://learn.microsoft.com/en-us/entra/identity-platform: three, a digit, "Q~"
    Shape("azure-client-secret", ("Q~",),
          re.compile(r"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}(?![\w~-])"), inside=True),
    # https://docs.digitalocean.com/reference/api/create-personal-access-token/
    _token("digitalocean-token", "doo_v1_ dop_v1_ dor_v1_ dot_v1_", r"[a-f0-9]{64}"),
    # https://shopify.dev/docs/apps/build/authentication-authorization
    _token("shopify-token", "shpat_ shpca_ shppa_ shpss_ shpua_", rf"{_H}{{32}}"),
    # https://docs.databricks.com/en/dev-tools/auth/pat.html
    _token("databricks-token", "dapi", r"[a-f0-9]{32}(?:-\d)?(?![A-Za-z0-9])"),
    # https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys
    _token("sendgrid-key", "SG.", rf"{_W}{{16,100}}\.{_W}{{16,100}}"),
    # https://developers.brevo.com/docs/getting-started
    _token("brevo-key", "xkeysib- xsmtpsib-", rf"{_H}{{64}}-{_A}{{16}}"),
    # https://documentation.mailgun.com/docs/mailgun/user-manual/api-key-mgmt/
    Shape("mailgun-key", ("key-",), re.compile(r"(?<![\w-])key-[a-f0-9]{32}(?![A-Za-z0-9])")),
    # https://mailchimp.com/developer/marketing/docs/fundamentals/
    Shape("mailchimp-access-key", ("-us",),
          re.compile(r"(?<![A-Za-z0-9])[a-f0-9]{32}-us\d{1,2}(?!\d)"), inside=True),
    # https://www.twilio.com/docs/iam/api-keys
    Shape("twilio-api-key", ("SK",), re.compile(r"(?<![A-Za-z0-9])SK[a-f0-9]{32}(?![A-Za-z0-9])")),
    # https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/
    _token("atlassian-token", "ATATT3 ATCTT3 ATBB", r"[A-Za-z0-9_=-]{24,400}"),
    # https://linear.app/developers/graphql
    _token("linear-key", "lin_api_ lin_oauth_ lin_wh_", rf"{_A}{{32,80}}"),
    # https://developers.notion.com/reference/authentication
    _wordy("notion-token", "ntn_ secret_", rf"{_A}{{40,60}}"),
    # https://airtable.com/developers/web/api/authentication
    Shape("airtable-token", ("pat",),
          re.compile(r"(?<![A-Za-z0-9_])pat[A-Za-z0-9]{14}\.[a-f0-9]{64}")),
    # https://developer.hashicorp.com/vault/docs/concepts/tokens#token-prefixes
    _token("vault-token", "hvs. hvb. hvr.", rf"{_W}{{20,400}}"),
    Shape("vault-token", ("s.",),
          re.compile(rf"(?<![\w.-])(?P<prefix>s\.){_A}{{24}}(?![\w.])"), _random),
    # https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens
    Shape("terraform-token", (".atlasv1.",),
          re.compile(rf"(?<![A-Za-z0-9]){_A}{{14}}\.atlasv1\.{_W}{{40,90}}"), inside=True),
    # https://docs.doppler.com/reference/auth-token-formats
    _token("doppler-token", "dp.st. dp.pt. dp.ct. dp.sa. dp.scim. dp.audit.",
           r"(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}"),
    # https://supabase.com/docs/guides/api/api-keys
    _token("supabase-token", "sbp_ sb_secret_", r"(?:oauth_)?[A-Za-z0-9_]{30,60}"),
    # GSS: services whose tokens begin with their name
    _token("planetscale-token", "pscale_tkn_ pscale_oauth_ pscale_pw_", r"[\w.=-]{32,64}"),
    _token("postman-key", "PMAK-", rf"{_H}{{24}}-{_H}{{34}}"),
    _token("pulumi-token", "pul-", r"[a-f0-9]{40}"),
    _token("prefect-token", "pnu_ pnb_", rf"{_A}{{36}}"),
    _token("readme-token", "rdme_", r"[a-z0-9]{60,80}"),
    _token("typeform-token", "tfp_", r"[\w.=-]{40,70}"),
    _token("shippo-token", "shippo_live_ shippo_test_", rf"{_H}{{40}}"),
    _token("duffel-token", "duffel_live_ duffel_test_", r"[\w=-]{43}"),
    _token("frameio-token", "fio-u-", r"[\w=-]{64}"),
    _token("easypost-key", "EZAK EZTK", rf"{_A}{{54}}"),
    _token("contentful-token", "CFPAT-", rf"{_W}{{40,50}}"),
    _token("infracost-key", "ico-", rf"{_A}{{32}}(?![A-Za-z0-9])"),
    _token("scalingo-token", "tk-us-", rf"{_W}{{48}}"),
    _token("flutterwave-key", "FLWSECK_TEST- FLWSECK-", r"[A-Za-z0-9-]{12,40}"),
    _token("settlemint-token", "sm_aat_ sm_pat_ sm_sat_", rf"{_A}{{16}}"),
    _token("octopus-key", "API-", r"[A-Z0-9]{26}(?![A-Z0-9])"),
    _token("adobe-secret", "p8e-", r"[A-Za-z0-9_-]{32}"),
    _token("intra42-secret", "s-s4t2ud- s-s4t2af-", rf"{_H}{{64}}"),
    _token("defined-networking-key", "dnkey-", r"[\w=-]{26}-[\w=-]{52}"),
    _token("yandex-key", "AQVN y0_AgAAAA", r"[A-Za-z0-9_-]{30,60}"),
    _token("yandex-key", "t1.", r"[A-Za-z0-9_-]{1,400}={0,2}\.[A-Za-z0-9_-]{86}={0,2}"),
    _token("clickhouse-key", "4b1d", rf"{_A}{{38}}(?![A-Za-z0-9])"),
    _token("cloudflare-key", "v1.0-", r"[a-f0-9]{24}-[a-f0-9]{146}"),
    _token("harness-key", "pat. sat.", rf"{_W}{{22}}\.{_A}{{24}}\.{_A}{{20}}"),
    _token("heroku-key", "HRKU-AA", rf"{_W}{{58}}"),
    # https://developers.facebook.com/docs/facebook-login/guides/access-tokens
    _wordy("facebook-token", "EAA", r"[A-Za-z0-9]{100,400}"),
    # https://developer.squareup.com/docs/build-basics/access-tokens
    _token("square-oauth-secret", "sq0csp- sq0atp- sq0idp-", rf"{_W}{{22,60}}"),
    _wordy("square-token", "EAAA", rf"{_W}{{56,64}}(?![\w-])"),
    # https://docs.x.ai, https://console.groq.com/docs, https://docs.perplexity.ai,
    # https://replicate.com/docs/topics/security/api-tokens, GSS
    _token("xai-key", "xai-", rf"{_A}{{60,100}}"),
    _token("groq-key", "gsk_", rf"{_A}{{40,80}}"),
    _token("perplexity-key", "pplx-", rf"{_A}{{40,80}}"),
    _token("replicate-token", "r8_", rf"{_A}{{37,40}}"),
    _token("nvidia-key", "nvapi-", rf"{_W}{{50,90}}"),
    _wordy("fireworks-key", "fw_", rf"{_A}{{20,30}}(?![A-Za-z0-9])"),
    _token("langchain-key", "lsv2_pt_ lsv2_sk_ ls__", r"[a-f0-9_]{32,60}"),
    _token("figma-token", "figd_ figo_ figu_", rf"{_W}{{38,60}}"),
    # https://grafana.com/docs/grafana/latest/administration/service-accounts/
    _token("grafana-token", "glsa_", rf"{_A}{{32}}_{_H}{{8}}"),
    _token("grafana-token", "glc_", r"[A-Za-z0-9+/]{32,400}={0,2}"),
    _token("grafana-token", "eyJrIjoi", r"[A-Za-z0-9]{60,400}={0,2}"),
    # https://docs.sentry.io/account/auth-tokens/
    _token("sentry-token", "sntryu_", r"[a-f0-9]{64}"),
    _token("sentry-token", "sntrys_", r"eyJ[A-Za-z0-9+/=_-]{40,600}"),
    # https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/
    _token("new-relic-key", "NRAK- NRII- NRIQ- NRRA- NRJS-", r"[A-Za-z0-9_-]{19,42}"),
    # https://docs.dynatrace.com/docs/discover-dynatrace/references/dynatrace-api/basics/dynatrace-api-authentication
    _token("dynatrace-token", "dt0c01. dt0s01. dt0s02.", r"[A-Za-z0-9]{8,24}\.[A-Za-z0-9]{64}"),
    # https://docs.sonarsource.com/sonarqube-server/user-guide/managing-tokens/
    _token("sonar-token", "squ_ sqp_ sqa_", r"[a-f0-9]{40}"),
    # https://jfrog.com/help/r/jfrog-platform-administration-documentation/access-tokens
    _token("artifactory-key", "AKCp", rf"{_A}{{50,90}}"),
    _token("artifactory-key", "cmVmd", rf"{_A}{{59}}(?![A-Za-z0-9])"),
    # https://developer.1password.com/docs/service-accounts/
    _token("1password-token", "ops_eyJ", r"[A-Za-z0-9+/_-]{100,2000}={0,3}"),
    Shape("1password-token", ("A3-",),
          re.compile(r"(?<![A-Za-z0-9])A3-[A-Z0-9]{6}(?:-[A-Z0-9]{5,11}){4,5}(?![A-Z0-9])")),
    # https://docs.openshift.com: an OAuth token is "sha256~" and its hash
    _token("openshift-token", "sha256~", rf"{_W}{{43}}"),
    # https://fly.io/docs/security/tokens/
    _token("fly-token", "fo1_", rf"{_W}{{43}}"),
    _token("fly-token", "fm1a_ fm1r_ fm2_", r"[A-Za-z0-9+/]{80,2000}={0,3}"),
    # https://docs.netlify.com/api/get-started/
    _token("netlify-token", "nfp_ nfc_ nfo_ nfu_", rf"{_A}{{36,40}}"),
    _token("vercel-token", "vcp_ vci_ vca_ vcr_ vck_", rf"{_A}{{24,60}}"),
    _token("sourcegraph-token", "sgp_", rf"(?:{_H}{{16}}_|local_)?{_H}{{40}}"),
    Shape("maxmind-key", ("_mmk",),
          re.compile(rf"(?<![A-Za-z0-9]){_A}{{6}}_{_A}{{29}}_mmk"), inside=True),
    # https://core.telegram.org/bots/api#authorizing-your-bot
    Shape("telegram-bot-token", (":A",),
          re.compile(rf"(?<![A-Za-z0-9])\d{{8,10}}:A{_W}{{34}}(?![\w-])"), inside=True),
    # https://discord.com/developers/docs/resources/webhook
    Shape("discord-webhook", ("/api/webhooks/", "/api/v10/webhooks/"),
          re.compile(rf"/api/(?:v10/)?webhooks/\d{{15,22}}/(?P<secret>{_W}{{50,90}})")),
    # https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors
    Shape("teams-webhook", ("webhook.office.com/",),
          re.compile(r"webhook\.office\.com/webhookb?2?/(?P<secret>[A-Za-z0-9@/-]{40,300})")),
    # https://docs.github.com/en/authentication; Microsoft's newer keys carry these marks at the end
    Shape("azure-key", ("AzFu", "+ASt", "+AMC", "ACDb", "AzSe", "+ABa", "AAct"),
          re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/_-]{42,80}(?:AzFu|\+ASt|\+AMC|ACDb|AzSe|\+ABa)"
                     r"[A-Za-z0-9+/_-]{5,8}={0,2}(?![A-Za-z0-9+/=_-])"), inside=True),
    # RFC 7519 (JWT) and RFC 7516 (JWE): the header, and so the payload of a JWT, begin with '{"'.
    Shape("jwt", ("eyJ",),
          re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,4000}+(?:\.eyJ[A-Za-z0-9_-]{8,8000}+"
                     r"(?:\.[A-Za-z0-9_-]{0,2000}+)?|(?:\.[A-Za-z0-9_-]{0,8000}+){4})")),
)  # fmt: skip
