"""Every setting changes something: one proof a variable, on a server that was given all of them. One without a proof fails here."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import psycopg
import pytest
import pytest_asyncio

from application.insight.alerts.evaluate import evaluate_alerts
from application.retrieval.query import Query, QuestionVector
from application.retrieval.sources.source import Brought
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.tenancy.rate_limits import LIMITS
from infra.embedded import Servers
from infra.providers import PROVIDERS
from infra.providers.access import PARTS, variable
from infra.settings import MAIN, all_fields, load
from infra.storage.faults import FilesUnavailable
from infra.twilio.hosts import hosts_of
from interfaces import projector, worker
from interfaces.bootstrap import services
from interfaces.cli.named_cell import cell_of
from tests.contents import pieces
from tests.dated import CLOCK
from tests.doubles import brave_search as brave
from tests.doubles import gemini, openai, vault
from tests.doubles import google_search as google
from tests.doubles.alerting import PagerDuty
from tests.doubles.collector import Collector, collector_double
from tests.doubles.s3 import s3_double
from tests.doubles.smtp import mail_double
from tests.doubles.wire import Wire, serving
from tests.interfaces.http.conftest import MASTER, OPERATOR
from tests.ports import free_port
from tests.until import PATIENCE, until

HOST = "127.0.0.2"


@dataclass
class Deployment:
    """A server with these variables, a tenant of it, and the vendors' doubles by provider."""

    environment: dict[str, str]
    http: httpx.AsyncClient
    tenant: str
    doubles: dict[str, Any]
    log: Path

    @property
    def here(self) -> dict[str, str]:
        """For a role in this process: Vault's double, which runs on this loop, can't be waited for in it."""
        return {**self.environment, "RETRACE_MASTER_KEY": MASTER}


