"""`why`, `wrote` and `forget` for a call of the completions API."""

from __future__ import annotations

import json
from decimal import Decimal
from uuid import UUID, uuid4

import pytest_asyncio

from application.chat.end_user import id_of_user, one_more_call
from application.tenancy.tenant import CreateTenant, create_tenant
from domain.base.errors import NotFound
from domain.chat.call import Call
from domain.gateway.decision import PassedOver, Routing
from domain.models.completion import Attempt, Turn
from tests.infra.log.parts import context, log_on, now
from tests.infra.projections.parts import projecting
from tests.interfaces.conftest import Run


@pytest_asyncio.fixture(scope="module", name="call")
async def _call(database_url: str) -> UUID:
    """Of a tenant's that has one, for the user "anna"."""
    async with log_on(database_url) as log:
        made = await create_tenant(
            CreateTenant(name="Shop"), actor="operator:test", store=log.store, clock=now, ids=uuid4
        )
        user = await id_of_user(made.tenant, "anna", 0, keyring=log.keyring)
        call = Call.request(
            uuid4(),
            model="auto",
            messages=(Turn(role="user", text="Is it blue?"),),
            max_tokens=10,
            temperature=None,
            stop=(),
            options={},
            stream=False,
            user="anna",
            user_id=user,
            at=now(),
        )
        routing = Routing(
            model="p/m", reason="it is simple", passed_over=(PassedOver(model="q/n", reason="it is down"),)
        )
        attempt = Attempt(provider="p", model="m", outcome="ok", started_at=now(), latency_ms=3.0)
        call.meter(routing=routing, attempts=[attempt], at=now())
        call.answer(text="Sky-blue.", finish="stop", citations=(), cached=False, latency_ms=3.0, at=now())
        await log.store.save(call, context=context(made.tenant), tallies=[one_more_call(user)])
        async with projecting(log) as projector:
            await projector.catch_up()
    return call.id


def test_a_call_is_explained_and_its_text_traced_until_its_user_is_forgotten(run: Run, call: UUID) -> None:
    told = run("why", str(call)).output
    for part in ("Is it blue?", "Sky-blue.", "it is simple", "q/n, it is down", "call.metered", "answered"):
        assert part in told, part
    assert Decimal(json.loads(run("why", str(call), "--json").output)["cost"]) == 0
    (item,) = json.loads(run("wrote", "sky-blue.", "--json").output)["items"]
    assert (item["writing"]["interaction"], item["writing"]["conversation"]) == (str(call), None)
    erased = json.loads(run("forget", "anna", "--tenant", item["tenant"], "--json").output)
    assert erased["conversations"] == []
    assert [user["events"] for user in erased["users"]] == [2]
    assert isinstance(run("why", str(call)).exception, NotFound)
    assert "user/" in run("forget", "anna", "--tenant", item["tenant"]).output
    assert isinstance(run("forget", "bert", "--tenant", item["tenant"]).exception, NotFound)
