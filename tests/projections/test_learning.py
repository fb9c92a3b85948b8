"""The read models of models, fine-tuning jobs and the learning curve, on the real log: equal to a count over the events, and to a rebuild."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg

from domain.chat.call import Call
from domain.feedback.correction import Correction
from domain.feedback.exchange import Exchange
from domain.feedback.lineage import Lineage, Person, Texts
from domain.feedback.rating import Rating
from domain.learning.training_set import TrainingSet
from domain.learning.tuning_job import TuningJob, TuningPlan
from infra.projections.reconciling import reconcile
from infra.projections.sql import TransactionSql
from projections.datasets import list_training_sets
from projections.learning_curve import WANTED, learning_months, learning_topics
from projections.model_answers import ModelFigures, model_figures
from projections.reckoning.compare import Difference
from projections.tuning_jobs import list_tuning_jobs
from projections.usage import usage
from tests.infra.log.parts import Log, context, now
from tests.infra.projections.parts import begun, projecting, rows
from tests.projections.calls import ROUTING, attempt, call

MODELS = ("a", "b", "c")
DAYS = (date(2026, 1, 1), date(2030, 1, 1))


async def answered(
    log: Log, tenant: UUID, chance: random.Random
) -> tuple[UUID, UUID, str | None, Decimal, bool]:
    """Interaction, conversation, the model that gave it, its cost, whether it failed."""
    conversation = begun()
    interaction = conversation.receive(message="1", text="q", interaction=uuid4(), at=now())
    first, last = chance.choice(MODELS), chance.choice(MODELS)
    attempts = [
        attempt("unavailable", model=first),
        attempt("ok", model=last, latency_ms=chance.uniform(1, 900)),
    ]
    how = chance.choice(("ok", "ok", "retried", "failed", "cancelled"))
    tried = {"ok": attempts[1:], "retried": attempts, "failed": attempts[:1]}.get(how)
    if tried is None:
        tried = [attempt("cancelled", model=last)]
    conversation.meter(interaction, routing=ROUTING, attempts=tuple(tried), at=now())
    await log.store.save(conversation, context=context(tenant))
    model = None if how == "cancelled" else f"p/{first if how == 'failed' else last}"
    cost = sum((each.cost for each in tried), Decimal(0))
    return interaction, conversation.id, model, cost, how == "failed"


async def rated(log: Log, tenant: UUID, interaction: UUID, conversation: UUID, *helpful: bool) -> None:
    rating = Rating.begin(interaction, conversation, now())
    for each in helpful:
        rating.rate(each, "api", now())
    await log.store.save(rating, context=context(tenant))


async def test_models_figures_equal_a_count_and_a_rebuild(log: Log) -> None:
    tenant, chance = uuid4(), random.Random(7)
    counted: dict[str, Counter[str]] = {}
    costs: dict[str, Decimal] = {}
    async with projecting(log) as projector:
        for number in range(60):
            interaction, conversation, model, cost, failed = await answered(log, tenant, chance)
            ratings = chance.choice(((), (True,), (False,), (True, False), (False, True)))
            if ratings:
                await rated(log, tenant, interaction, conversation, *ratings)
            if number % 9 == 0:
                await projector.catch_up([tenant])
            if model is None:
                continue
            counts = counted.setdefault(model, Counter())
            counts.update(
                answers=1, failed=failed, rated=bool(ratings), helpful=bool(ratings) and ratings[-1]
            )
            costs[model] = costs.get(model, Decimal(0)) + cost
        await call(log, tenant, attempt(model="called"))
        await rated(log, tenant, uuid4(), uuid4(), True)
        await projector.catch_up([tenant])
        found = {each.model: each for each in await models(log, tenant)}
        assert set(found) == {*counted, "p/called"}
        for model, counts in counted.items():
            figures = found[model]
            for name in ("answers", "failed", "rated", "helpful"):
                assert getattr(figures, name) == counts[name], (model, name)
            assert figures.cost == costs[model]
        live = await rows(log, tenant)
        with psycopg.connect(log.url, autocommit=True) as superuser:
            for name in (*live, "cursors"):
                superuser.execute(f"DELETE FROM retrace.{name} WHERE tenant = %s".encode(), [tenant])
        await projector.catch_up([tenant])
        assert await rows(log, tenant) == live
    assert await models(log, uuid4()) == []
    assert await differing(log, tenant) == []


async def differing(log: Log, tenant: UUID) -> list[Difference]:
    """Figures that are not what the events say."""
    found = await reconcile(tenant, database=log.database, reader=log.reader)
    assert any(each.position for each in found)
    return [one for each in found for one in each.differences]


async def models(log: Log, tenant: UUID) -> list[ModelFigures]:
    async with log.database.tenant(tenant) as connection:
        return await model_figures(TransactionSql(connection), tenant, since=DAYS[0], until=DAYS[1])


async def test_an_answer_that_is_made_anew_takes_its_rating_along(log: Log) -> None:
    tenant, conversation = uuid4(), begun()
    interaction = conversation.receive(message="1", text="q", interaction=uuid4(), at=now())
    async with projecting(log) as projector:
        await rated(log, tenant, interaction, conversation.id, True)
        for model in ("a", "b"):
            conversation.meter(interaction, routing=ROUTING, attempts=(attempt(model=model),), at=now())
            await log.store.save(conversation, context=context(tenant))
            await projector.catch_up([tenant])
    found = {each.model: (each.answers, each.rated, each.helpful) for each in await models(log, tenant)}
    assert found == {"p/a": (1, 0, 0), "p/b": (1, 1, 1)}


async def test_a_served_model_has_the_score_of_its_answers_beside_what_it_cost(log: Log) -> None:
    """Also of calls of the completions API; rated before the answer was known, and rated anew; of tries that gave no answer nothing."""
    tenant = uuid4()
    async with projecting(log) as projector:
        for number, (model, helpful) in enumerate(
            (("a", (True,)), ("a", (True, False)), ("b", ()), ("b", (False, True)))
        ):
            conversation = begun()
            interaction = conversation.receive(message="1", text="q", interaction=uuid4(), at=now())
            if early := number % 2 and helpful:
                await rated(log, tenant, interaction, conversation.id, *helpful)
                await projector.catch_up([tenant])
            tried = (attempt("unavailable", model="b"), attempt(model=model))
            conversation.meter(interaction, routing=ROUTING, attempts=tried, at=now())
            await log.store.save(conversation, context=context(tenant))
            if helpful and not early:
                await rated(log, tenant, interaction, conversation.id, *helpful)
        await call(log, tenant, attempt(model="a", day=2))
        events = [each async for each in log.store.events(tenant)]
        ours = next(each.stream for each in events if isinstance(each.event, Call.Metered))
        await rated(log, tenant, ours, ours, True)
        await projector.catch_up([tenant])
    assert await differing(log, tenant) == []
    async with log.database.tenant(tenant) as connection:
        sql = TransactionSql(connection)
        days = await usage(sql, tenant, since=DAYS[0], until=DAYS[1])
        whole = await usage(sql, tenant, since=DAYS[0], until=DAYS[1], by="all", per="tenant")
    assert [(each.since.day, each.model, each.rated, each.feedback_score) for each in days] == [
        (1, "a", 2, 0.5),
        (1, "b", 1, 1.0),
        (2, "a", 1, 1.0),
    ]
    assert [(each.rated, each.feedback_score) for each in whole] == [(4, 0.75)]


def proposed(intent: str | None) -> Correction:
    lineage = Lineage(
        interaction=uuid4(), conversation=uuid4(), channel="http", use="tenant_only", intent=intent
    )
    texts = Texts(exchange=Exchange(message="Open?", context=(), answer="Yes."), said="No.")
    person = Person(by="key:test")
    return Correction.propose(
        uuid4(),
        lineage=lineage,
        texts=texts,
        category="wrong_information",
        source="api",
        proposer=person,
        at=now(),
    )


async def test_the_learning_curve_goes_by_the_latest_review(log: Log) -> None:
    tenant, reviewer = uuid4(), Person(by="key:other")
    async with projecting(log) as projector:
        for intent, reviews in (
            ("hours", (True,)),
            ("hours", (True, False)),
            (None, ()),
            ("hours", (False, True)),
        ):
            correction = proposed(intent)
            await log.store.save(correction, context=context(tenant))
            for approved in reviews:
                correction.review(
                    approved=approved, quality=4.5, reviewer=reviewer, four_eyes=False, at=now()
                )
                await log.store.save(correction, context=context(tenant))
                await projector.catch_up([tenant])
        job = TuningJob.request(
            uuid4(),
            TuningPlan(provider="openai", model="m", training_set=uuid4()),
            at=now(),
            examples=1,
            validation=1,
            tokens=1,
            price=Decimal(1),
            estimate=Decimal(2),
            targets="t",
        )
        job.attempt(now())
        job.submitted(1, "v", by="answer", at=now())
        job.end("succeeded", tuned="ft:m", cost=Decimal("1.5"), at=now())
        job.register("openai/ft:m", now())
        await log.store.save(job, context=context(tenant))
        await projector.catch_up([tenant])
        async with log.database.tenant(tenant) as connection:
            sql: Any = TransactionSql(connection)
            (month,) = await learning_months(sql, tenant)
            hours, other = await learning_topics(sql, tenant)
            (row,) = await list_tuning_jobs(sql, tenant, before=None, limit=10)
    assert await differing(log, tenant) == []
    facts = msgspec.structs.asdict(month)
    assert {
        name: facts[name] for name in ("proposed", "approved", "rejected", "approved_in_all", "tuned")
    } == {
        "proposed": 4,
        "approved": 2,
        "rejected": 1,
        "approved_in_all": 2,
        "tuned": 1,
    }
    assert (month.approval_rate, month.tuning_cost) == (2 / 3, Decimal("1.5"))
    assert (hours.topic, hours.approved, hours.needed) == ("hours", 2, WANTED - 2)
    assert (other.topic, other.proposed, other.needed) == ("other", 1, WANTED)
    assert (row.status, row.cost, row.model) == ("succeeded", Decimal("1.5"), "openai/ft:m")


async def test_a_training_set_that_can_not_be_made_is_listed_as_failed(log: Log) -> None:
    tenant = uuid4()
    made = TrainingSet.request(uuid4(), name="All", system="", minimum_quality=4.0, at=now())
    async with projecting(log) as projector:
        await log.store.save(made, context=context(tenant))
        await projector.catch_up([tenant])
        made.fail("there are too many", now())
        await log.store.save(made, context=context(tenant))
        await projector.catch_up([tenant])
        async with log.database.tenant(tenant) as connection:
            sql: Any = TransactionSql(connection)
            (row,) = await list_training_sets(sql, tenant)
    assert (row.status, row.completed_at) == ("failed", None)
    assert await differing(log, tenant) == []