@pytest_asyncio.fixture(scope="module", name="deployment")
async def _deployment(
    servers: Servers, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Deployment]:
    folder = tmp_path_factory.mktemp("deployment")
    port = str(free_port())
    async with AsyncExitStack() as stack:
        doubles: dict[str, Any] = {}
        for name in PROVIDERS:
            made = gemini.gemini_double() if name in ("gemini", "vertex") else openai.openai_double()
            doubles[name] = await stack.enter_async_context(made)
        first_search = doubles["brave"] = await stack.enter_async_context(brave.brave_search_double())
        first_search.fault = (429, "QUOTA_LIMITED")
        searching = doubles["google"] = await stack.enter_async_context(google.google_search_double())
        mails = doubles["mails"] = await stack.enter_async_context(mail_double())
        duty = doubles["duty"] = Wire(PagerDuty())
        await stack.enter_async_context(serving(duty))
        collecting = doubles["collector"] = await stack.enter_async_context(collector_double())
        vaults = doubles["vault"] = await stack.enter_async_context(vault.vault_double())
        environment = {
            "DATABASE_URL": database_url,
            "DATABASE_REPLICA_URL": database_url,
            "RETRACE_REPLICA_LAG": "9",
            "REDIS_URL": servers.redis_url or "",
            "RETRACE_MASTER_KEY": vaults.seal(base64.b64decode(MASTER)),
            "VAULT_ADDR": vaults.url,
            "VAULT_TOKEN": vault.TOKEN,
            "RETRACE_VAULT_KEY": "transit/shop",
            "RETRACE_OPERATOR_KEY": OPERATOR,
            "RETRACE_DATA": str(folder / "data"),
            "RETRACE_HOST": HOST,
            "RETRACE_PORT": port,
            "RETRACE_LOG_LEVEL": "WARNING",
            "RETRACE_REMOVAL_GRACE_DAYS": "5",
            "RETRACE_EMBEDDING_MODEL": "local/wordllama-256",
            "RETRACE_VECTOR_INDEX_CHUNKS": "7000",
            "RETRACE_VECTOR_INDEX_RECALL": "98",
            "RETRACE_VECTOR_INDEXES": "7",
            "RETRACE_MAX_CONNECTIONS": "40",
            "RETRACE_HEADER_TIMEOUT": "2",
            "RETRACE_SILENCE_TIMEOUT": "2",
            "RETRACE_MIN_TRANSFER_RATE": "1",
            "RETRACE_MAX_STREAMS_PER_KEY": "2",
            "RETRACE_MAX_STREAMS_PER_TENANT": "3",
            **{f"RETRACE_RATE_{name.upper()}": str(rate) for name, rate in RATES.items()},
            "RETRACE_SMTP_URL": f"smtp://127.0.0.1:{mails.port}",
            "RETRACE_SMTP_FROM": "Retrace <alerts@retrace.example>",
            "PAGERDUTY_BASE_URL": f"http://127.0.0.1:{duty.port}",
            "RETRACE_ALERT_INTERVAL": "7",
            "RETRACE_ALLOW_PRIVATE_ADDRESSES": "true",
            **{variable(name, "api_key"): f"key-of-{name}" for name in PROVIDERS},
            **{variable(name, "base_url"): doubles[name].url("ok") for name in PROVIDERS},
            "RETRACE_RATE_SIGN_INS_PER_ACCOUNT": "3",
            "RETRACE_RATE_SIGN_INS_PER_ADDRESS": "7",
            "RETRACE_SESSION_IDLE_MINUTES": "7",
            "RETRACE_SESSION_HOURS": "3",
            "RETRACE_INVITATION_HOURS": "5",
            "RETRACE_PUBLIC_URL": "https://service.example/api",
            "RETRACE_CORS_ORIGINS": "https://app.example",
            "TWILIO_BASE_URL": "http://127.0.0.1:9/twilio",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collecting.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "RETRACE_TRACE_CONTENT": "true",
            "BRAVE_SEARCH_KEY": brave.KEY,
            "BRAVE_SEARCH_BASE_URL": first_search.url,
            "GOOGLE_SEARCH_KEY": google.KEY,
            "GOOGLE_SEARCH_ENGINE": google.ENGINE,
            "GOOGLE_SEARCH_BASE_URL": searching.url,
        }
        log = folder / "serve.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "interfaces.cli", "serve"],
                env={**environment, "PATH": os.environ["PATH"], **CLOCK},
                stdout=output,
                stderr=output,
            )
        try:
            base = f"http://{HOST}:{port}"
            async with httpx.AsyncClient(base_url=base, timeout=60, trust_env=False) as http:
                async with asyncio.timeout(200):  # it has much to load
                    while True:
                        with suppress(httpx.TransportError):
                            if (await http.get("/readyz")).status_code == 200:
                                break
                        assert process.poll() is None, log.read_text()
                        await asyncio.sleep(0.1)
                bearer = {"Authorization": f"Bearer {OPERATOR}"}
                tenant = (await http.post("/v1/tenants", json={"name": "Effects"}, headers=bearer)).json()
                http.headers["Authorization"] = f"Bearer {tenant['key']}"
                yield Deployment(environment, http, tenant["id"], doubles, log)
        finally:
            process.kill()
            process.wait()


Proof = Callable[[Deployment], Awaitable[None]]


async def database(deployment: Deployment) -> None:
    """What is written is there."""
    async with await psycopg.AsyncConnection.connect(deployment.environment["DATABASE_URL"]) as connection:
        query = "SELECT count(*) FROM retrace.events WHERE tenant = %s"
        row = await (await connection.execute(query, [deployment.tenant])).fetchone()
    assert row is not None
    assert row[0] > 0


async def cells(deployment: Deployment) -> None:
    """A command finds the cell of the tenant that it names; who names none has to say which one is meant (test_dispatch.py serves two)."""
    settings = load({**deployment.here, "RETRACE_CELLS": "west=postgresql://127.0.0.1:1/west"})
    name, found = await cell_of(settings, UUID(deployment.tenant))
    assert (name, found.database_url) == (MAIN, deployment.environment["DATABASE_URL"])
    with pytest.raises(Invalid, match="several databases"):
        await cell_of(settings, None)


