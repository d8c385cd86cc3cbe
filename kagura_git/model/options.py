"""What decisions choose between: names of technologies and practices, in groups of rivals.

Of one group a project usually takes one for one purpose. The names serve to tell
a technology from a loose word and two names of one thing from two things; a name
that stands in no group is known by its spelling only.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

from kagura_git.model.stems import stems

# A group a line; an indented one goes on. ``=`` joins names of one thing. ``!`` marks a name
# that is an everyday word too: it counts where it is written with a capital. ``*`` marks a
# group that needs no purpose: a project as a whole has one of them.
_GROUPS: Final = """
postgresql=postgres mysql mariadb sqlite mongodb=mongo redis=valkey dynamodb cassandra couchdb
  cockroachdb oracle=oracle+database sql+server=mssql neo4j firestore duckdb h2 scylladb tidb
  clickhouse bigquery snowflake redshift memcached rocksdb leveldb mvstore couchbase etcd
  cookie=signed+cookie s3 local+disk=local+file+system=local+filesystem parquet
redis=valkey memcached in+memory+cache hazelcast varnish
kafka=apache+kafka rabbitmq=rabbit sqs=amazon+sqs sns nats pulsar activemq zeromq redis+stream
  mqtt kinesis pub/sub=pubsub=google+pub/sub celery=celery+worker sidekiq rq bullmq=bull
elasticsearch opensearch solr meilisearch algolia lunr typesense
  full+text+search=postgresql+full+text+search sphinx+search
rest=rest+api=restful graphql grpc soap json+rpc trpc thrift odata
polling=long+polling websocket=web+socket server+sent+event=sse webhook
json yaml toml xml ini csv protobuf=protocol+buffer avro messagepack=msgpack cbor parquet
  plain+text=text+file environment+variable=env+var pickle
jwt=json+web+token opaque+token=reference+token server+side+session session+cookie paseto api+key
oauth=oauth+2 saml ldap kerberos magic+link basic+auth=basic+authentication password+login
  passkey=webauthn
keycloak auth0 okta cognito firebase+auth
python !go=golang !rust java kotlin !swift typescript=plain+typescript javascript=plain+javascript
  ruby php c# c++ scala elixir clojure haskell perl dart bash=shell+script lua zig
react=reactjs=react.js vue=vue.js=vuejs angular svelte htmx ember.js=ember jquery preact solid.js
  lit server+rendered+template=django+template=server+side+template
next.js=nextjs gatsby nuxt remix astro hugo jekyll eleventy docusaurus mkdocs !sphinx
flutter react+native ionic xamarin .net+maui native+app=native
wails electron tauri qt gtk
django !flask fastapi starlette aiohttp tornado ruby+on+rails=rails laravel spring+boot !spring
  express=express.js nestjs koa fastify !echo !gin !fiber actix axum quarkus micronaut
webpack vite rollup parcel esbuild turbopack snowpack
npm yarn pnpm bun
poetry pip+tool=pip+compile pipenv uv conda pdm hatch
lerna npm+workspace=workspace nx turborepo yarn+workspace
gradle maven=apache+maven !ant bazel !make=makefile cmake meson sbt
jenkins github+action gitlab+ci=gitlab circleci=circle+ci travis=travis+ci buildkite teamcity
  azure+pipeline drone
terraform=opentofu pulumi cloudformation !cdk=aws+cdk bicep
ansible puppet !chef !salt=saltstack
kubernetes=k8s docker+swarm=swarm nomad ecs=amazon+ecs systemd=systemd+unit=plain+systemd+unit
  docker+compose=compose lambda=aws+lambda cloud+run heroku openshift
docker podman containerd lxc
helm=helm+chart kustomize jsonnet
istio linkerd consul+connect no+service+mesh
nginx apache+httpd caddy traefik haproxy envoy
aws=amazon+web+service gcp=google+cloud azure on+premise=on+prem=own+data+center
s3=amazon+s3 azure+blob+storage=azure+blob google+cloud+storage=gcs minio
  local+disk=local+file+system=local+filesystem database+blob ceph
