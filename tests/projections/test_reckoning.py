"""Each figure of the read models equals what is reckoned from the events in another way, on random logs, in whatever batches they came, erased or not."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from importlib import import_module
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from domain.base.recorded import Recorded
from domain.base.sketch import packed, percentile, unpacked
from domain.insight.answer import FIGURES
from domain.insight.answering import EVENTS, Answering
from domain.insight.calendar import By
from domain.insight.contacts import CONTACTS, Contact, contacts
from domain.insight.contacts import EVENTS as CONTACT_EVENTS
from domain.insight.definitions import Definitions, Used
from domain.insight.sales import AMOUNTS, SALES, Selling
from domain.insight.sales import EVENTS as SALE_EVENTS
from domain.models.pricing import EXACT
from infra.postgres.database import Database
from infra.projections.sql import TransactionSql
from interfaces.http import ROUTERS
from projections.answer_deltas import counted, deltas
from projections.answer_figures import AnswerFigures
from projections.asked import Asked
from projections.base import Sql, topics
from projections.business import business
from projections.contacts import Contacts
from projections.operations import operations
from projections.quality import QualityFigures, quality
from projections.reckoning.answers import reckon_answers
from projections.reckoning.base import Rows
from projections.reckoning.calls import reckon_spending
from projections.reckoning.compare import compare
from projections.reckoning.contacts import reckon_contacts
from projections.reckoning.sales import reckon_sales
from projections.reckoning.table import NO_FIGURES, RECKONINGS
from projections.sales import Sales
from projections.slotted import in_slots
from tests.cells import cell
from tests.infra.log.parts import Log
from tests.projections.lives import Lives

TENANT = UUID(int=1)


def batches(events: Sequence[Recorded], chance: random.Random, most: int) -> Iterator[Sequence[Recorded]]:
    start = 0
    while start < len(events):
        size = chance.randint(1, most)
        yield events[start : start + size]
        start += size


def of(events: Sequence[Recorded], kinds: Sequence[type]) -> list[Recorded]:
    wanted = {kind.TOPIC for kind in kinds}  # type: ignore[attr-defined]  # of events
    return [each for each in events if each.topic in wanted]


def live(keys: Sequence[str], names: Sequence[str], sums: dict) -> list[dict]:  # type: ignore[type-arg]
    return [
        dict(zip(("grain", "at", *keys), key, strict=True)) | dict(zip(names, row, strict=True))
        for key, row in sums.items()
    ]


def equal(table: object, rows: list[dict], reckoned: Rows) -> bool:  # type: ignore[type-arg]
    found = compare(table, rows, reckoned)  # type: ignore[arg-type]
    assert found.differences == []
    return bool(found.figures)


@given(st.integers(0, 2**32), st.booleans(), st.integers(1, 40))
def test_folds_equal_the_reckoning_whatever_the_log_and_its_batches(
    seed: int, erased: bool, most: int
) -> None:
    chance = random.Random(seed)
    events = Lives(chance).log(TENANT, 40, erased=erased)
    with localcontext(EXACT):
        known, figures, responses = Answering(), {}, {}
        for batch in batches(of(events, EVENTS), chance, most):
            before = {id: counted(answer) for id, answer in known.answers.items()}
            # Only what is on record comes back, as from its tables.
            known = Answering(known.answers.values(), known.following.values())
            known.fold(batch)
            changed = deltas(before, known.answers)
            for into, more in ((figures, changed.figures), (responses, changed.responses)):
                for key, row in more.items():
                    into[key] = [a + b for a, b in zip(into.get(key, [0] * len(row)), row, strict=True)]
        reckoned = reckon_answers(events)
        table, took = AnswerFigures.tables[:2]
        equal(table, live(("dimension", "value"), FIGURES, figures), reckoned["answer_figures"])
        sketches: dict = {}  # type: ignore[type-arg]
        for (*slot, bucket), (count,) in responses.items():
            sketches.setdefault(tuple(slot), {})[bucket] = count
        kept = {slot: [data] for slot, sketch in sketches.items() if (data := packed(sketch))}
        equal(took, live(("dimension", "value"), ("sketch",), kept), reckoned["answer_figures_responses"])

        where: dict[UUID, Contact] = {}
        counts = [
            (at, (), [int(each == name) for each in CONTACTS])
            for batch in batches(of(events, CONTACT_EVENTS), chance, most)
            for at, name in contacts(batch, where)
        ]
        rows = live((), CONTACTS, in_slots(counts))
        assert equal(Contacts.tables[0], rows, reckon_contacts(events)["contacts"])

        selling = Selling((), {})
        sold = [
            (sale.at, (sale.kind, sale.currency), each)
            for batch in batches(of(events, SALE_EVENTS), chance, most)
            for sale, each in selling.fold(batch)
        ]
        rows = live(("kind", "currency"), (*SALES, *AMOUNTS), in_slots(sold))
        equal(Sales.tables[0], rows, reckon_sales(events)["sales"])


async def project(log: Log, tenant: UUID, events: Sequence[Recorded], chance: random.Random) -> None:
    """As the projector does."""
    async with Database(cell(log.url), role="retrace_projector", size=1) as writer:
        for projection, _ in RECKONINGS:
            wanted = topics([projection])
            mine = [
                each
                for each in events
                if each.topic in wanted
                and (each.event is not None or getattr(projection, "sees_erased", False))
            ]
            for batch in batches(mine, chance, 200):
                async with writer.tenant(tenant) as connection:
                    await projection.apply(batch, TransactionSql(connection))


async def test_read_models_equal_the_reckoning_and_an_erasure_changes_none(log: Log) -> None:
    for erased in (False, True):
        chance, tenant = random.Random(11), uuid4()
        events = Lives(chance).log(tenant, 1500, erased=erased)
        await project(log, tenant, events, chance)
        figures = 0
        with localcontext(EXACT):
            async with log.database.tenant(tenant) as connection:
                for projection, reckoning in RECKONINGS:
                    reckoned = reckoning(events)
                    for table in projection.tables:
                        if table.name not in NO_FIGURES:
                            rows = await TransactionSql(connection).all(select(table))
                            found = compare(table, rows, reckoned[table.name])
                            assert found.differences == []
                            figures += found.figures
                await by_days(TransactionSql(connection), tenant, events, chance)
        assert figures > 50_000


async def by_days(sql: Sql, tenant: UUID, events: Sequence[Recorded], chance: random.Random) -> None:
    """Reports of days, weeks and months of any zone are the sums of what was reckoned for the moments in them."""
    facts = {
        key[2:]: row for key, row in reckon_answers(events)["answer_figures"].items() if key[:2] == ("", 15)
    }
    took = reckon_answers(events)["answer_figures_responses"]
    said = {key[1]: row for key, row in reckon_contacts(events)["contacts"].items() if key[0] == 15}
    costs = {key[1:]: row for key, row in reckon_spending(events)["spending"].items() if key[0] == 15}
    bys: tuple[By, ...] = ("day", "week", "month", "all")
    for name in ("UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Chatham", "America/Havana"):
        used, zone = Used(values=Definitions(time_zone=name)), ZoneInfo(name)
        since = date(2026, 2, 25) + timedelta(days=chance.randint(0, 20))
        asked = Asked(
            since=since,
            until=since + timedelta(days=chance.randint(20, 60)),
            by=chance.choice(bys),
            used=used,
        )
        good, run, worth = (
            await quality(sql, tenant, asked),
            await operations(sql, tenant, asked),
            await business(sql, tenant, asked),
        )
        for item, other, third in zip(good.items, run.items, worth.items, strict=True):

            def inside(at: datetime, item: QualityFigures = item, zone: ZoneInfo = zone) -> bool:
                return item.since <= at.astimezone(zone).date() < item.until

            rows = [row for (at, _), row in facts.items() if inside(at)]
            for figure in ("answers", "calls", "failed", "handed_over", "timed"):
                assert getattr(item, figure) == sum(row[figure] for row in rows), (name, item.since, figure)
            for figure in ("modelled", "cached", "retrievals", "found", "prompted", "prompted_rated"):
                assert getattr(other, figure) == sum(row[figure] for row in rows)
            sketch: Counter[int] = Counter()
            for (dimension, grain, at, _), row in took.items():
                if (dimension, grain) == ("", 15) and inside(at):
                    sketch.update(unpacked(row["sketch"]))
            assert item.p50_response_ms == percentile(sketch, 0.5)
            assert item.p95_response_ms == percentile(sketch, 0.95)
            assert other.messages == sum(row["messages"] for at, row in said.items() if inside(at))
            cost = sum((row["cost"] for (at, *_), row in costs.items() if inside(at)), Decimal(0))
            assert other.cost == third.provider_cost == cost
            assert third.conversations == sum(row["conversations"] for at, row in said.items() if inside(at))


def test_every_figure_of_a_route_is_reckoned() -> None:
    """What a route of analytics or usage asks a read model for has a line in the table of reckonings."""
    providers = ("/v1/providers/usage", "/v1/providers/comparison", "/v1/providers/drift")
    wanted = ("/v1/analytics", "/v1/bot/feedback/analytics", "/v1/bot/feedback/collection", *providers)
    handlers = [
        handler
        for router in ROUTERS
        for route in router.routes
        for handler in getattr(route, "route_handlers", ())
        if route.path.startswith(wanted)
    ]
    assert len(handlers) > 10
    asked = {
        value.name: value
        for handler in handlers
        for value in vars(import_module(handler.fn.__module__)).values()
        if isinstance(value, type) and hasattr(value, "apply") and getattr(value, "tables", None)
    }
    reckoned = {projection.name: (projection, reckoning([])) for projection, reckoning in RECKONINGS}
    assert sorted(set(asked) - set(reckoned)) == [], "add a line to projections/reckoning/table.py"
    for projection, figures in reckoned.values():
        tables = {table.name for table in projection.tables}
        assert set(figures) == tables - set(NO_FIGURES), projection.name


def test_a_figure_that_differs_is_told() -> None:
    table = Contacts.tables[0]
    event = Lives(random.Random(1)).log(TENANT, 5)
    reckoned = reckon_contacts(event)["contacts"]
    key = next(iter(reckoned))
    rows = [
        dict(zip(("grain", "at"), each, strict=True)) | row | {"messages": row["messages"] + (each == key)}
        for each, row in reckoned.items()
    ]
    found = compare(table, rows, reckoned)
    assert [(each.figure, each.read_model - each.events) for each in found.differences] == [("messages", 1)]
    assert found.differences[0].key == f"grain={key[0]}, at={key[1]}"