async def replica_url(deployment: Deployment) -> None:
    """What is named is looked at, and not read from, as it is no standby (test_read_places.py has one)."""
    told = (await deployment.http.get("/metrics", headers={"Authorization": f"Bearer {OPERATOR}"})).text
    assert re.search(r'retrace_replica_used\{replica="postgresql://[^"]*"\} 0.0', told)


async def replica_lag(deployment: Deployment) -> None:
    settings = load({**deployment.here, "OTEL_EXPORTER_OTLP_ENDPOINT": ""}, deployment.log.parent)
    async with services(settings, role="serve") as parts:
        assert parts.replicas is not None
        (replica,) = parts.replicas.all
        replica.why, replica.known_until = "", time.monotonic() - 60
        assert replica.hindered == "it is 60 s behind, and may be 9"


async def redis(deployment: Deployment) -> None:
    shown = (await deployment.http.get("/readyz")).json()
    assert shown["redis"] == ("ok" if deployment.environment["REDIS_URL"] else "none")


async def data(deployment: Deployment) -> None:
    files = {"file": ("hours.txt", b"We open at nine.")}
    assert (await deployment.http.post("/v1/documents", files=files)).status_code == 201
    kept = Path(deployment.environment["RETRACE_DATA"]) / "files" / deployment.tenant
    assert len(list(kept.iterdir())) == 1


async def files(deployment: Deployment) -> None:
    """They lie in the bucket that is named, written with the keys that are given, and nowhere else."""
    async with s3_double() as s3:
        s3.token = "of-a-session"
        given = {**s3.environment, "AWS_SESSION_TOKEN": s3.token, "RETRACE_FILES": s3.url("shop")}
        tenant, document = UUID(deployment.tenant), uuid4()
        async with services(load({**deployment.here, **given}), pool=1) as parts:
            await parts.files.write(tenant, document, pieces(b"kept"))
            assert [*s3.objects] == [f"shop/{tenant}/{document}"]
        for name in given.keys() - {"RETRACE_FILES"}:
            async with services(load({**deployment.here, **given, name: "another"}), pool=1) as parts:
                with pytest.raises(FilesUnavailable):
                    await parts.files.write(tenant, document, pieces(b"other"))


async def master_key(deployment: Deployment) -> None:
    """With another one nothing opens."""
    other = {
        **deployment.environment,
        "RETRACE_MASTER_KEY": "QUJD" * 10 + "QUI=",
        "PATH": os.environ["PATH"],
        **CLOCK,
    }
    command = [sys.executable, "-m", "interfaces.cli", "show", f"tenant/{deployment.tenant}"]
    run = await asyncio.to_thread(subprocess.run, command, env=other, capture_output=True, text=True)
    assert run.returncode != 0
    assert "is wrapped with master key" in run.stderr


async def operator_key(deployment: Deployment) -> None:
    for key, status in ((OPERATOR, 200), ("another-0123456789-0123456789-01234567", 401)):
        reply = await deployment.http.get("/v1/tenants", headers={"Authorization": f"Bearer {key}"})
        assert reply.status_code == status


async def host(deployment: Deployment) -> None:
    elsewhere = str(deployment.http.base_url).replace(HOST, "127.0.0.1")
    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(f"{elsewhere}/readyz")
    assert (await deployment.http.get("/readyz")).status_code == 200


async def port(deployment: Deployment) -> None:
    assert (await deployment.http.get("/readyz")).url.port == int(deployment.environment["RETRACE_PORT"])


async def log_level(deployment: Deployment) -> None:
    """At INFO every start has its lines."""
    assert '"level": "INFO"' not in deployment.log.read_text()


async def allow_private_addresses(deployment: Deployment) -> None:
    body = {"key": "k" * 20, "base_url": "http://127.0.0.1:9/v1"}
    assert (await deployment.http.put("/v1/providers/compatible/key", json=body)).status_code == 200
    assert (await deployment.http.delete("/v1/providers/compatible/key")).status_code == 204