prometheus statsd graphite influxdb datadog cloudwatch new+relic
grafana kibana
elk=elk+stack loki splunk graylog cloudwatch+log
opentelemetry jaeger zipkin own+tracer
sentry rollbar bugsnag
pytest unittest nose
mocha=mocha+and+chai jest vitest jasmine ava
junit testng spock
assertj hamcrest
cypress playwright selenium puppeteer
h2 testcontainer=real+database
black yapf ruff+format=ruff+formatter autopep8
flake8 pylint ruff
eslint=tslint biome standardjs
sqlalchemy+orm=orm sqlalchemy+core=core django+orm peewee tortoise raw+sql=plain+sql
sqlalchemy tortoise+orm peewee
prisma typeorm sequelize drizzle knex
hibernate jooq jdbc mybatis
pydantic marshmallow attr=attrs msgspec cattrs
redux mobx zustand recoil
sass=scss !less tailwind=tailwind+css bootstrap css+module styled+component css+in+js
moment.js=moment date+fns luxon day.js=dayjs
celery airflow cron=cron+job prefect dagster temporal luigi
ses=amazon+ses sendgrid mailgun postmark postfix=own+postfix mailchimp
stripe paypal adyen braintree
twilio vonage
openai=openai+hosted+model=gpt anthropic=claude gemini llama=local+llama+model mistral
  local+model=bundled+model hosted+model=online+model
log4j=log4j+2 logback java.util.logging slf4j+simple
crowdin weblate transifex lokalise
launchdarkly unleash flagsmith own+table
figma sketch adobe+xd
picocli apache+common+cli jcommander
jackson snakeyaml gson
bcrypt argon2=argon2id scrypt pbkdf2 md5 sha1=sha-1
gpg=pgp age ssh+key
aes !des chacha20
uuid=uuidv4=uuidv7=random+uuid ulid
  auto+increment=auto+increment+integer=serial+integer=sequential+id=bigserial snowflake+id nanoid
integer+cent=cent=minor+unit decimal=decimal+column float=floating+point
cursor=cursor+pagination=keyset+pagination=keyset
  offset=offset+pagination=offset+and+limit=page+number
utc=coordinated+universal+time local+time=local+timezone=local+time+zone
png webp jpeg avif
semantic+versioning=semver calendar+versioning=calver=calendar+version
snake+case=snake_case camel+case=camelcase kebab+case pascal+case=pascalcase
git+submodule=submodule git+subtree=subtree copying+file
* monolith=modular+monolith microservice=micro+service serverless
* monorepo=mono+repo=one+repository
  polyrepo=multi+repo=multirepo=one+repository+per+service=repository+per+service=own+repository=separate+repository
* tab=tabs two+space=space four+space
* trunk+based=trunk+based+development=trunk gitflow=git+flow github+flow
* squash=squash+merge merge+commit rebase=rebase+and+merge
* mit=mit+license apache+2.0=apache+license agpl=gnu+agpl gpl bsd+license
optimistic=optimistic+locking=version+column
  pessimistic=pessimistically=pessimistic+locking=select+for+update
soft+delete=deleted_at hard+delete=delete+row
vm=virtual+machine bare+metal
postfix sendmail exim
react+query redux+toolkit
tox nox
vagrant devcontainer nix
vault=hashicorp+vault aws+secret+manager=secret+manager sops sealed+secret
"""


class Option(NamedTuple):
    """A name that stands for something to choose.

    Attributes:
        name: one name for all its spellings.
        groups: the groups of rivals it belongs to, by number.
    """

    name: str
    groups: frozenset[int]


class Names(NamedTuple):
    """Every known name, by its stems.

    Attributes:
        everyday: what is an everyday word as well.
        alone: the groups of which a project as a whole has one.
        first: the first stems of every name of a group, by its number.
        longest: stems in the longest name.
    """

    options: dict[tuple[str, ...], Option]
    everyday: frozenset[tuple[str, ...]]
    alone: frozenset[int]
    first: tuple[frozenset[str], ...]
    longest: int


@cache
def names() -> Names:
    """Return the names, read once."""
    spelt: dict[tuple[str, ...], str] = {}
    groups: dict[str, set[int]] = {}
    first: list[frozenset[str]] = []
    everyday, alone = set(), set()
    for number, line in enumerate(_GROUPS.strip().replace("\n  ", " ").splitlines()):
        if line.startswith("*"):
            alone.add(number)
        begins: set[str] = set()
        for thing in line.removeprefix("*").split():
            spellings = [stems(name) for name in _spellings(thing.lstrip("!"))]
            name = spelt.get(spellings[0], " ".join(spellings[0]))
            groups.setdefault(name, set()).add(number)
            begins.update(spelling[0] for spelling in spellings)
            for spelling in spellings:
                spelt.setdefault(spelling, name)
            if thing.startswith("!"):
                everyday.update(spellings)
        first.append(frozenset(begins))
    options = {spelling: Option(name, frozenset(groups[name])) for spelling, name in spelt.items()}
    longest = max(map(len, options))
    return Names(options, frozenset(everyday), frozenset(alone), tuple(first), longest)


def _spellings(thing: str) -> list[str]:
    # The signs at the end of C++ are its own.
    return [re.sub(r"\+(?=\w)", " ", name) for name in thing.split("=")]
