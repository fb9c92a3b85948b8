"""The read model `retrievals` on the real log: equal to a count over the events, and to a rebuild."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg

from domain.models.completion import Passage, Source
from domain.retrieval.results.figures import RetrievalFigures, retrieval_figures
from domain.retrieval.results.lookup import Lookup
from infra.projections.sql import TransactionSql
from projections.retrieval_figures import list_unanswered, most_retrieved, retrieval_summary
from tests.infra.log.parts import Log, context, now
from tests.infra.projections.parts import begun, projecting, rows
from tests.projections.calls import ROUTING, attempt, call

DAYS = (date(2026, 1, 1), date(2030, 1, 1))
SOURCES: tuple[Source, ...] = ("document", "knowledge", "shop")
DOCUMENTS = [UUID(int=number) for number in range(1, 5)]


def retrieval(chance: random.Random) -> RetrievalFigures:
    found = [
        Passage(
            id=f"{document.int}-{place}",
            document=document,
            title="t",
            ordinal=0,
            score=chance.random(),
            text="x",
            source=SOURCES[document.int % 3],
        )
        for place, document in enumerate(chance.sample(DOCUMENTS, chance.randrange(4)))
    ]
    cited = {each.id for each in found if chance.random() < 0.3}
    index = Lookup(source="index", outcome="found" if found else "nothing", found=len(found), ms=9.0)
    lookups = (index, Lookup(source="elsewhere", outcome=chance.choice(("late", "failed", "spared")), ms=300))
    return retrieval_figures(found, cited, lookups, ms=chance.uniform(1, 400), least=0.3)


async def answered(log: Log, tenant: UUID, made: RetrievalFigures | None) -> UUID:
    conversation = begun()
    interaction = conversation.receive(message="1", text="q", interaction=uuid4(), at=now())
    embeddings = (attempt(embedding=True), attempt(cost="0.5"))  # the second is no embedding
    conversation.meter(
        interaction, routing=ROUTING, attempts=(attempt(),), embeddings=embeddings, retrieval=made, at=now()
    )
    await log.store.save(conversation, context=context(tenant))
    return interaction


async def test_figures_equal_a_count_and_a_rebuild(log: Log) -> None:
    tenant, chance = uuid4(), random.Random(3)
    every: list[tuple[UUID, RetrievalFigures]] = []
    async with projecting(log) as projector:
        for number in range(40):
            made = retrieval(chance)
            every.append((await answered(log, tenant, made), made))
            if number % 9 == 0:
                await answered(log, tenant, None)  # nothing was looked for
                await call(log, tenant, attempt())
                await projector.catch_up([tenant])
        await projector.catch_up([tenant])
        live = await rows(log, tenant)
        async with log.database.tenant(tenant) as connection:
            sql = TransactionSql(connection)
            summary = await retrieval_summary(sql, tenant, since=DAYS[0], until=DAYS[1])
            most = await most_retrieved(sql, tenant, since=DAYS[0], until=DAYS[1], by="passage")
            by_document = await most_retrieved(sql, tenant, since=DAYS[0], until=DAYS[1])
            missed = await list_unanswered(sql, tenant)
            weak = await list_unanswered(sql, tenant, result="weak", limit=2)
        with psycopg.connect(log.url, autocommit=True) as superuser:
            for name in (*live, "cursors"):
                superuser.execute(f"DELETE FROM retrace.{name} WHERE tenant = %s".encode(), [tenant])
        await projector.catch_up([tenant])
    assert live["retrievals_passages"]
    assert await rows(log, tenant) == live

    figures = [made for _, made in every]
    results = Counter(made.result for made in figures)
    assert (summary.retrievals, summary.found, summary.weak, summary.nothing) == (
        40,
        results["found"],
        results["weak"],
        results["nothing"],
    )
    assert min(results.values()) > 0
    assert summary.cited == sum(any(each.cited for each in made.passages) for made in figures)
    assert (summary.cost, str(summary.cost_per_retrieval)) == (Decimal("0.040"), "0.001")
    assert summary.latency.p50_ms is not None
    counted = Counter(each.passage for made in figures for each in made.passages)
    assert {each.passage: each.found for each in most} == counted
    assert most[0].found == max(counted.values())
    assert {each.passage: each.cited for each in most if each.cited} == Counter(
        each.passage for made in figures for each in made.passages if each.cited
    )
    assert {each.document: each.found for each in by_document} == Counter(
        each.document for made in figures for each in made.passages
    )
    kinds = Counter(each.source for made in figures for each in made.passages if each.cited)
    assert {each.source: each.cited for each in summary.attribution} == kinds
    [elsewhere, index] = summary.sources
    assert (elsewhere.source, elsewhere.success_rate, elsewhere.latency.p50_ms) == ("elsewhere", 0.0, None)
    assert index.success_rate == 1 - results["nothing"] / 40
    assert elsewhere.outcomes == Counter(made.lookups[1].outcome for made in figures)
    wanted = [(id, made.result) for id, made in reversed(every) if made.result != "found"]
    assert [(each.interaction, each.result) for each in missed] == wanted
    assert [each.interaction for each in weak] == [id for id, result in wanted if result == "weak"][:2]


async def test_another_tenant_has_none(log: Log) -> None:
    tenant = uuid4()
    async with projecting(log) as projector:
        await answered(log, tenant, retrieval(random.Random(1)))
        await projector.catch_up([tenant])
    other = uuid4()
    async with log.database.tenant(other) as connection:
        summary = await retrieval_summary(TransactionSql(connection), other, since=DAYS[0], until=DAYS[1])
    assert (summary.retrievals, summary.success_rate, summary.cost_per_retrieval) == (0, None, None)
