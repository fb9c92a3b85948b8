"""The read model `deliveries` on the real log: the same as the deliveries themselves, and counts that outlive an erasure."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.channels.delivery import Delivery
from domain.channels.outgoing import Form, Outgoing, Taken
from domain.conversations.conversation import Conversation
from infra.projections.sql import TransactionSql
from projections.deliveries import DeliveryRow, FigureRow, deliveries_of, figures_of
from tests.infra.log.parts import Log, context, now
from tests.infra.projections.parts import projecting, rows

INTERACTION = uuid4()
TABLES = ("deliveries", "deliveries_figures")


def outgoing(form: Form = "text", interaction: UUID | None = INTERACTION) -> Outgoing:
    return Outgoing(version=1, interaction=interaction, form=form, end=1)


def take(found: Delivery, *each: Outgoing) -> None:
    found.take_in(Taken(outgoing=each, taken=found.state.taken + 1, sender="whatsapp:+1"), now())


async def begun(log: Log, tenant: UUID, *each: Outgoing) -> Delivery:
    """Of a conversation, whose key it shares."""
    conversation = Conversation.start(uuid4(), channel="whatsapp", address="a", name=None, at=now())
    await log.store.save(conversation, context=context(tenant))
    found = Delivery.begin(conversation.id, now())
    take(found, *each)
    return found


def tell(found: Delivery, number: int, status: str, code: str | None = None, attempt: int = 1) -> None:
    found.told(number, attempt, sid=f"SM{number}{attempt}", status=status, code=code, at=now())


async def read(log: Log, tenant: UUID) -> tuple[Sequence[DeliveryRow], Sequence[FigureRow]]:
    async with projecting(log) as projector:
        await projector.catch_up([tenant])
    async with log.database.tenant(tenant) as connection:
        sql, today = TransactionSql(connection), now().date()
        found = await deliveries_of(sql, tenant, [INTERACTION])
        return found.get(INTERACTION, []), await figures_of(sql, tenant, today, today)


async def test_each_message_stands_as_it_is_and_is_counted_once(log: Log) -> None:
    tenant = uuid4()
    found = await begun(
        log, tenant, outgoing(), outgoing("quick_replies"), outgoing(), outgoing(interaction=None)
    )
    for number in (1, 2, 3, 4):
        found.attempt(number, now())
    tell(found, 1, "read")
    tell(found, 1, "sent")
    found.replace(2, [outgoing()], code="63013", at=now())
    found.refused(3, 1, code="63024", passing=False, after=None, at=now())
    await log.store.save(found, context=context(tenant))
    shown, counted = await read(log, tenant)
    assert [(row.number, row.form, row.status, row.code) for row in shown] == [
        (1, "text", "read", None),
        (2, "quick_replies", "replaced", "63013"),
        (3, "text", "failed", "63024"),
        (5, "text", "queued", None),
    ]
    assert {(row.form, row.status): row.count for row in counted} == {
        ("text", "read"): 1,
        ("text", "failed"): 1,
        ("text", "queued"): 1,
        ("text", "attempted"): 1,
        ("quick_replies", "replaced"): 1,
    }


@pytest.mark.parametrize("seed", range(6))
async def test_it_says_what_the_delivery_itself_says(log: Log, seed: int) -> None:
    """Whatever happens to it, in however many batches."""
    chance, tenant = random.Random(seed), uuid4()
    found = await begun(log, tenant, *(outgoing() for _ in range(8)))
    for _ in range(60):
        happens(found, chance.randint(1, 8), chance)
        if chance.random() < 0.2 and found.pending_events:
            await log.store.save(found, context=context(tenant))
            if chance.random() < 0.5:
                await read(log, tenant)
    if found.pending_events:
        await log.store.save(found, context=context(tenant))
    shown, counted = await read(log, tenant)
    messages = found.state.messages
    assert {row.number: (row.status, row.attempts) for row in shown} == {
        number: (sending.status, sending.attempt) for number, sending in messages.items()
    }
    assert {row.status: row.count for row in counted} == Counter(each.status for each in messages.values())


def happens(found: Delivery, number: int, chance: random.Random) -> None:
    """Something that may happen to a message."""
    sending = found.state.messages[number]
    attempt = chance.randint(1, max(1, sending.attempt))
    if sending.status in ("queued", "unknown") and chance.random() < 0.5:
        found.attempt(number, now())
    elif sending.attempt:
        match chance.randrange(4):
            case 0:
                word = chance.choice(["queued", "sent", "delivered", "read", "failed", "teleported"])
                tell(found, number, word, chance.choice(["63018", "63024"]), attempt)
            case 1:
                passing = chance.random() < 0.7
                found.refused(number, attempt, code="20429", passing=passing, after=None, at=now())
            case 2:
                found.doubt(number, attempt, why="x", at=now())
            case _:
                found.give_up(number, code="x", at=now())


async def test_the_messages_of_a_forgotten_customer_go_and_the_counts_stay(
    log: Log, database_url: str
) -> None:
    tenant = uuid4()
    found = await begun(log, tenant, outgoing(), outgoing())
    found.attempt(1, now())
    tell(found, 1, "delivered")
    await log.store.save(found, context=context(tenant))
    _, before = await read(log, tenant)
    found.forget(now())
    await log.store.save(found, context=context(tenant))
    shown, after = await read(log, tenant)
    assert (shown, after) == ([], before)
    live = await rows(log, tenant)
    with psycopg.connect(database_url, autocommit=True) as superuser:
        for table in TABLES:
            superuser.execute(f"DELETE FROM retrace.{table} WHERE tenant = %s".encode(), [tenant])
        anew = "DELETE FROM retrace.cursors WHERE tenant = %s AND projection = 'deliveries'"
        superuser.execute(anew, [tenant])
    await read(log, tenant)
    assert await rows(log, tenant) == live
