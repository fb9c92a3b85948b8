"""A command that another process overtakes, after it has read and before it writes: it is decided anew on what is there then.

Where the caller has said which version it takes the thing to be, it is not done, and the caller hears the present one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
import pytest_asyncio

from domain.agents.agent import Agent, AgentConfiguration
from domain.base.aggregate import Aggregate
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.base.one_per_tenant import OnePerTenant
from domain.budgets.budget import Budget, BudgetLimits
from domain.conversations.conversation import Conversation
from domain.flags.flag import Flags
from domain.gateway.policy import RoutingPolicy
from domain.gateway.router import Router
from domain.models.catalogue import Model
from domain.models.catalogue_overrides import CatalogueOverrides
from domain.privacy.retention import Retention
from domain.retrieval.document import Document
from domain.tenancy.scopes import SCOPES
from domain.tenancy.tenant import Tenant
from infra.settings import Settings
from interfaces.bootstrap import Services, services
from interfaces.http import EXAMPLES
from tests.interfaces.http.conftest import OPERATOR, Customer, customer_of

POLICY: dict[str, Any] = EXAMPLES["put", "/v1/routing"]
ANOTHER = [
    msgspec.convert({**POLICY, "failover": failover}, RoutingPolicy)
    for failover in ([], ["local/extractive"])
]


OTHER = "key:other"


def now() -> datetime:
    return datetime.now(UTC)


def fail(document: Document, n: int) -> None:
    document.start_processing(now())
    document.fail(f"overtaken {n}", now())


def write(conversation: Conversation, n: int) -> None:
    conversation.receive(message=f"overtaken {n}", text="And?", interaction=uuid4(), at=now())


def add(overrides: CatalogueOverrides, n: int) -> None:
    overrides.set_model(Model(provider="local", name=f"overtaken-{n}", context_window=4096), now())


RIVALS: dict[type[Aggregate[Any]], Callable[[Any, int], None]] = {
    Tenant: lambda it, n: it.skip_projection_event("costs", 10**9 + n, "overtaken", now()),
    Agent: lambda it, n: it.configure(AgentConfiguration(tone=f"overtaken {n}"), now()),
    Budget: lambda it, n: it.set(BudgetLimits(day=Decimal(900 + n)), now()),
    Retention: lambda it, n: it.keep(900 + n, now()),
    Router: lambda it, n: it.configure(ANOTHER[n], now()),
    Flags: lambda it, n: it.switch("routing", now(), percentage=90 + n),
    CatalogueOverrides: add,
    Conversation: write,
    Document: fail,
}
"""What the other process does. None of it makes a command below impossible."""


class Overtaken(NamedTuple):
    """`before`: what is done before it comes. The words in braces are ids. `versioned`: whether its
    address takes the version that is expected."""

    kind: type[Aggregate[Any]]
    method: str
    path: str
    body: Any = None
    before: tuple[str, str, Any] | None = None
    versioned: bool = True


CALM = ("PUT", "/v1/agent/configuration", {"tone": "calm"})
ROLLOUT: tuple[str, str, Any] = ("POST", "/v1/flags/full_agent/rollout", {})
OFF = ("PUT", "/v1/flags/full_agent", {"on": False})
KEY = {"key": "sk-overtaken-0123456789"}
PRICE = {"model": "local/extractive", "input": "0.1", "output": "0.1"}
CORRECTION = {"corrects": "{price}", "input": "0.2", "output": "0.2", "reason": "late"}
COMMANDS = {
    "rename": Overtaken(Tenant, "PATCH", "/v1/tenants/{tenant}", {"name": "Renamed"}),
    "suspend": Overtaken(Tenant, "POST", "/v1/tenants/{tenant}/suspend"),
    "resume": Overtaken(
        Tenant, "POST", "/v1/tenants/{tenant}/resume", before=("POST", "/v1/tenants/{tenant}/suspend", None)
    ),
    "remove": Overtaken(Tenant, "DELETE", "/v1/tenants/{tenant}"),
    "restore": Overtaken(
        Tenant, "POST", "/v1/tenants/{tenant}/restore", before=("DELETE", "/v1/tenants/{tenant}", None)
    ),
    "issue": Overtaken(Tenant, "POST", "/v1/keys", {"name": "new", "scopes": ["audit:read"]}),
    "rotate": Overtaken(Tenant, "POST", "/v1/keys/{key}/rotate", {"overlap_hours": 1}),
    "revoke": Overtaken(Tenant, "DELETE", "/v1/keys/{key}"),
    "issue for a tenant": Overtaken(
        Tenant, "POST", "/v1/tenants/{tenant}/keys", {"name": "new", "scopes": ["audit:read"]}
    ),
    "revoke for a tenant": Overtaken(Tenant, "DELETE", "/v1/tenants/{tenant}/keys/{key}"),
    "set a provider's key": Overtaken(Tenant, "PUT", "/v1/providers/openai/key", KEY),
    "remove a provider's key": Overtaken(
        Tenant, "DELETE", "/v1/providers/openai/key", before=("PUT", "/v1/providers/openai/key", KEY)
    ),
    "configure": Overtaken(Agent, *CALM),
    "restore a configuration": Overtaken(
        Agent, "POST", "/v1/agent/configuration/restore", {"version": 1}, before=CALM
    ),
    "limit": Overtaken(Budget, "PUT", "/v1/budgets", {"day": "7"}),
    "unlimit": Overtaken(Budget, "DELETE", "/v1/budgets", before=("PUT", "/v1/budgets", {"day": "7"})),
    "retain": Overtaken(Retention, "PUT", "/v1/retention", {"days": 30}),
    "route": Overtaken(Router, "PUT", "/v1/routing", POLICY),
    "restore a policy": Overtaken(
        Router, "POST", "/v1/routing/restore", {"version": 1}, before=("PUT", "/v1/routing", POLICY)
    ),
    "switch": Overtaken(Flags, "PUT", "/v1/flags/full_agent", {"on": True, "percentage": 44}),
    "roll out": Overtaken(Flags, *ROLLOUT, before=OFF),
    "add a model": Overtaken(
        CatalogueOverrides, "PUT", "/v1/models", {"id": "together/nordfell", "context_window": 32_768}
    ),
    "price": Overtaken(CatalogueOverrides, "PUT", "/v1/prices", PRICE),
    "correct a price": Overtaken(CatalogueOverrides, "POST", "/v1/prices/corrections", CORRECTION),
    "close": Overtaken(Conversation, "POST", "/v1/conversations/{conversation}/close"),
    "reprocess": Overtaken(Document, "POST", "/v1/documents/{document}/reprocess", versioned=False),
    "delete": Overtaken(Document, "DELETE", "/v1/documents/{document}", versioned=False),
}


@pytest_asyncio.fixture(scope="module", name="other")
async def _other(settings: Settings) -> AsyncIterator[Services]:
    """Another process: it shares the servers, and nothing else."""
    async with services(settings, pool=2) as parts:
        yield parts


async def things_of(
    customer: Customer, kind: type[Aggregate[Any]], other: Services, context: Context
) -> dict[str, str]:
    """The ids of what a command about this kind may name."""
    http, things = customer.http, {"tenant": str(customer.tenant)}
    if kind is Tenant:
        key = {"name": "second", "scopes": list(SCOPES)}
        things["key"] = (await http.post("/v1/keys", json=key)).json()["id"]
    elif kind is Conversation:
        things["conversation"] = (await customer.ask("Hello?")).json()["conversation"]
    elif kind is CatalogueOverrides:
        prices = await http.get("/v1/prices?model=local/extractive")
        things["price"] = prices.json()["items"][0]["id"]
    elif kind is Document:
        document = Document.upload(
            uuid4(), name="a.txt", media_type="text/plain", size=3, content_hash="abc", at=now()
        )
        fail(document, 9)
        await other.store.save(document, context=context)
        things["document"] = str(document.id)
    return things


def about(kind: type[Aggregate[Any]], things: dict[str, str]) -> UUID:
    if issubclass(kind, OnePerTenant):
        return kind.id_of(UUID(things["tenant"]))
    return UUID(things[kind.TOPIC])


async def send(
    http: httpx.AsyncClient, things: dict[str, str], method: str, path: str, body: Any, **headers: str
) -> httpx.Response:
    if path.startswith("/v1/tenants"):
        headers["X-Tenant-API-Key"] = OPERATOR
    if isinstance(body, dict) and "corrects" in body:
        body = {**body, "corrects": things["price"]}
    return await http.request(method, path.format_map(things), json=body, headers=headers)


async def version_of(parts: Services, kind: type[Aggregate[Any]], id: UUID, tenant: UUID) -> int:
    try:
        return (await parts.store.load(kind, id, tenant=tenant)).version
    except NotFound:
        return 0


def rival(kind: type[Aggregate[Any]], tenant: UUID, n: int, found: Aggregate[Any] | None) -> Aggregate[Any]:
    """What the other process does for the n-th time, with what it finds."""
    if found is None:
        assert issubclass(kind, OnePerTenant)
        found = kind.begin(tenant, now())
    RIVALS[kind](found, n)
    return found


@pytest.mark.parametrize("name", COMMANDS)
async def test_who_is_overtaken_is_done_on_what_is_there_then_or_hears_the_version(
    name: str, app: Any, parts: Services, other: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = COMMANDS[name]
    kind, customer = command.kind, await customer_of(app, parts, "Overtaken")
    context = Context(tenant=customer.tenant, actor=OTHER, correlation=uuid4())
    async with customer.http as http:
        things = await things_of(customer, kind, other, context)
        if command.before is not None:
            assert (await send(http, things, *command.before)).is_success
        id, save = about(kind, things), parts.store.save
        due: list[int] = []

        async def overtaken(*aggregates: Aggregate[Any], **options: Any) -> Any:
            if due and aggregates[0].id == id:
                decide = partial(rival, kind, customer.tenant, due.pop())
                await other.store.change(kind, id, decide, context=context)
            return await save(*aggregates, **options)

        monkeypatch.setattr(parts.store, "save", overtaken)
        asked = command.method, command.path, command.body
        seen = await version_of(other, kind, id, customer.tenant)
        if command.versioned:
            due = [0]
            refused = await send(http, things, *asked, **{"If-Match": f'"{seen}"'})
            present = await version_of(other, kind, id, customer.tenant)
            assert (refused.status_code, due) == (409, []), refused.text
            assert (refused.json()["version"], refused.headers["ETag"]) == (present, f'"{present}"')
            assert present > seen
            seen = present
        due = [1]
        done = await send(http, things, *asked)
        assert (done.is_success, due) == (True, []), done.text
        wrote = [recorded.actor async for recorded in other.store.stream(customer.tenant, id, after=seen)]
        first = [actor == OTHER for actor in wrote].index(False)
        assert wrote[:first] == [OTHER] * first
        assert first > 0
