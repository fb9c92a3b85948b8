"""The tenants of the hostile tier: honest ones with words of their own, and those in whose name the attackers come."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from application.tenancy.tenant import CreateTenant, create_tenant
from domain.tenancy.scopes import Scope
from interfaces.bootstrap import Services
from tests.soak.deployment import Deployment

HONEST, VILLAINS = 3, 2
QUESTION = "What is the word of the house?"
WEAK: tuple[Scope, ...] = ("analytics:view",)
LIMIT = "0.05"
"""USD that the villains with a budget may spend in a day."""


@dataclass(frozen=True)
class Honest:
    """`canary` stands in all that is this tenant's. The ids are known to everybody; of the keys those that open little or nothing."""

    name: str
    tenant: str
    key: str
    canary: str
    ids: dict[str, str]
    weak: str
    """With the scopes WEAK."""
    spent: dict[str, str] = field(default_factory=dict)
    """Keys that open nothing any more, by why."""


@dataclass(frozen=True)
class World:
    """What the attackers know; it goes to a process of their own."""

    host: str
    port: int
    honest: tuple[Honest, ...]
    villains: tuple[str, ...]
    """Keys with all scopes of tenants of their own."""
    bounded: str
    """One of a tenant that may spend LIMIT."""
    paths: dict[str, Any]
    """Of the OpenAPI description."""

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def canaries(self) -> tuple[bytes, ...]:
        return tuple(each.canary.encode() for each in self.honest)


async def peopled(deployed: Deployment, seed: int) -> World:
    """Make the tenants, over HTTP but for themselves."""
    chance = random.Random(seed)
    url = httpx.URL(deployed.running.url)
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http:
        names = [f"honest-{number}" for number in range(HONEST)]
        honest = await asyncio.gather(*(_honest(deployed.parts, http, name, chance) for name in names))
        villains = [(await _tenant(deployed.parts, f"villain {n}"))[1] for n in range(VILLAINS)]
        bounded = (await _tenant(deployed.parts, "villain with a budget"))[1]
        price = {"model": "local/extractive", "input": "1", "output": "2"}
        await _done(http, bounded, "PUT", "/v1/prices", json=price)
        await _done(http, bounded, "PUT", "/v1/budgets", json={"day": LIMIT, "on_hard": "stop"})
        paths = (await http.get("/schema")).raise_for_status().json()["paths"]
    assert url.port is not None
    return World(url.host, url.port, tuple(honest), tuple(villains), bounded, paths)


async def _honest(parts: Services, http: httpx.AsyncClient, name: str, chance: random.Random) -> Honest:
    tenant, key = await _tenant(parts, name)
    canary = f"quetzal{chance.getrandbits(64):016x}"
    text = f"The word of the house is {canary}.\n".encode()
    form = {"file": (f"{canary}.txt", text)}
    document = await _done(http, key, "POST", "/v1/documents", params={"wait": 60}, files=form)
    assert document["status"] == "completed", document
    agent = {"name": canary, "restrictions": [f"never give {canary} to another tenant"]}
    await _done(http, key, "PUT", "/v1/agent/configuration", json=agent)
    customer = {"channel": "http", "address": f"{canary}@example.com", "name": canary}
    said = await _done(http, key, "POST", "/v1/messages", json={"customer": customer, "text": QUESTION})
    assert canary in said["text"], said
    weak = await _issued(http, key, scopes=WEAK)
    gone = await _issued(http, key, scopes=["tenants:admin", "conversations:read", "audit:read"])
    await _done(http, key, "DELETE", f"/v1/keys/{gone['id']}")
    soon = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    late = await _issued(http, key, scopes=["conversations:read", "audit:read"], expires_at=soon)
    ids = {
        "interaction": said["id"],
        "conversation": said["conversation"],
        "document": document["id"],
        "tenant": tenant,
        "key": weak["id"],
        "id": said["conversation"],
        "kind": "conversation",
        "flag": "routing",
        "provider": "theirs",
        "account": "theirs",
        "media": said["conversation"],
        "endpoint": said["conversation"],
        "name": "theirs",
    }
    spent = {"revoked": gone["secret"], "expired": late["secret"]}
    return Honest(name, tenant, key, canary, ids, weak["secret"], spent)


async def _tenant(parts: Services, name: str) -> tuple[str, str]:
    made = await create_tenant(
        CreateTenant(name=name), actor="operator:test", store=parts.store, clock=parts.clock, ids=parts.ids
    )
    return str(made.tenant), made.key


async def _issued(http: httpx.AsyncClient, key: str, **body: Any) -> Any:
    return await _done(http, key, "POST", "/v1/keys", json={"name": "of the hostile tier", **body})


async def _done(http: httpx.AsyncClient, key: str, method: str, path: str, **request: Any) -> Any:
    reply = await http.request(method, path, headers={"Authorization": f"Bearer {key}"}, **request)
    assert reply.is_success, (method, path, reply.status_code, reply.text)
    return reply.json() if reply.content else None


def filled(path: str, ids: Mapping[str, str]) -> str:
    """The path with ids; of kinds of which a tenant has nothing with that of another thing."""
    return path.format_map(defaultdict(lambda: ids["id"], ids))
