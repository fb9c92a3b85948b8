"""`retrace models` and `retrace replay prices`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest_asyncio
from click.testing import Result

from application.tenancy.tenant import CreateTenant, create_tenant
from domain.base.errors import Refused
from domain.conversations.conversation import Conversation
from domain.gateway.decision import Routing
from domain.models.completion import Attempt, Usage
from domain.models.pricing import cost
from infra.providers.catalogue import load_catalogue
from tests.infra.log.parts import context, log_on, now
from tests.interfaces.conftest import Run

USAGE = Usage(input=300_000, cached=100, written=7, output=41)


@dataclass
class Recorded:
    """A tenant with two calls of a paid model, of today."""

    tenant: UUID
    cost: Decimal
    price: str


@pytest_asyncio.fixture(scope="module", name="recorded")
async def _recorded(database_url: str) -> Recorded:
    price = load_catalogue().price("openai", "gpt-6.1-terra", now())
    assert price is not None
    attempts = tuple(
        Attempt(
            provider="openai",
            model="gpt-6.1-terra",
            served="gpt-6.1-terra",
            outcome="ok",
            started_at=now(),
            latency_ms=1,
            usage=USAGE,
            cost=cost(USAGE, price),
            price=price.id,
        )
        for _ in range(2)
    )
    async with log_on(database_url) as log:
        made = await create_tenant(
            CreateTenant(name="Shop"), actor="operator:test", store=log.store, clock=now, ids=uuid4
        )
        conversation = Conversation.start(uuid4(), channel="http", address="a", name=None, at=now())
        interaction = conversation.receive(message="1", text="Hello?", interaction=uuid4(), at=now())
        routing = Routing(model="openai/gpt-6.1-terra", reason="test")
        conversation.meter(interaction=interaction, routing=routing, attempts=attempts, at=now())
        await log.store.save(conversation, context=context(made.tenant))
    return Recorded(made.tenant, 2 * cost(USAGE, price), price.id)


def shown(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def price_file(folder: Path, models: int, **more: Any) -> str:
    usual = {"litellm_provider": "openai", "mode": "chat", "max_input_tokens": 9000}
    cheap = usual | {"input_cost_per_token": 1e-07, "output_cost_per_token": 2e-07}
    file = folder / "prices.json"
    file.write_text(json.dumps({f"gpt-x{number}": cheap for number in range(models)} | more))
    return str(file)


def test_models_are_listed_the_retired_ones_when_asked_for(run: Run) -> None:
    alive, every = shown(run("models", "list", "--json")), shown(run("models", "list", "--all", "--json"))
    by_id = {each["id"]: each for each in every}
    assert "openai/o1-mini" in by_id.keys() - {each["id"] for each in alive}
    assert by_id["openai/o1-mini"]["model"]["successor"] == "openai/gpt-5.6-terra"
    assert by_id["openai/gpt-6-luna"]["price"]["cached"] == "0.01"
    assert "openai/gpt-6-luna" in run("models", "list").output


def test_a_file_is_imported_for_every_tenant_and_seen_in_the_list(
    run: Run, recorded: Recorded, tmp_path: Path
) -> None:
    file = price_file(tmp_path, 60)
    (done,) = shown(run("models", "import", file, "--json"))
    assert (done["tenant"], len(done["added"]), done["changed"]) == (str(recorded.tenant), 60, [])
    again = run("models", "import", file, "--tenant", str(recorded.tenant))
    assert "0 added, 0 changed, 60 as they were" in again.output
    mine = shown(run("models", "list", "--tenant", str(recorded.tenant), "--json"))
    assert "openai/gpt-x7" in {each["id"] for each in mine}
    assert "openai/gpt-x7" not in {each["id"] for each in shown(run("models", "list", "--json"))}


def test_a_file_that_was_cut_is_refused(run: Run, recorded: Recorded, tmp_path: Path) -> None:
    result = run("models", "import", price_file(tmp_path, 49))
    assert isinstance(result.exception, Refused)
    assert "at least 50" in str(result.exception)


def test_at_the_prices_as_recorded_no_row_differs(run: Run, recorded: Recorded) -> None:
    tenant = ("--tenant", str(recorded.tenant))
    found = shown(run("replay", "prices", *tenant, "--table", "as-recorded", "--json"))
    assert (found["calls"], found["different"], found["rows"]) == (2, 0, [])
    assert Decimal(found["recorded"]) == Decimal(found["new"]) == recorded.cost
    assert {each["table"] for each in found["sums"]} == {"as-recorded"}
    assert found["sums"][0]["prices"] == [recorded.price]


def test_recorded_calls_are_priced_by_a_file_and_every_sum_names_it(
    run: Run, recorded: Recorded, tmp_path: Path
) -> None:
    half = {"input_cost_per_token": 5e-07, "output_cost_per_token": 0.0000025}
    terra = {"gpt-6.1-terra": {"litellm_provider": "openai", "mode": "chat", **half}}
    file = price_file(tmp_path, 60, **terra)
    tenant = ("--tenant", str(recorded.tenant))
    found = shown(run("replay", "prices", *tenant, "--table", file, "--json"))
    assert found["different"] == 2
    assert Decimal(found["new"]) == 2 * (300_000 * Decimal("0.5") + 41 * Decimal("2.5")) / 1_000_000
    assert all(each["table"].startswith("prices.json, SHA-256 ") for each in found["sums"])
    told = run("replay", "prices", *tenant, "--table", file, "--rows", "1").output
    assert "and 1 more" in told
    assert "prices.json, SHA-256" in told
    later = shown(run("replay", "prices", *tenant, "--since", "2999-01-01", "--json"))
    assert (later["calls"], later["sums"]) == (0, [])


def test_an_unknown_table_is_bad_use(run: Run, recorded: Recorded) -> None:
    result = run("replay", "prices", "--tenant", str(recorded.tenant), "--table", "nowhere")
    assert result.exit_code == 2