async def worker_concurrency(deployment: Deployment) -> None:
    """A worker does as many light pieces at once as it says."""
    made: list[Any] = []

    class Seen(worker.Worker):
        def __init__(self, *parts: Any, **more: Any) -> None:
            super().__init__(*parts, **more)
            made.append(more["concurrency"])
            self.stop()

    async def at_once(*_: object) -> None:
        return None

    settings = load({**deployment.here, "RETRACE_WORKER_CONCURRENCY": "3"}, deployment.log.parent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "Worker", Seen)
        patch.setattr(worker, "until", at_once)
        await worker.work(settings)
    assert made == [
        3,
        worker.HEAVY,
        worker.BULK,
        worker.WATCH,
    ]  # what is heavy, or must come in time, has places of its own


async def otlp_endpoint(deployment: Deployment) -> None:
    await told(deployment, lambda collector: "POST /v1/messages" in [span.name for span in collector.spans])


async def trace_content(deployment: Deployment) -> None:
    await told(deployment, lambda collector: any(b"the tombola" in raw for raw in collector.raw))


async def told(deployment: Deployment, it: Callable[[Collector], bool]) -> None:
    """The collector, of a message."""
    body = {"customer": {"channel": "http", "address": "ann"}, "text": "When does the tombola begin?"}
    assert (await deployment.http.post("/v1/messages", json=body)).status_code == 200
    await until(lambda: it(deployment.doubles["collector"]))


