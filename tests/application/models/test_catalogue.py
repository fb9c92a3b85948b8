"""The tenant's catalogue in the log: overrides, corrections, imports, and recorded calls at other prices."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from application.agents.agent import ConfigureAgent, configuration_of, configure_agent
from application.models.catalogue import (
    CorrectPrice,
    PriceTerms,
    SetModel,
    SetPrice,
    catalogue_of,
    correct_price,
    overrides_of,
    set_model,
    set_price,
)
from application.models.import_prices import CatalogueImported, ImportCatalogue, import_catalogue
from application.models.price_file import read_offer
from application.replay.prices import reprice
from domain.agents.agent import AgentConfiguration
from domain.base.errors import Invalid, NotFound, Refused
from domain.conversations.conversation import Conversation
from domain.gateway.decision import Routing
from domain.models.catalogue import Model
from domain.models.catalogue_overrides import CatalogueOverrides
from domain.models.completion import Attempt, Turn, Usage
from domain.models.pricing import Price, cost
from domain.replay.repricing import Repricing, as_recorded, under
from tests.application.conftest import Shop

TERRA = "openai/gpt-6.1-terra"
SHIPPED_TERRA = f"{TERRA}@2026-10-26"
TERMS = PriceTerms(input=Decimal("0.9"), output=Decimal("4.5"), cached=Decimal("0.05"))


class Catalogued:
    """The use cases of one tenant, at a time that the test sets."""

    def __init__(self, shop: Shop) -> None:
        self.store, self.shipped, self.context = shop.parts.store, shop.parts.catalogue, shop.context
        self.now = datetime.now(UTC)

    def clock(self) -> datetime:
        return self.now

    async def set_price(self, model: str, terms: PriceTerms = TERMS, **times: datetime) -> Price:
        command = SetPrice(model=model, terms=terms, **times)
        price, _ = await set_price(
            command, self.context, store=self.store, shipped=self.shipped, clock=self.clock
        )
        return price

    async def correct(self, corrects: str, terms: PriceTerms = TERMS, **times: datetime) -> Price:
        command = CorrectPrice(corrects=corrects, terms=terms, reason="the bill says so", **times)
        price, _ = await correct_price(
            command, self.context, store=self.store, shipped=self.shipped, clock=self.clock
        )
        return price

    async def take_in(self, entries: dict[str, Any]) -> CatalogueImported:
        offer = read_offer("prices.json", json.dumps(entries).encode(), self.now)
        return await import_catalogue(
            ImportCatalogue(offer=offer),
            self.context,
            store=self.store,
            shipped=self.shipped,
            clock=self.clock,
        )

    async def price(self, id: str, at: datetime | None = None) -> Price | None:
        catalogue, *_ = await overrides_of(self.context.tenant, store=self.store, shipped=self.shipped)
        return catalogue.price_of(id, at or self.now)

    async def call(self, at: datetime, usage: Usage) -> Attempt:
        """A recorded call, charged as it was then."""
        catalogue, *_ = await overrides_of(self.context.tenant, store=self.store, shipped=self.shipped)
        price = catalogue.charged("openai", "gpt-6.1-terra", "gpt-6.1-terra-2026-10-26", at)
        assert price is not None
        made = Attempt(
            provider="openai",
            model="gpt-6.1-terra",
            served="gpt-6.1-terra-2026-10-26",
            outcome="ok",
            started_at=at,
            latency_ms=1,
            usage=usage,
            cost=cost(usage, price),
            price=price.id,
        )
        conversation = Conversation.start(uuid4(), channel="http", address="a", name=None, at=self.now)
        interaction = conversation.receive(message="1", text="Hello?", interaction=uuid4(), at=self.now)
        conversation.ask(retrieved=(), prompt=(Turn(role="user", text="Hello?"),), at=self.now)
        routing = Routing(model=TERRA, reason="test")
        conversation.meter(interaction=interaction, routing=routing, attempts=(made,), at=self.now)
        await self.store.save(conversation, context=self.context)
        return made

    async def reprice(self, recorded: bool, **times: datetime) -> Repricing:
        catalogue, *_ = await overrides_of(self.context.tenant, store=self.store, shipped=self.shipped)
        table = as_recorded(catalogue) if recorded else under(catalogue)
        return await reprice(self.context.tenant, table, limit=100, store=self.store, **times)


@pytest.fixture
def tenant(shop: Shop) -> Catalogued:
    return Catalogued(shop)


async def test_a_tenant_without_words_of_its_own_has_the_shipped_catalogue(tenant: Catalogued) -> None:
    found = await catalogue_of(tenant.context.tenant, store=tenant.store, shipped=tenant.shipped)
    assert found is tenant.shipped


async def test_what_a_tenant_sets_is_its_own(tenant: Catalogued, shop: Shop) -> None:
    model = Model(provider="together", name="house/8b", context_window=4000)
    await set_model(
        SetModel(model=model), tenant.context, store=tenant.store, shipped=tenant.shipped, clock=tenant.clock
    )
    await tenant.set_price("together/house/8b")
    mine = await catalogue_of(tenant.context.tenant, store=tenant.store, shipped=tenant.shipped)
    theirs = await catalogue_of(uuid4(), store=tenant.store, shipped=tenant.shipped)
    assert mine.find("together", "house/8b") == model
    assert mine.price("together", "house/8b", tenant.now + timedelta(days=1)) is not None
    assert theirs.find("together", "house/8b") is None
    assert mine.version == 3
    assert "version 3" in mine.name


async def test_prices_that_overlap_or_change_the_past_are_refused(tenant: Catalogued) -> None:
    week = timedelta(days=7)
    await tenant.set_price(TERRA, since=tenant.now + week, until=tenant.now + 2 * week)
    with pytest.raises(Refused, match="at the same time"):
        await tenant.set_price(TERRA, since=tenant.now + week * 1.5)
    with pytest.raises(Refused, match="correction"):
        await tenant.set_price(TERRA, since=tenant.now - week)
    with pytest.raises(Invalid):
        await tenant.set_price("terra")
    with pytest.raises(NotFound):
        await tenant.correct("openai/gpt-6.1-terra@1999-01-01")


async def test_a_wrong_price_is_corrected_by_an_event_and_history_stays(tenant: Catalogued) -> None:
    day = timedelta(days=1)
    early, late = tenant.now - 6 * day, tenant.now - 2 * day
    usage = Usage(input=300_000, cached=17, written=1000, output=4_321)
    before, after = await tenant.call(early, usage), await tenant.call(late, usage)
    told_late = tenant.now - 4 * day
    made = await tenant.correct(SHIPPED_TERRA, since=told_late)
    then, now = await tenant.price(TERRA, early), await tenant.price(TERRA, late)
    assert then is not None
    assert now == made
    assert then.id == before.price == after.price == SHIPPED_TERRA
    same, new = await tenant.reprice(recorded=True), await tenant.reprice(recorded=False)
    assert (same.calls, same.different, same.recorded) == (2, 0, before.cost + after.cost)
    assert (new.calls, new.different, new.recorded) == (2, 1, same.recorded)
    assert [row.new_price for row in new.rows] == [made.id]
    assert new.new == before.cost + cost(usage, made)
    assert {each.table for each in new.sums} == {new.table}
    assert "version 2" in new.table
    events = [
        e.event async for e in tenant.store.events(tenant.context.tenant, topics=["conversation.metered"])
    ]
    recorded = [attempt for e in events if isinstance(e, Conversation.Metered) for attempt in e.attempts]
    assert recorded == [before, after], "what was charged is as it was"


async def test_a_correction_of_the_past_leaves_what_holds_now(tenant: Catalogued) -> None:
    mine = await tenant.set_price(TERRA)
    past = tenant.now - timedelta(days=9)
    made = await tenant.correct(
        SHIPPED_TERRA, PriceTerms(input=Decimal("0.8"), output=Decimal(4)), since=past
    )
    assert made.until == mine.since
    assert await tenant.price(TERRA, past) == made
    assert await tenant.price(TERRA) == mine


async def test_only_the_calls_of_a_time_are_priced_again(tenant: Catalogued) -> None:
    usage = Usage(input=10)
    for hours in (-3, -2, -1):
        await tenant.call(tenant.now + timedelta(hours=hours), usage)
    since, until = tenant.now - timedelta(hours=2), tenant.now - timedelta(hours=1)
    assert (await tenant.reprice(True, since=since, until=until)).calls == 1
    with pytest.raises(Invalid):
        await tenant.reprice(True, since=until, until=since)


async def test_repricing_writes_nothing(tenant: Catalogued, shop: Shop) -> None:
    await tenant.call(tenant.now, Usage(input=10))
    before = await shop.parts.reads.head(tenant.context.tenant)
    await tenant.reprice(recorded=False)
    assert await shop.parts.reads.head(tenant.context.tenant) == before


@pytest.mark.parametrize("place", ["default_model", "fallback_models"])
async def test_a_retired_model_can_not_be_configured(tenant: Catalogued, place: str) -> None:
    value: Any = ("gemini/gemini-1.5-pro",) if place == "fallback_models" else "gemini/gemini-1.5-pro"
    with pytest.raises(Refused, match="use gemini/gemini-3.8-flash"):
        await configure(tenant, **{place: value})


async def test_gpt_4o_can_be_configured_until_it_is_shut_down(tenant: Catalogued) -> None:
    known = tenant.shipped.get("openai/gpt-4o")
    assert known is not None
    assert known.retires_at is not None
    tenant.now = known.retires_at - timedelta(seconds=1)
    tenant.shipped.check("openai/gpt-4o", tenant.now, "chat")
    tenant.now = known.retires_at
    with pytest.raises(Refused, match=rf"{known.retires_at.date()}; use openai/gpt-6-luna"):
        await configure(tenant, default_model="openai/gpt-4o")


async def test_a_model_that_is_retired_and_was_configured_before_stays_configured(tenant: Catalogued) -> None:
    await configure(tenant, default_model=TERRA)
    gone = Model(provider="openai", name="gpt-6.1-terra", context_window=9, retires_at=tenant.now)
    await set_model(
        SetModel(model=gone), tenant.context, store=tenant.store, shipped=tenant.shipped, clock=tenant.clock
    )
    found, _ = await configuration_of(tenant.context.tenant, store=tenant.store)
    assert found.default_model == TERRA
    with pytest.raises(Refused, match="choose another one"):
        await configure(tenant, default_model=TERRA, tone="warm")


async def configure(tenant: Catalogued, **changes: Any) -> None:
    command = ConfigureAgent(configuration=msgspec.structs.replace(AgentConfiguration(), **changes))
    await configure_agent(
        command, tenant.context, store=tenant.store, catalogue=tenant.shipped, clock=tenant.clock
    )


def a_file(models: int = 60, **more: Any) -> dict[str, Any]:
    """In the form of LiteLLM's."""
    entries: dict[str, Any] = {"sample_spec": {"input_cost_per_token": 0.0, "litellm_provider": "one of …"}}
    for number in range(models):
        entries[f"gpt-x{number}"] = {
            "litellm_provider": "openai",
            "mode": "chat",
            "input_cost_per_token": 1e-06,
            "output_cost_per_token": 4e-06,
            "max_input_tokens": 100_000,
            "max_output_tokens": 8_000,
        }
    return entries | more


