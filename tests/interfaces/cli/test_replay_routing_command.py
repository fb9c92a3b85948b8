from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest
import pytest_asyncio

from application.gateway.policy import ConfigureRouting, configure_routing
from application.tenancy.tenant import CreateTenant, create_tenant
from domain.conversations.conversation import Conversation
from domain.gateway.complexity import complexity
from domain.gateway.policy import RoutingPolicy
from domain.models.completion import Attempt, Turn, Usage
from domain.models.pricing import cost
from infra.providers.catalogue import load_catalogue
from interfaces.http import EXAMPLES
from tests.infra.log.parts import context, log_on, now
from tests.interfaces.conftest import Run

POLICY = msgspec.convert(EXAMPLES["put", "/v1/routing"], RoutingPolicy)
QUESTIONS = ("When are you open?", "Could you compare the two plans for me?", "Where is my order 4711?")


@pytest_asyncio.fixture(scope="module", name="tenant")
async def _tenant(database_url: str) -> UUID:
    """With a policy and three routed answers."""
    catalogue = load_catalogue()
    async with log_on(database_url) as log:
        made = await create_tenant(
            CreateTenant(name="Shop"), actor="operator:test", store=log.store, clock=now, ids=uuid4
        )
        owner = context(made.tenant)
        configured = await configure_routing(
            ConfigureRouting(policy=POLICY), owner, store=log.store, catalogue=catalogue, clock=now
        )
        for question in QUESTIONS:
            conversation = Conversation.start(uuid4(), channel="http", address="a", name=None, at=now())
            interaction = conversation.receive(message="m", text=question, interaction=uuid4(), at=now())
            prompt = (Turn(role="system", text="s"), Turn(role="user", text=question))
            conversation.ask(retrieved=(), prompt=prompt, at=now())
            routing = POLICY.decide(configured.version, complexity([question], 0), None)
            provider, _, name = routing.model.partition("/")
            usage, price = Usage(input=1000, output=100), catalogue.price(provider, name, now())
            assert price is not None
            attempt = Attempt(
                provider=provider,
                model=name,
                outcome="ok",
                started_at=now(),
                latency_ms=1,
                usage=usage,
                cost=cost(usage, price),
            )
            conversation.meter(interaction, routing=routing, attempts=(attempt,), at=now())
            await log.store.save(conversation, context=owner)
    return made.tenant


@pytest.fixture(name="run")
def _run(run: Run, tenant: UUID) -> Run:
    return lambda *words: run("replay", "routing", "--tenant", str(tenant), *words)


def test_as_recorded_nothing_differs(run: Run) -> None:
    found = json.loads(run("--policy", "as-recorded", "--json").output)
    assert (found["decisions"], found["differing"], found["rows"]) == (3, 0, [])
    assert Decimal(found["difference"]) == 0
    assert "3 decisions, 0 differ (as-recorded)" in run("--policy", "as-recorded").output


@pytest.mark.parametrize("form", ["policy.json", "policy.toml"])
def test_a_policy_out_of_a_file_is_tried(run: Run, tmp_path: Path, form: str) -> None:
    file = tmp_path / form
    facts = msgspec.to_builtins(POLICY)
    facts["tiers"]["simple_queries"] = {"provider": "gemini", "model": "gemini-2.5-flash-lite", "reason": "r"}
    file.write_text(as_toml(facts["tiers"]) if form.endswith("toml") else json.dumps(facts))
    found = json.loads(run("--policy", str(file), "--against", "openai/gpt-4o", "--json").output)
    assert (found["policy"], found["differing"]) == ("given", 2)
    # Twice 1,000 tokens of input and 100 of output, at 0.10 and 0.40 in the place of 0.10 and 0.50.
    assert Decimal(found["difference"]) == Decimal("-0.00002")
    assert found["baselines"][-1]["model"] == "openai/gpt-4o"
    told = run("--policy", str(file), "--rows", "1").output
    assert "and 1 more" in told
    assert "gemini/gemini-2.5-flash-lite (simple)" in told
    assert "of the promise:" in told


def as_toml(tiers: dict[str, dict[str, str]]) -> str:
    lines = []
    for tier, target in tiers.items():
        lines += [f"[tiers.{tier}]", *(f"{name} = {json.dumps(value)}" for name, value in target.items())]
    return "\n".join(lines)


@pytest.mark.parametrize("content", ["{", "{}", '{"tiers": {}}'])
def test_what_is_no_policy_is_bad_use(run: Run, tmp_path: Path, content: str) -> None:
    file = tmp_path / "policy.json"
    file.write_text(content)
    assert run("--policy", str(file)).exit_code == 2
    assert run("--policy", "nowhere.json").exit_code == 2
