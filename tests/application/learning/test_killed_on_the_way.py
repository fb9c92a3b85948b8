"""Calls that are made while a prompt is prepared, to understand the messages and for the question's vector: whoever tries an answer has them on
record before they are made, and where the process is killed in one it is charged once."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import pytest
import pytest_asyncio

from application.agents.agent import ConfigureAgent, configure_agent
from application.budgets.budget import SetBudget, set_budget
from application.budgets.charges import compare_tallies
from application.budgets.settle import RESERVATION_WORK
from application.conversations.answer import Answer, answer
from application.learning.dataset import CreateDataset, add_cases, create_dataset
from application.learning.evaluate import Evaluate, evaluate
from application.learning.evaluation import RequestEvaluation, request_evaluation
from domain.agents.agent import AgentConfiguration
from domain.answers.variant import Variant
from domain.audit.invariants import Invariants
from domain.budgets.budget import BudgetLimits
from domain.budgets.reservation import Reservation
from domain.learning.evaluation import Evaluation, Pace
from domain.learning.importing import CaseIn
from domain.retrieval.embedding import Embedding
from infra.settings import Secret, Settings
from interfaces.bootstrap import Services, services
from tests.application.conftest import MASTER, Shop, nothing
from tests.application.dying import Dying, hanging, killed_at_the_wire
from tests.application.retrieval.remote import embed_by
from tests.doubles.embeddings import Embeddings, embeddings_double

Way = Literal["understanding", "vector"]
MODEL = "openai/gpt-6-luna"


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    """Whose providers may lie on this machine."""
    settings = Settings(
        database_url=Secret(database_url),
        data=tmp_path_factory.mktemp("data"),
        master_key=Secret(MASTER),
        allow_private_addresses=True,
    )
    async with services(settings, pool=8) as parts:
        yield parts


@pytest_asyncio.fixture
async def double() -> AsyncIterator[Embeddings]:
    async with embeddings_double() as found:
        yield found


async def requested(shop: Shop, way: Way) -> UUID:
    """An evaluation of two cases, whose candidate has its messages understood by a model, or looks for passages with a remote vector."""
    parts, context = shop.parts, shop.context
    made, _ = await create_dataset(
        CreateDataset(name="questions"), context, store=parts.store, clock=parts.clock, ids=parts.ids
    )
    rows = [
        CaseIn(message=f"When do you open on day {n}?", expected_answer="From nine to five.") for n in (1, 2)
    ]
    await add_cases(made.id, rows, context, store=parts.store, keyring=parts.keyring, clock=parts.clock)
    understands = {"understanding_model": MODEL, "retrieve_documents": False}
    command = RequestEvaluation(
        name="on the way",
        dataset=made.id,
        variant=Variant(configuration=understands if way == "understanding" else {"tone": "brief"}),
        baseline=None,
        pace=Pace(per_minute=100_000, at_once=1),
    )
    catalogue = parts.catalogue
    asked = await request_evaluation(
        command, context, store=parts.store, catalogue=catalogue, clock=parts.clock, ids=parts.ids
    )
    return asked.evaluation.id


async def events_of(shop: Shop, id: UUID, kind: Any) -> list[Any]:
    events = [each.event async for each in shop.parts.store.stream(shop.context.tenant, id)]
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize("way", ["understanding", "vector"])
async def test_a_call_on_the_way_is_on_record_before_it_is_made_and_charged_once_after_a_kill(
    shop: Shop, double: Embeddings, way: Way
) -> None:
    tenant, hung = shop.context.tenant, asyncio.Event()
    if way == "vector":
        await embed_by(shop, double)
    limits = SetBudget(limits=BudgetLimits(day=Decimal(5)))
    await set_budget(limits, shop.context, store=shop.parts.store, clock=shop.parts.clock)
    id, before = await requested(shop, way), len(double.calls)
    if way == "vector":
        double.before = hanging(hung)
    else:
        shop.provider.meanwhile = hanging(hung)
    store = Dying(shop.parts.store)
    ports = dataclasses.replace(shop.ports, store=store, reservation_pool=None)
    await killed_at_the_wire(store, evaluate(Evaluate(evaluation=id), shop.context, ports), hung)
    (begun,) = await events_of(shop, id, Evaluation.TrialBegun)
    (call,) = begun.lost
    assert (call.kind, call.outcome) == ("chat" if way == "understanding" else "embedding", "cancelled")
    assert call.cost > 0
    double.before, shop.provider.meanwhile = None, nothing
    for _ in range(20):
        if await evaluate(Evaluate(evaluation=id), shop.context, shop.ports) is None:
            break
    (interrupted,) = await events_of(shop, id, Evaluation.TrialInterrupted)
    assert (interrupted.attempts, interrupted.cost) == ((call,), call.cost)
    ended = await events_of(shop, id, Evaluation.TrialEnded)
    assert len(ended) == 2
    found = await shop.parts.store.load(Evaluation, id, tenant=tenant)
    assert found.state.report is not None
    assert found.state.report.spent.interrupted == call.cost
    paid = [call.cost, *(each.cost for each in ended)]
    assert found.state.spent == sum(paid)
    if way == "vector":
        assert len(double.calls) - before == 3, "the killed one, and one a case"
    every = [each async for each in shop.parts.store.events(tenant)]
    others = [each for each in every if isinstance(each.event, Embedding.Metered)]
    assert all(each.event.purpose != "question" for each in others), "no call is there twice"
    assert await compare_tallies(tenant, store=shop.parts.store) == {}
    invariants = Invariants()
    invariants.fold(every)
    assert invariants.violations == []


async def test_a_customers_answer_holds_it_in_the_budget_as_its_own_call_and_begins_again(shop: Shop) -> None:
    parts, context, hung = shop.parts, shop.context, asyncio.Event()
    limits = SetBudget(limits=BudgetLimits(day=Decimal(5)))
    await set_budget(limits, context, store=parts.store, clock=parts.clock)
    configuration = AgentConfiguration(understanding_model=MODEL, retrieve_documents=False)
    await configure_agent(
        ConfigureAgent(configuration=configuration),
        context,
        store=parts.store,
        catalogue=parts.catalogue,
        clock=parts.clock,
    )
    received = await shop.receive("When do you open?")
    shop.provider.meanwhile = hanging(hung)
    store = Dying(parts.store)
    ports = dataclasses.replace(shop.ports, store=store, reservation_pool=None)
    going = answer(Answer(conversation=received.conversation), context, ports)
    await killed_at_the_wire(store, going, hung)
    shop.provider.meanwhile = nothing
    made = [each async for each in parts.store.events(context.tenant, topics=[Reservation.Made.TOPIC])]
    (held,) = [each.event for each in made if isinstance(each.event, Reservation.Made)]
    assert (held.interaction, held.model) == (received.interaction, MODEL)
    given = await shop.answer(received.conversation)
    assert given is not None
    (read,) = [each for each in given.metered.embeddings if each.model == MODEL.partition("/")[2]]
    assert read.outcome == "ok"
    assert (RESERVATION_WORK, made[0].stream.hex) in await shop.owed(), "which gives it back when it expires"
    assert await compare_tallies(context.tenant, store=parts.store) == {}
