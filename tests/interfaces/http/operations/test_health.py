"""Health, readiness, metrics, logs."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import patch

import httpx
import msgspec
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisGone

from application.base import lately
from application.ports import Unavailable
from infra.redis.connection import RedisConnection
from infra.settings import Secret, Settings
from interfaces.asgi import create_app
from interfaces.bootstrap import Services, services
from interfaces.instance import instance
from interfaces.logs import JsonFormatter
from tests.interfaces.http.conftest import Customer


@pytest.fixture(autouse=True)
def _anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each probe is made anew, whatever was found a moment ago."""
    monkeypatch.setattr(lately, "FRESH", 0.0)


async def test_it_is_alive_and_ready(anyone: httpx.AsyncClient) -> None:
    assert (await anyone.get("/healthz")).json() == {
        "status": "ok",
        "service": "retrace",
        "instance": instance(),
    }
    reply = await anyone.get("/readyz")
    assert reply.status_code == 200
    found = {"status": "ready", "database": "ok", "keys": "ok", "redis": "ok", "instance": instance()}
    assert reply.json() == found


async def test_without_a_database_it_is_alive_and_not_ready(
    anyone: httpx.AsyncClient, parts: Services
) -> None:
    def away(_: object) -> Any:
        raise Unavailable("away")

    with patch.object(type(parts.system), "system", away):
        assert (await anyone.get("/healthz")).status_code == 200
        reply = await anyone.get("/readyz")
        assert (reply.status_code, reply.json()["database"]) == (503, "does not answer")


async def test_however_many_ask_whether_it_is_ready_each_part_is_asked_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lately, "FRESH", 60.0)
    async with services(settings, pool=2) as own:
        asked, system, command = 0, own.system.system, RedisConnection.command

        @asynccontextmanager
        async def counted() -> AsyncIterator[Any]:
            nonlocal asked
            asked += 1
            async with system() as connection:
                yield connection

        pings = []

        async def pinged(redis: RedisConnection, *words: Any) -> Any:
            pings.append(words[0])
            return await command(redis, *words)

        monkeypatch.setattr(own.system, "system", counted)
        monkeypatch.setattr(RedisConnection, "command", pinged)
        transport = httpx.ASGITransport(create_app(own))
        async with httpx.AsyncClient(transport=transport, base_url="http://retrace") as client:
            replies = await asyncio.gather(*(client.get("/readyz") for _ in range(30)))
        assert {reply.status_code for reply in replies} == {200}
        assert asked == 2, "whether it answers, and for tenants whose keys are tried"
        assert pings.count("PING") == 1


async def test_where_no_key_opens_it_is_not_ready(
    ours: Customer, parts: Services, settings: Settings
) -> None:
    other = msgspec.structs.replace(settings, master_key=Secret("QUJD" * 10 + "QUI="))
    async with services(other, pool=2) as locked:
        transport = httpx.ASGITransport(create_app(locked))
        async with httpx.AsyncClient(transport=transport, base_url="http://retrace") as client:
            reply = await client.get("/readyz")
            assert (reply.status_code, reply.json()["status"]) == (503, "not ready")
            assert "RETRACE_MASTER_KEY takes several" in reply.json()["keys"]
            assert (await client.get("/healthz")).status_code == 200


async def test_without_redis_it_is_ready_and_says_so(ours: Customer, parts: Services) -> None:
    async def gone(*_: object, **__: object) -> None:
        raise RedisGone("gone")

    with patch.object(AbstractConnection, "send_packed_command", gone):
        reply = await ours.http.get("/readyz")
        assert reply.status_code == 200
        assert "going on without" in reply.json()["redis"]
        assert (await ours.ask("Still there?", address="no redis")).status_code == 200
        assert (await ours.http.get("/v1/keys")).status_code == 200


async def test_metrics_count_by_route_and_never_by_what_a_stranger_chose(
    ours: Customer, anyone: httpx.AsyncClient
) -> None:
    await ours.ask("Count me?", address="counted")
    assert (await ours.http.post("/v1/search", json={"query": "opening hours"})).status_code == 200
    await anyone.get("/v1/conversations/canary")
    await anyone.request("CANARY", "/v1/conversations")
    reply = await anyone.get("/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = reply.text.splitlines()
    counted = 'retrace_http_requests_total{method="POST",route="/v1/messages",status="200"} '
    assert any(line.startswith(counted) for line in lines)
    assert any('route="unknown",status="404"' in line for line in lines)
    assert any(line.startswith('retrace_saves_total{outcome="done"}') for line in lines)
    assert any(line.startswith('retrace_projection_lag_events{projection="transcript"}') for line in lines)
    assert "canary" not in reply.text.lower()
    assert any(line.startswith('retrace_projection_stopped_tenants{projection="costs"}') for line in lines)
    called = 'retrace_provider_calls_total{model="extractive",outcome="ok",provider="local"} '
    assert any(line.startswith(called) for line in lines)
    assert any(line.startswith("retrace_provider_call_seconds_bucket") for line in lines)
    embedded = 'retrace_provider_calls_total{model="wordllama'
    assert any(line.startswith(embedded) for line in lines)
    assert any(
        line.startswith('retrace_provider_circuit{model="extractive",provider="local",state="healthy"} 1')
        for line in lines
    )
    assert any(
        line.startswith('retrace_database_connections{role="retrace_app",state="used"}') for line in lines
    )
    assert any(line.startswith("retrace_redis_up ") for line in lines)
    assert str(ours.tenant) not in reply.text
    for line in lines:
        assert line.startswith("# ") or float(line.rpartition(" ")[2]) >= 0
    names = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert len(names) == sum(line.startswith("# TYPE") for line in lines)


async def test_metrics_are_told_as_open_metrics_where_that_is_asked_for(anyone: httpx.AsyncClient) -> None:
    accept = {"Accept": "application/openmetrics-text;version=1.0.0"}
    reply = await anyone.get("/metrics", headers=accept)
    assert reply.headers["Content-Type"].startswith("application/openmetrics-text")
    families = {family.name for family in openmetrics(reply.text)}
    assert {"retrace_http_requests", "retrace_work_rows", "retrace_loop_stall_seconds"} <= families


async def test_log_lines_are_json_with_the_correlation_and_no_personal_text(
    ours: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    lines: list[dict[str, Any]] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonFormatter().format(record)))

    handler = Kept()
    logging.getLogger().addHandler(handler)
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, logger="httpx")  # the test's own client
    try:
        reply = await ours.ask("My number is 555-canary", address="canary@example.com", message_id="canary-1")
        await ours.ask("", address="canary@example.com")
        await ours.http.get("/v1/audit/events?kind=canary")
    finally:
        logging.getLogger().removeHandler(handler)
    assert "canary" not in json.dumps(lines)
    assert ours.key not in json.dumps(lines)
    (line,) = [x for x in lines if x.get("route") == "/v1/messages" and x.get("status") == 200]
    assert line["correlation"] == reply.headers["X-Request-ID"]
    assert line["ms"] > 0


def test_an_errors_text_stays_out_of_the_log() -> None:
    try:
        raise ValueError("a canary")
    except ValueError as error:
        record = logging.LogRecord(
            "a",
            logging.ERROR,
            "",
            1,
            "failed\nfuture: ValueError('a canary')",
            (),
            (type(error), error, error.__traceback__),
        )
    line = json.loads(JsonFormatter().format(record))
    assert "canary" not in json.dumps(line)
    assert line["error"] == "ValueError"
    assert "test_health.py" in line["where"]