async def test_an_import_takes_what_is_new_and_what_is_otherwise(tenant: Catalogued) -> None:
    terra = {
        "litellm_provider": "openai",
        "mode": "chat",
        "input_cost_per_token": 9.5e-07,
        "output_cost_per_token": 4.75e-06,
        "max_input_tokens": 922_000,
    }
    known = tenant.shipped.get("openai/gpt-4o-mini")
    assert known is not None
    assert known.retires_at is not None
    mini = {
        "litellm_provider": "openai",
        "mode": "chat",
        "input_cost_per_token": 1.5e-07,
        "cache_read_input_token_cost": 7.5e-08,
        "output_cost_per_token": 6e-07,
        "deprecation_date": known.retires_at.date().isoformat(),
    }
    done = await tenant.take_in(a_file(**{"gpt-6.1-terra": terra, "gpt-4o-mini": mini}))
    assert done.added == tuple(sorted(f"openai/gpt-x{number}" for number in range(60)))
    assert done.changed == (TERRA,)
    assert done.unchanged == 1
    assert done.left_out == {"no model": 1}
    catalogue, *_ = await overrides_of(tenant.context.tenant, store=tenant.store, shipped=tenant.shipped)
    model, price = catalogue.get(TERRA), await tenant.price(TERRA)
    assert model is not None
    assert price is not None
    assert model.context_window == 1_050_000, "the file counts the prompt alone"
    assert (price.input, price.output) == (Decimal("0.95"), Decimal("4.75"))
    old = await tenant.price(TERRA, tenant.now - timedelta(microseconds=1))
    assert old is not None
    assert old.id == SHIPPED_TERRA
    again = await tenant.take_in(a_file(**{"gpt-6.1-terra": terra, "gpt-4o-mini": mini}))
    assert (again.added, again.changed, again.unchanged, again.position) == ((), (), 62, 0)


