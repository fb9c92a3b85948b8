"""A tenant with a provider's key is routed by default: by tier, with failover, explained; until it decides something itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from application.tenancy.tenant import CreateTenant, create_tenant
from infra.providers import PROVIDERS
from infra.providers.access import ProviderAccess
from infra.settings import Secret, Settings
from interfaces.asgi import create_app
from interfaces.bootstrap import Services, services
from tests.doubles.openai import Double, openai_double
from tests.interfaces.http.conftest import OPERATOR, Customer

AS_OPERATOR = {"Authorization": f"Bearer {OPERATOR}"}
SIMPLE, DEFAULT = "gpt-6-luna", "gpt-6.1-terra"


@pytest_asyncio.fixture(scope="module", name="upstream")
async def _upstream() -> AsyncIterator[Double]:
    """Stands at the vendor's own address."""
    async with openai_double() as double:
        with pytest.MonkeyPatch.context() as patch:
            vendor = msgspec.structs.replace(PROVIDERS["openai"], base_url=double.url("scripted"))
            patch.setitem(PROVIDERS, "openai", vendor)
            yield double


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(settings: Settings, upstream: Double) -> AsyncIterator[Services]:
    given = msgspec.structs.asdict(settings) | {"allow_private_addresses": True}
    async with services(Settings(**given), pool=6) as parts:
        yield parts


@pytest_asyncio.fixture(name="shop")
async def _shop(app: Any, parts: Services) -> AsyncIterator[Customer]:
    made = await create_tenant(
        CreateTenant(name="Shop"), actor="operator:test", store=parts.store, clock=parts.clock, ids=parts.ids
    )
    headers = {"X-Tenant-API-Key": made.key}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://retrace", headers=headers, timeout=30
    ) as client:
        yield Customer(made.tenant, made.key, client)


async def decision(customer: Customer, text: str = "When are you open?") -> dict[str, Any]:
    asked = await customer.ask(text)
    assert asked.status_code == 200, asked.text
    position = {"Retrace-Position": asked.headers["Retrace-Position"]}
    why = await customer.http.get(f"/v1/interactions/{asked.json()['id']}/why", headers=position)
    routing: dict[str, Any] = why.json()["routing"]
    return {**routing, "asked": [attempt["model"] for attempt in why.json()["attempts"]]}


async def test_without_a_key_nothing_is_routed(shop: Customer) -> None:
    assert (await shop.http.get("/v1/routing")).json()["policy"] is None
    made = await decision(shop)
    assert (made["by"], made["model"]) == ("configuration", "local/extractive")


async def test_with_a_key_it_is_routed_and_failed_over_by_tier(shop: Customer, upstream: Double) -> None:
    upstream.script = lambda body: "503" if body["model"] == SIMPLE else "ok"
    put = await shop.http.put("/v1/providers/openai/key", json={"key": "sk-0123456789-abcdef"})
    assert put.status_code == 200, put.text
    shown = (
        await shop.http.get("/v1/routing", headers={"Retrace-Position": put.headers["Retrace-Position"]})
    ).json()
    assert shown["by_default"]
    assert shown["policy"]["failover"] == [f"openai/{DEFAULT}", f"openai/{SIMPLE}"]
    made = await decision(shop)
    assert (made["by"], made["tier"], made["model"]) == ("score", "simple", f"openai/{SIMPLE}")
    assert made["reason"].startswith("by default: ")
    assert made["asked"] == [SIMPLE, DEFAULT]
    assert (await shop.http.delete("/v1/providers/openai/key")).status_code == 204
    assert (await shop.http.get("/v1/routing")).json()["policy"] is None


async def test_it_gives_way_to_what_the_tenant_says(shop: Customer, upstream: Double) -> None:
    upstream.script = lambda body: "503" if body["model"] == SIMPLE else "ok"
    await shop.http.put("/v1/providers/openai/key", json={"key": "sk-0123456789-abcdef"})
    await shop.http.put("/v1/agent/configuration", json={"fallback_models": ["openai/gpt-6.1-sol"]})
    assert (await decision(shop, "Do you sell tents?"))["asked"][-1] == "gpt-6.1-sol"
    await shop.http.put("/v1/agent/configuration", json={"default_model": "openai/gpt-4o"})
    made = await decision(shop, "Do you sell boots?")
    assert (made["by"], made["asked"]) == ("configuration", ["gpt-4o"])
    shown = (await shop.http.get("/v1/routing")).json()
    put = await shop.http.put("/v1/routing", json=shown["policy"])
    assert (put.json()["by_default"], put.json()["version"]) == (False, shown["version"] + 1)


async def test_another_servers_models_are_not_guessed(shop: Customer, upstream: Double) -> None:
    body = {"key": "sk-0123456789-abcdef", "base_url": upstream.url("ok")}
    assert (await shop.http.put("/v1/providers/openai/key", json=body)).status_code == 200
    assert (await shop.http.get("/v1/routing")).json()["policy"] is None


async def test_a_new_tenant_has_the_deployments_providers(settings: Settings, upstream: Double) -> None:
    """Of two keys the first provider's models, and the other's behind them."""
    given = msgspec.structs.asdict(settings)
    given["providers"] = {name: ProviderAccess(api_key=Secret("k")) for name in ("openai", "gemini")}
    async with services(Settings(**given), pool=2) as parts:
        transport = httpx.ASGITransport(create_app(parts))
        async with httpx.AsyncClient(transport=transport, base_url="http://retrace") as client:
            made = (await client.post("/v1/tenants", json={"name": "New"}, headers=AS_OPERATOR)).json()
            own = {"X-Tenant-API-Key": made["key"]}
            shown = (await client.get("/v1/routing", headers=own)).json()
            told = (await client.post("/v1/routing/explain", json={"text": "Open?"}, headers=own)).json()
    assert shown["by_default"]
    assert shown["policy"]["failover"] == [
        "openai/gpt-6.1-terra",
        "gemini/gemini-3.8-flash",
        "openai/gpt-6-luna",
        "gemini/gemini-3.5-flash-lite",
    ]
    assert told["route"]["routing"]["reason"].startswith("by default: ")


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (
            "nosuch/model",
            "there is no provider 'nosuch'; there are local, openai, gemini, together, vertex, compatible",
        ),
        ("local/extractor", "there is no model 'local/extractor'; there are local/extractive"),
    ],
)
async def test_what_nobody_has_is_refused_with_the_names_there_are(
    shop: Customer, model: str, told: str
) -> None:
    provider, _, name = model.partition("/")
    target = {"provider": provider, "model": name, "reason": "all"}
    tiers = dict.fromkeys(("simple_queries", "default", "complex_reasoning", "large_context"), target)
    right = {key: {"provider": "openai", "model": "gpt-6-luna", "reason": "all"} for key in tiers}
    for path, body in (
        ("/v1/agent/configuration", {"default_model": model}),
        ("/v1/agent/configuration", {"fallback_models": [model]}),
        ("/v1/routing", {"tiers": tiers}),
        ("/v1/routing", {"tiers": right, "failover": [model]}),
    ):
        reply = await shop.http.put(path, json=body)
        assert reply.status_code == 422, (body, reply.text)
        assert told in reply.json()["detail"]


def test_the_models_by_default_are_in_the_catalogue(parts: Services) -> None:
    for name, provider in PROVIDERS.items():
        if provider.tiers is not None:
            for tier in ("simple", "default", "complex", "large_context"):
                model = parts.catalogue.find(name, getattr(provider.tiers, tier))
                assert model is not None
                assert not model.retired(parts.clock())
