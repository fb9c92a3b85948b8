"""A tenant with many conversations, and with what comes with them: ratings, corrections, customers who wait, documents, entries, products.

All are made by the domain and saved by the real log, many in one transaction, each under a key of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID, uuid4

import msgspec

from application.ports import Store
from bench.conversations import DAYS, conversation
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

WRITERS, AT_ONCE = 4, 20
"""`AT_ONCE` conversations of one transaction, with what comes with them."""

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
    """Save so many conversations, spread over the bench's days, with what comes with them."""
    left, samples = iter(range(0, count, AT_ONCE)), list[Sample]()

    async def save(firsts: Iterator[int]) -> None:
        for first in firsts:
            made = [_around(number, count) for number in range(first, min(first + AT_ONCE, count))]
            context = Context(tenant=tenant, actor="system:bench", correlation=uuid4())
            await store.save(*(aggregate for each in made for aggregate in each), context=context)
            if first == 0:
                samples.append(_sample(made[0]))

    await asyncio.gather(*(save(left) for _ in range(WRITERS)))
    return samples[0]


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