async def metrics_port(deployment: Deployment) -> None:
    """A worker and a projector tell their metrics there, each what it does and how the deployment is."""
    number = free_port(3)
    environment = {**deployment.here, "RETRACE_METRICS_PORT": str(number)}
    settings = load(environment, deployment.log.parent)
    told: list[str] = []

    async def asked(*_: object) -> None:
        text = ""
        async with httpx.AsyncClient(base_url=f"http://{HOST}:{number}", trust_env=False) as http:
            async with asyncio.timeout(60):
                while "retrace_projection_lag_events{" not in text:
                    with suppress(httpx.TransportError):
                        assert (await http.get("/healthz")).json() == {"status": "ok"}
                        text = (await http.get("/metrics")).text
                    await asyncio.sleep(0.05)
        told.append(text)

    for role, run in ((worker, worker.work), (projector, projector.project)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(role, "until", asked)
            await run(settings)
    first, last = told
    assert "retrace_provider_calls_total" in first
    assert 'retrace_database_connections{role="retrace_projector"' in last
    for name in ("process_resident_memory_bytes ", "retrace_loop_stall_seconds_count "):
        assert name in first
        assert name in last


async def source_timeout(deployment: Deployment) -> None:
    """A source of passages that takes half a second is late, or is not."""

    class Slow:
        name, own = "slow", True

        def serves(self, query: Query) -> bool:
            return True

        async def find(self, query: Query) -> Brought:
            await asyncio.sleep(0.5)
            return Brought()

    query = Query(tenant=uuid4(), text="Open?", vector=QuestionVector(model="local/wordllama-256"))
    outcomes = []
    for milliseconds in ("20", "30000"):
        given = {**deployment.here, "RETRACE_SOURCE_TIMEOUT_MS": milliseconds}
        async with services(load(given, deployment.log.parent), pool=1) as parts:
            retriever = dataclasses.replace(parts.retriever, sources=(Slow(),))
            outcomes += [each.outcome for each in (await retriever.retrieve(query)).lookups]
    assert outcomes == ["late", "nothing"]


async def removal_grace_days(deployment: Deployment) -> None:
    bearer = {"Authorization": f"Bearer {OPERATOR}"}
    made = (await deployment.http.post("/v1/tenants", json={"name": "Short"}, headers=bearer)).json()
    address = f"/v1/tenants/{made['id']}"
    assert (await deployment.http.delete(address, headers=bearer)).status_code == 204
    shown = (await deployment.http.get(address, headers=bearer)).json()
    left = datetime.fromisoformat(shown["erase_at"]) - datetime.fromisoformat(shown["created_at"])
    assert left.days == 5


async def max_connections(deployment: Deployment) -> None:
    """What says nothing makes room for what comes later, long before its time is over."""
    address = (HOST, int(deployment.environment["RETRACE_PORT"]))
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(socket.create_connection(address))
        crowded, until = 0.0, time.monotonic() + 20
        while crowded < 15 and time.monotonic() < until:  # connections are taken in one after the other
            shown = (await deployment.http.get("/metrics")).text
            told = re.findall(r'retrace_connections_closed_total\{reason="crowded"\} ([\d.]+)', shown)
            crowded = float(told[0]) if told else 0.0  # none was crowded out yet
    assert crowded >= 15


async def head_timeout(deployment: Deployment) -> None:
    """By default it is 10 s."""
    began = time.monotonic()
    with socket.create_connection((HOST, int(deployment.environment["RETRACE_PORT"]))) as client:
        client.settimeout(9)
        assert await asyncio.to_thread(client.recv, 100) == b""
    assert time.monotonic() - began > 1.5


async def silence_timeout(deployment: Deployment) -> None:
    """By default it is 30 s."""
    text = await dripped(deployment, drops=0)
    assert text.startswith(b"HTTP/1.1 408 ")


async def min_transfer_rate(deployment: Deployment) -> None:
    """By default this would be far too slow."""
    text = await dripped(deployment, drops=25)
    assert text.startswith(b"HTTP/1.1 400 "), "all of it came, and it is no message"


async def dripped(deployment: Deployment, drops: int) -> bytes:
    """The answer to a body of 25 bytes, of which so many come, in 5 s."""
    reader, writer = await asyncio.open_connection(HOST, int(deployment.environment["RETRACE_PORT"]))
    key = deployment.http.headers["Authorization"]
    head = f"POST /v1/messages HTTP/1.1\r\nHost: a\r\nAuthorization: {key}\r\nContent-Length: 25\r\nContent-Type: application/json\r\n\r\n"
    writer.write(head.encode())
    for _ in range(drops):
        writer.write(b"x")
        await asyncio.sleep(0.2)
    async with asyncio.timeout(PATIENCE):
        text = await reader.readuntil(b"\r\n")
    writer.close()
    return text


async def streams_per_key(deployment: Deployment) -> None:
    async with AsyncExitStack() as stack:
        statuses = [await follower(deployment, stack) for _ in range(3)]
    assert statuses == [200, 200, 429]
    await all_gone(deployment)


async def streams_per_tenant(deployment: Deployment) -> None:
    body = {"name": "another", "scopes": ["audit:read"]}
    made = (await deployment.http.post("/v1/keys", json=body)).json()
    other = {"Authorization": f"Bearer {made['secret']}"}
    async with AsyncExitStack() as stack:
        statuses = [await follower(deployment, stack) for _ in range(2)]
        statuses += [await follower(deployment, stack, **other) for _ in range(2)]
    assert statuses == [200, 200, 200, 429]
    await all_gone(deployment)


async def embedding_model(deployment: Deployment) -> None:
    """Else it were OpenAI's, for which the tenant brings a key."""
    key = {"key": "sk-0123456789abcdef", "base_url": "https://api.openai.com/v1"}
    assert (await deployment.http.put("/v1/providers/openai/key", json=key)).status_code == 200
    shown = (await deployment.http.get("/v1/embedding-model")).json()
    assert (await deployment.http.delete("/v1/providers/openai/key")).status_code == 204
    assert shown["default"] == "local/wordllama-256"


def index_rule(name: str, wanted: float) -> Any:
    """What follows of it is shown in tests/application/retrieval/test_vector_index.py."""

    async def proof(deployment: Deployment) -> None:
        assert (await deployment.http.get("/v1/vector-index")).json()[name] == wanted

    return proof


RATES = {name: 50_000 + number for number, name in enumerate(LIMITS)}
"""Requests a minute. That more than the rate are refused is shown in tests/interfaces/http/base/test_rates.py."""


def rate_of(name: str) -> Any:
    async def proof(deployment: Deployment) -> None:
        shown = (await deployment.http.get("/v1/rate-limits")).json()
        assert shown["effective"][name] == RATES[name]

    return proof


async def all_gone(deployment: Deployment) -> None:
    """That a client has gone is noticed in a moment."""
    async with asyncio.timeout(PATIENCE):
        while "\nretrace_streams 0" not in (await deployment.http.get("/metrics")).text:
            await asyncio.sleep(0.05)


async def follower(deployment: Deployment, stack: AsyncExitStack, **headers: str) -> int:
    """The status of one that stays until the end."""
    address = "/v1/audit/events/stream"
    reply = await stack.enter_async_context(deployment.http.stream("GET", address, headers=headers))
    return reply.status_code


async def public_url(deployment: Deployment) -> None:
    account = "/v1/channels/twilio/AC" + "1" * 32
    reply = await deployment.http.put(account, json={"auth_token": "0123456789abcdef"})
    assert reply.json()["webhook"] == f"https://service.example/api/webhooks/twilio/{deployment.tenant}"


async def cors_origins(deployment: Deployment) -> None:
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    for origin, status in (("https://app.example", 204), ("https://evil.example", 400)):
        reply = await deployment.http.options("/v1/messages", headers={"Origin": origin, **asks})
        assert reply.status_code == status
        assert (reply.headers.get("Access-Control-Allow-Origin") == origin) == (status == 204)


async def twilio_base_url(deployment: Deployment) -> None:
    settings = load(deployment.here, deployment.log.parent)
    assert set(msgspec.structs.astuple(hosts_of(settings.twilio_base_url))) == {"http://127.0.0.1:9/twilio"}


async def vault_opens(deployment: Deployment) -> None:
    """The deployment's master key is sealed by it: each of its processes has asked once, with this token for this key."""
    assert deployment.doubles["vault"].calls
    for call in deployment.doubles["vault"].calls:
        assert (call.path, call.fields["x-vault-token"]) == ("/v1/transit/decrypt/shop", vault.TOKEN)


CONSOLE = {"Origin": "https://service.example"}


async def an_operator(deployment: Deployment) -> tuple[dict[str, Any], dict[str, str]]:
    """One who has just been invited, and what they sign in with."""
    email = f"{uuid4().hex}@example.com"
    made = await deployment.http.post(
        "/v1/operators", json={"email": email, "name": "Ann", "roles": ["agent"]}
    )
    assert made.json()["link"].startswith("https://service.example/api/console/accept?token=")
    return made.json(), {"tenant": deployment.tenant, "email": email, "password": "four words that stay"}


async def session_of(deployment: Deployment) -> dict[str, datetime]:
    """The times of a session that has just begun."""
    made, form = await an_operator(deployment)
    token, password = made["link"].partition("token=")[2], form["password"]
    sent = {"token": token, "password": password, "again": password}
    assert (await deployment.http.post("/console/accept", data=sent, headers=CONSOLE)).status_code == 303
    assert (await deployment.http.post("/console/sign-in", data=form, headers=CONSOLE)).status_code == 303
    (shown,) = (await deployment.http.get(f"/v1/operators/{made['id']}/sessions")).json()
    return {name: datetime.fromisoformat(time) for name, time in shown.items() if name != "id"}


async def session_idle_minutes(deployment: Deployment) -> None:
    times = await session_of(deployment)
    assert times["idle_at"] - times["began_at"] == timedelta(minutes=7)


async def session_hours(deployment: Deployment) -> None:
    times = await session_of(deployment)
    assert times["ends_at"] - times["began_at"] == timedelta(hours=3)


async def invitation_hours(deployment: Deployment) -> None:
    made, _ = await an_operator(deployment)
    shown = (await deployment.http.get(f"/v1/operators/{made['id']}")).json()
    left = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(shown["invited_at"])
    assert left == timedelta(hours=5)


async def sign_ins_per_account(deployment: Deployment) -> None:
    """Where it comes from is another network each time: the proxy on this machine says so."""
    _, form = await an_operator(deployment)
    statuses = []
    for number in range(4):
        headers = {**CONSOLE, "X-Forwarded-For": f"192.0.2.{number}"}
        reply = await deployment.http.post("/console/sign-in", data=form, headers=headers)
        statuses.append(reply.status_code)
    assert statuses == [401, 401, 401, 429]


async def sign_ins_per_address(deployment: Deployment) -> None:
    statuses = []
    for _ in range(8):
        form = {
            "tenant": deployment.tenant,
            "email": f"{uuid4().hex}@example.com",
            "password": "guessed words",
        }
        headers = {**CONSOLE, "X-Forwarded-For": "198.51.100.7"}
        reply = await deployment.http.post("/console/sign-in", data=form, headers=headers)
        statuses.append(reply.status_code)
    assert statuses == [401] * 7 + [429]


def asks(provider: str) -> Proof:
    """Its double is asked, with its key."""

    async def proof(deployment: Deployment) -> None:
        body = {"model": f"{provider}/some-model", "messages": [{"role": "user", "content": "Open?"}]}
        await deployment.http.post("/v1/chat/completions", json=body)
        assert f"key-of-{provider}" in str(deployment.doubles[provider].calls[-1].fields.values())

    return proof


async def internet_search(deployment: Deployment) -> None:
    """A product is looked up at Brave, which refuses here, and then at Google, each with its key; without any of them nobody may ask for it."""
    double = deployment.doubles["google"]
    agent = {"retrieve_internet": True}
    assert (await deployment.http.put("/v1/agent/configuration", json=agent)).status_code == 200
    body = {"name": f"eTrex {time.monotonic_ns()}", "price": "149", "currency": "EUR"}
    made = (await deployment.http.post("/v1/catalog/products", json=body)).json()
    reply = await deployment.http.post(f"/v1/catalog/products/{made['id']}/enrichment")
    assert reply.status_code == 202, reply.text
    before = len(double.calls)

    async def looked_up(*_: object) -> None:
        await until(lambda: len(double.calls) != before)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "until", looked_up)
        await worker.work(load(deployment.here, deployment.log.parent))
    assert f"key={google.KEY}&cx=" in double.calls[-1].path
    assert deployment.doubles["brave"].calls[-1].fields["x-subscription-token"] == brave.KEY


