"""A tenant with many conversations, and with what comes with them: ratings, corrections, customers who wait, documents, entries, products.

The first ones are made by the domain, saved by the real log and projected. For all others the log is made as long as it would be, by a few long
conversations, and the rows of read models that lists are asked of are copied in the database, so that 100,000 take minutes and not an hour: a list's
rows show the same texts again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID, uuid4

import msgspec
import psycopg

from application.ports import Store
from bench.conversations import DAYS, EACH, conversation
from bench.parts import message, now
from domain.base.aggregate import Aggregate
from domain.base.context import Context
from domain.conversations.conversation import Conversation
from domain.feedback.correction import Correction
from domain.feedback.exchange import Exchange
from domain.feedback.lineage import Lineage, Person, Texts
from domain.feedback.rating import Rating
from domain.retrieval.document import Document
from domain.retrieval.knowledge import Knowledge
from domain.retrieval.knowledge_entry import KnowledgeEntry
from domain.shop.product import Product, ProductFacts

WRITERS, MADE, EVENTS = 16, 2_000, 7
"""`EVENTS` of a conversation, with what comes with it, on average."""

LISTS = {
    "conversations": "conversation",
    "interactions": "interaction",
    "ratings": "interaction",
    "corrections": "correction",
    "documents": "document",
    "knowledge": "entry",
    "products": "product",
}
"""Read model → the id of its rows."""

RATED, CORRECTED, WAITING, OTHERS = 3, 20, 100, 50
"""Every so-manieth conversation has it; `OTHERS`: comes with a document, an entry of the knowledge base and a product."""


class Sample(msgspec.Struct, frozen=True):
    """One of each, as the pages that show one are asked for it."""

    conversation: UUID
    interaction: UUID
    correction: UUID
    document: UUID
    entry: UUID
    product: UUID


async def crowd(store: Store, tenant: UUID, count: int) -> Sample:
    """Save so many conversations, `MADE` at most, with what comes with them; and a log as long as for all."""
    sample = await _conversations(store, tenant, min(count, MADE))
    left = iter(range((count - MADE) * EVENTS // EACH))

    async def save(numbers: Iterator[int]) -> None:
        for number in numbers:
            context = Context(tenant=tenant, actor="system:bench", correlation=uuid4())
            await store.save(conversation(number % DAYS), context=context)

    await asyncio.gather(*(save(left) for _ in range(WRITERS)))
    return sample


def multiply(connection: psycopg.Connection, tenant: UUID, count: int) -> None:
    """Copy the rows of lists until there are as many as for all conversations. `connection` is a superuser's."""
    copies = count // MADE - 1
    for table, own in LISTS.items() if copies > 0 else ():
        query = "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'retrace' AND table_name = %s ORDER BY ordinal_position"
        columns = connection.execute(query, [table]).fetchall()
        values = [_copied(name, kind, own) for name, kind in columns]
        connection.execute(
            f"INSERT INTO retrace.{table} ({', '.join(name for name, _ in columns)}) SELECT {', '.join(values)} "
            f"FROM retrace.{table}, generate_series(1, {copies}) n WHERE tenant = %s".encode(),
            [tenant],
        )


def _copied(name: str, kind: str, own: str) -> str:
    """Another id, a little earlier."""
    if name == own:
        return f"md5({name}::text || n)::uuid"
    return f"{name} - n * interval '1 second'" if kind == "timestamp with time zone" else name


async def _conversations(store: Store, tenant: UUID, count: int) -> Sample:
    """Spread over the bench's days."""
    left, first = iter(range(count)), asyncio.get_running_loop().create_future()

    async def save(numbers: Iterator[int]) -> None:
        for number in numbers:
            made = _around(number, count)
            for aggregate in made:
                context = Context(tenant=tenant, actor="system:bench", correlation=uuid4())
                await store.save(aggregate, context=context)
            if number == 0:
                first.set_result(_sample(made))

    await asyncio.gather(*(save(left) for _ in range(WRITERS)))
    found: Sample = first.result()
    return found


def _around(number: int, count: int) -> list[Aggregate]:  # type: ignore[type-arg]
    """A conversation, and what comes with this one."""
    talked = conversation(DAYS * number // count, exchanges=1)
    interaction = talked.state.last_interaction
    assert interaction is not None
    made: list[Aggregate] = [talked]  # type: ignore[type-arg]
    if number % WAITING == WAITING - 1:
        talked.hand_over("asked", ("I want a person",), now())
    if number % RATED == 0:
        rating = Rating.begin(interaction, talked.id, now())
        rating.rate(number % 2 == 0, "api", now())
        made.append(rating)
    if number % CORRECTED == 0:
        made.append(_correction(talked, interaction))
    if number % OTHERS == 0:
        made += _others(number)
    return made


def _correction(talked: Conversation, interaction: UUID) -> Correction:
    return Correction.propose(
        uuid4(),
        lineage=Lineage(interaction=interaction, conversation=talked.id, channel="http", use="tenant_only"),
        texts=Texts(exchange=Exchange(message=message(80), answer=message(200)), said=message(180) + "!"),
        category="wrong_information",
        source="api",
        proposer=Person(by="key:bench"),
        at=now(),
    )


def _others(number: int) -> list[Aggregate]:  # type: ignore[type-arg]
    name, digest = f"policy-{number}.md", f"{number:064x}"
    facts = {"name": name, "media_type": "text/markdown", "size": 4000, "content_hash": digest}
    document = Document.upload(uuid4(), **facts, at=now())  # type: ignore[arg-type]
    if number % (10 * OTHERS) == 0 and number:
        document.start_processing(now())
        document.fail("it is no text", now())
    knowledge = Knowledge(kind="question_answer", title=f"Question {number}", content=message(200))
    offer = ProductFacts(name=f"Kettle {number}", price=Decimal("39.90"), currency="EUR")
    return [
        document,
        KnowledgeEntry.write(uuid4(), knowledge.cleaned(), None, now()),
        Product.add(uuid4(), offer, stock=3, at=now()),
    ]


def _sample(made: list[Aggregate]) -> Sample:  # type: ignore[type-arg]
    talked, _, correction, document, entry, product = made
    assert isinstance(talked, Conversation)
    interaction = talked.state.last_interaction
    assert interaction is not None
    return Sample(talked.id, interaction, correction.id, document.id, entry.id, product.id)
