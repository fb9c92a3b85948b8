"""`/v1/providers/health`: seen, and reset on record; what fails is skipped, and its cached answers go."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from application.ports import Place
from infra.settings import environment_of
from interfaces.bootstrap import Services
from interfaces.cli import cli
from tests.interfaces.http.conftest import Customer

KNOWN = Place(provider="openai", model="gpt-6-luna")


@pytest.fixture(autouse=True)
async def _calm(parts: Services) -> None:
    await parts.health.reset(await parts.health.all())


async def shown(customer: Customer) -> dict[str, dict[str, Any]]:
    reply = await customer.http.get("/v1/providers/health")
    assert reply.status_code == 200, reply.text
    assert reply.json()["next_cursor"] is None
    return {f"{item['provider']}/{item['model']}": item for item in reply.json()["items"]}


async def test_the_last_minute_of_each_model_is_shown(ours: Customer, parts: Services) -> None:
    assert "openai/gpt-6-luna" not in await shown(ours)
    for _ in range(9):
        await parts.health.record(KNOWN, "ok", 100)
    await parts.health.record(KNOWN, "timeout", 30_000)
    item = (await shown(ours))["openai/gpt-6-luna"]
    assert (item["state"], item["calls"], item["success_rate"], item["own"]) == ("healthy", 10, 0.9, False)
    assert item["p50_ms"] == pytest.approx(100, rel=0.05)
    assert (item["since"], item["until"], item["reason"]) == (None, None, None)


async def test_an_unhealthy_one_is_reset_and_that_is_on_record(
    ours: Customer, theirs: Customer, parts: Services
) -> None:
    await parts.health.record(KNOWN, "rate_limited", 1, 60)
    item = (await shown(theirs))["openai/gpt-6-luna"]
    assert (item["state"], item["reason"]) == ("unhealthy", "rate_limited; 1 of 1 calls failed")
    assert item["since"] < item["until"]
    assert await parts.health.admit(KNOWN) is not None
    reply = await ours.http.post(
        "/v1/providers/health/reset", json={"provider": "OpenAI", "model": "GPT-6-luna "}
    )
    assert reply.status_code == 200, reply.text
    (item,) = reply.json()["items"]
    assert (item["model"], item["state"], item["calls"]) == ("gpt-6-luna", "healthy", 0)
    assert await parts.health.admit(KNOWN) is None
    events = (await ours.http.get("/v1/audit/events?kind=tenant.provider_health_reset")).json()["items"]
    assert len(events) == 1
    assert events[0]["actor"].startswith("key:")
    assert str(events[0]["position"]) == reply.headers["Retrace-Position"]
    theirs_too = await theirs.http.get("/v1/audit/events?kind=tenant.provider_health_reset")
    assert theirs_too.json()["items"] == []


async def test_where_nothing_is_known_nothing_is_recorded(ours: Customer, parts: Services) -> None:
    head = await parts.reads.head(ours.tenant)
    for body in ({"provider": "openai", "model": "gpt-6-luna"}, {"provider": "nobody"}):
        reply = await ours.http.post("/v1/providers/health/reset", json=body)
        assert (reply.status_code, reply.json()["items"]) == (200, [])
        assert reply.headers["Retrace-Position"] == str(head)
    assert await parts.reads.head(ours.tenant) == head


async def test_a_tenant_sees_and_resets_its_own_places_and_what_all_know(
    ours: Customer, theirs: Customer, parts: Services
) -> None:
    owned = Place(provider="openai", model="gpt-6-luna", owner=theirs.tenant)
    secret = Place(provider="compatible", model="their-secret-project")
    for place in (owned, secret, KNOWN):
        await parts.health.record(place, "not_found", 1, 60)
    assert list(await shown(ours)) == ["openai/gpt-6-luna"]
    reply = await ours.http.get("/v1/providers/health")
    assert [item["own"] for item in reply.json()["items"]] == [False]
    reply = await theirs.http.get("/v1/providers/health")
    assert [item["own"] for item in reply.json()["items"]] == [False, True]
    await ours.http.post("/v1/providers/health/reset", json={"provider": "openai"})
    body = {"provider": "compatible", "model": "their-secret-project"}
    assert (await ours.http.post("/v1/providers/health/reset", json=body)).json()["items"] == []
    assert await parts.health.admit(KNOWN) is None
    assert await parts.health.admit(owned) is not None
    assert await parts.health.admit(secret) is not None
    await theirs.http.put(
        "/v1/agent/configuration", json={"fallback_models": ["compatible/their-secret-project"]}
    )
    assert "compatible/their-secret-project" in await shown(theirs)


async def test_scopes_are_asked_for(ours: Customer) -> None:
    manager = await ours.limited("integrations:manage")
    viewer = await ours.limited("analytics:view")
    assert (await ours.http.get("/v1/providers/health", headers=manager)).status_code == 403
    assert (await ours.http.get("/v1/providers/health", headers=viewer)).status_code == 200
    body = {"provider": "openai"}
    reply = await ours.http.post("/v1/providers/health/reset", json=body, headers=viewer)
    assert reply.status_code == 403


async def test_when_a_provider_fails_its_cached_answers_go(ours: Customer, parts: Services) -> None:
    async def make() -> bytes:
        return b"answer"

    async def asked(provider: str) -> bool:
        key = provider.encode()
        return (await parts.cache.once(ours.tenant, "responses", key, make, group=provider))[1]

    for provider in ("openai", "gemini"):
        assert not await asked(provider)
        assert await asked(provider)
    await parts.health.record(KNOWN, "rate_limited", 1)
    await asyncio.sleep(0.1)
    assert not await asked("openai")
    assert await asked("gemini")


async def test_metrics_count_what_the_caches_gave(ours: Customer, parts: Services) -> None:
    async def make() -> bytes:
        return b"answer"

    for _ in range(2):
        await parts.cache.once(ours.tenant, "responses", uuid4().bytes, make, group="together")
    lines = (await ours.http.get("/metrics")).text.splitlines()
    assert 'retrace_cache_misses_total{group="together",kind="responses"} 2.0' in lines


async def test_the_commands_show_and_reset(ours: Customer, parts: Services) -> None:
    await parts.health.record(KNOWN, "rate_limited", 1, 60)
    await parts.health.close()

    async def run(*words: str) -> Any:
        environment = environment_of(parts.settings)
        return await asyncio.to_thread(CliRunner().invoke, cli, ["providers", *words], env=environment)

    reply = await run("health", "--json")
    assert reply.exit_code == 0, reply.output
    assert '"state": "unhealthy"' in reply.output
    assert "rate_limited; 1 of 1 calls failed" in (await run("health")).output
    reply = await run("reset", "openai/gpt-6-luna", "--tenant", str(ours.tenant))
    assert reply.exit_code == 0, reply.output
    assert "openai/gpt-6-luna is asked again" in reply.output
    await asyncio.sleep(0.2)
    assert await parts.health.admit(KNOWN) is None
    assert "nothing is known of nobody" in (await run("reset", "nobody", "--tenant", str(ours.tenant))).output