async def test_retired_models_and_those_of_other_endpoints_come_along_with_price_and_successor(
    tenant: Catalogued,
) -> None:
    facts = {"litellm_provider": "openai", "input_cost_per_token": 0.00015, "output_cost_per_token": 0.0006}
    old = facts | {"mode": "chat", "deprecation_date": "2026-10-23", "successor_model": "gpt-6.1-terra"}
    await tenant.take_in(a_file(**{"o9": old, "o9-pro": facts | {"mode": "responses"}}))
    for model, complaint in (("openai/o9", f"retired.*{TERRA}"), ("openai/o9-pro", "responses endpoints")):
        price = await tenant.price(model)
        assert price is not None
        assert (price.input, price.output) == (150, 600)
        with pytest.raises(Refused, match=complaint):
            await configure(tenant, default_model=model)


async def test_a_configuration_names_models_as_the_catalogue_does(tenant: Catalogued) -> None:
    await configure(tenant, default_model=" OpenAI/GPT-6.1-Terra ", fallback_models=("compatible/Mine",))
    found, _ = await configuration_of(tenant.context.tenant, store=tenant.store)
    assert (found.default_model, found.fallback_models) == (TERRA, ("compatible/Mine",))


async def test_what_is_set_of_a_model_is_of_that_model_however_its_name_is_written(
    tenant: Catalogued,
) -> None:
    price = await tenant.set_price(" OpenAI/GPT-4o-Mini ")
    assert (await tenant.price("openai/gpt-4o-mini"), price.names) == (price, "openai/gpt-4o-mini")
    large = Model(provider="OpenAI", name="GPT-4o-mini", context_window=9, successor="OPENAI/GPT-6.1-Terra")
    ports: Any = {"store": tenant.store, "shipped": tenant.shipped, "clock": tenant.clock}
    changed = await set_model(SetModel(model=large), tenant.context, **ports)
    (found,) = (model for model in changed.catalogue.models() if model.id.lower() == "openai/gpt-4o-mini")
    assert (found.id, found.context_window, found.successor) == ("openai/gpt-4o-mini", 9, TERRA)
    terra = {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 7e-06}
    done = await tenant.take_in(a_file(**{"GPT-6.1-Terra": terra | {"output_cost_per_token": 8e-06}}))
    assert TERRA in done.changed
    current = await tenant.price(TERRA)
    assert current is not None
    assert (current.input, current.names) == (7, TERRA)