async def alert_test(deployment: Deployment, kind: str, **settings: str) -> None:
    """A message that says that it is a test gets through."""
    body = {"kind": kind, "name": kind, "settings": settings}
    made = (await deployment.http.post("/v1/alerts/channels", json=body)).json()
    told = (await deployment.http.post(f"/v1/alerts/channels/{made['id']}/test")).json()
    assert told == {"sent": True, "reason": None}


async def mail_server(deployment: Deployment) -> None:
    await alert_test(deployment, "email", to="ops@shop.example")
    recipients, mail = deployment.doubles["mails"].taken[-1]  # type: ignore[attr-defined]
    assert (recipients, mail["From"]) == (["ops@shop.example"], "Retrace <alerts@retrace.example>")


async def pagerduty_base_url(deployment: Deployment) -> None:
    await alert_test(deployment, "pagerduty", routing_key="k" * 32)
    assert [call.body["event_action"] for call in deployment.doubles["duty"].calls][-2:] == [
        "trigger",
        "resolve",
    ]


async def alert_interval(deployment: Deployment) -> None:
    tenant = UUID(deployment.tenant)
    look = Context(tenant=tenant, actor="system:alerts", correlation=tenant)
    async with services(load(deployment.here, deployment.log.parent)) as parts:
        again = await evaluate_alerts(look, parts)
        assert parts.alert_interval == timedelta(seconds=7)
        assert timedelta(seconds=5) < again - parts.clock() <= timedelta(seconds=300 + 7)


PROOFS: dict[str, Proof] = {
    "DATABASE_URL": database,
    "DATABASE_REPLICA_URL": replica_url,
    "RETRACE_REPLICA_LAG": replica_lag,
    "REDIS_URL": redis,
    "RETRACE_CELLS": cells,
    "RETRACE_DATA": data,
    "RETRACE_FILES": files,
    "AWS_ACCESS_KEY_ID": files,
    "AWS_SECRET_ACCESS_KEY": files,
    "AWS_SESSION_TOKEN": files,
    "RETRACE_MASTER_KEY": master_key,
    "RETRACE_OPERATOR_KEY": operator_key,
    "RETRACE_HOST": host,
    "RETRACE_PORT": port,
    "RETRACE_LOG_LEVEL": log_level,
    "RETRACE_WORKER_CONCURRENCY": worker_concurrency,
    "RETRACE_METRICS_PORT": metrics_port,
    "OTEL_EXPORTER_OTLP_ENDPOINT": otlp_endpoint,
    "RETRACE_TRACE_CONTENT": trace_content,
    "RETRACE_MAX_CONNECTIONS": max_connections,
    "RETRACE_HEADER_TIMEOUT": head_timeout,
    "RETRACE_SILENCE_TIMEOUT": silence_timeout,
    "RETRACE_MIN_TRANSFER_RATE": min_transfer_rate,
    "RETRACE_MAX_STREAMS_PER_KEY": streams_per_key,
    "RETRACE_MAX_STREAMS_PER_TENANT": streams_per_tenant,
    **{f"RETRACE_RATE_{name.upper()}": rate_of(name) for name in RATES},
    "RETRACE_RATE_SIGN_INS_PER_ACCOUNT": sign_ins_per_account,
    "RETRACE_RATE_SIGN_INS_PER_ADDRESS": sign_ins_per_address,
    "RETRACE_SESSION_IDLE_MINUTES": session_idle_minutes,
    "RETRACE_SESSION_HOURS": session_hours,
    "RETRACE_INVITATION_HOURS": invitation_hours,
    "RETRACE_PUBLIC_URL": public_url,
    "RETRACE_CORS_ORIGINS": cors_origins,
    "TWILIO_BASE_URL": twilio_base_url,
    "VAULT_ADDR": vault_opens,
    "VAULT_TOKEN": vault_opens,
    "RETRACE_VAULT_KEY": vault_opens,
    "BRAVE_SEARCH_KEY": internet_search,
    "BRAVE_SEARCH_BASE_URL": internet_search,
    "GOOGLE_SEARCH_KEY": internet_search,
    "GOOGLE_SEARCH_ENGINE": internet_search,
    "GOOGLE_SEARCH_BASE_URL": internet_search,
    "RETRACE_EMBEDDING_MODEL": embedding_model,
    "RETRACE_SOURCE_TIMEOUT_MS": source_timeout,
    "RETRACE_VECTOR_INDEX_CHUNKS": index_rule("from_chunks", 7000),
    "RETRACE_VECTOR_INDEX_RECALL": index_rule("wanted_recall", 0.98),
    "RETRACE_VECTOR_INDEXES": index_rule("most", 7),
    "RETRACE_REMOVAL_GRACE_DAYS": removal_grace_days,
    "RETRACE_SMTP_URL": mail_server,
    "RETRACE_SMTP_FROM": mail_server,
    "PAGERDUTY_BASE_URL": pagerduty_base_url,
    "RETRACE_ALERT_INTERVAL": alert_interval,
    "RETRACE_ALLOW_PRIVATE_ADDRESSES": allow_private_addresses,
    **{variable(name, what): asks(name) for name in PROVIDERS for what in PARTS},
}


def test_every_setting_has_a_proof() -> None:
    assert set(PROOFS) == {field.variable for field in all_fields().values()}


@pytest.mark.parametrize("setting", PROOFS)
async def test_a_setting_changes_something(deployment: Deployment, setting: str) -> None:
    await PROOFS[setting](deployment)