async def test_a_file_that_says_nothing_of_service_tiers_leaves_them_where_the_price_is_the_same(
    tenant: Catalogued,
) -> None:
    shipped = tenant.shipped.price("openai", "gpt-4o-mini", tenant.now)
    assert shipped is not None
    same = {
        "litellm_provider": "openai",
        "mode": "chat",
        "input_cost_per_token": 1.5e-07,
        "cache_read_input_token_cost": 7.5e-08,
        "output_cost_per_token": 6e-07,
    }
    await tenant.take_in(a_file(**{"gpt-4o-mini": same}))
    assert await tenant.price("openai/gpt-4o-mini") == shipped
    await tenant.take_in(a_file(**{"gpt-4o-mini": same | {"output_cost_per_token": 7e-07}}))
    changed = await tenant.price("openai/gpt-4o-mini")
    assert changed is not None
    assert (changed.output, changed.service_tiers) == (Decimal("0.7"), ())


async def test_a_file_with_under_50_models_is_refused(tenant: Catalogued) -> None:
    with pytest.raises(Refused, match="49 models"):
        await tenant.take_in(a_file(49))
    assert (await tenant.take_in(a_file(50))).position > 0


async def test_a_file_with_under_half_of_what_is_known_is_refused(tenant: Catalogued) -> None:
    await tenant.take_in(a_file(150))
    with pytest.raises(Refused, match="less than half"):
        await tenant.take_in(a_file(60))
    with pytest.raises(NotFound):
        await tenant.store.load(
            CatalogueOverrides, CatalogueOverrides.id_of(UUID(int=1)), tenant=tenant.context.tenant
        )


async def test_an_import_leaves_an_announced_price_of_the_tenants_in_force(tenant: Catalogued) -> None:
    week = timedelta(days=7)
    announced = await tenant.set_price("openai/gpt-x1", since=tenant.now + week)
    await tenant.take_in(a_file())
    now, then = await tenant.price("openai/gpt-x1"), await tenant.price("openai/gpt-x1", tenant.now + week)
    assert now is not None
    assert (now.input, now.until) == (1, announced.since)
    assert then == announced
