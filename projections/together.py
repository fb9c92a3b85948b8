"""What goes with what in the catalogue: what the tenant names for it, and how many customers have bought or booked both? And what has each customer?

One row a pair of offers, and one for each offer of an order or a booking that was not cancelled. Ids and figures alone. When a customer is erased the
rows of theirs go; that somebody had both stays counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    Table,
    Uuid,
    any_,
    delete,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.shop.booking import Booking
from domain.shop.order import Order
from domain.shop.product import Product
from domain.shop.service import Service
from domain.shop.together import Bought, Purchases
from projections.base import Sql, adding, metadata, replacing, row_of, struct_of, tenant_column

pairs = Table(
    "together",
    metadata,
    tenant_column(),
    Column("offer", Uuid, primary_key=True),
    Column("other", Uuid, primary_key=True),
    Column("rank", Integer),
    Column("customers", BigInteger, nullable=False),
)

bought = Table(
    "together_bought",
    metadata,
    tenant_column(),
    Column("purchase", Uuid, primary_key=True),
    Column("offer", Uuid, primary_key=True),
    Column("conversation", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("start", DateTime(timezone=True)),
    Column("end", DateTime(timezone=True)),
    Column("places", Integer, nullable=False),
    Column("counted", Boolean, nullable=False),
)
Index("together_bought_conversation", bought.c.tenant, bought.c.conversation)
Index("together_bought_offer", bought.c.tenant, bought.c.offer, bought.c.start)

_REPLACE, _ADD = replacing(bought), adding(pairs, ("customers",))
_RANK = insert(pairs)
_RANK = _RANK.on_conflict_do_update(
    index_elements=list(pairs.primary_key.columns), set_={"rank": _RANK.excluded["rank"]}
)

CATALOGUE = (
    Product.Created,
    Product.Changed,
    Product.Deleted,
    Service.Created,
    Service.Changed,
    Service.Deleted,
)


class Together:
    name: ClassVar[str] = "together"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (pairs, bought)
    events: ClassVar[Sequence[type[Event]]] = (
        *CATALOGUE,
        Order.Placed,
        Order.Cancelled,
        Order.Forgotten,
        Booking.Made,
        Booking.Moved,
        Booking.Cancelled,
        Booking.Forgotten,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        await _named(batch, sql, tenant)
        trade = [recorded for recorded in batch if not isinstance(recorded.event, CATALOGUE)]
        if not trade:
            return
        purchases = Purchases(await _known(trade, sql, tenant))
        for recorded in trade:
            purchases.fold(recorded)
        if purchases.gone:
            gone = any_(literal(sorted(purchases.gone), ARRAY(Uuid)))
            await sql.run(delete(bought).where(bought.c.tenant == tenant, bought.c.purchase == gone))
        await sql.put(_REPLACE, [row_of(tenant, each) for each in purchases.rows])
        changed = [(key, by) for key, by in sorted(purchases.pairs.items()) if by]
        names = ("offer", "other", "customers")
        await sql.put(
            _ADD,
            [
                {"tenant": tenant, **dict(zip(names, (*key, by), strict=True)), "rank": None}
                for key, by in changed
            ],
        )
        await _clear({offer for (offer, _), _ in changed}, sql, tenant)


async def _named(batch: Sequence[Recorded], sql: Sql, tenant: UUID) -> None:
    """What goes with each as its latest event has it."""
    named: dict[UUID, tuple[UUID, ...]] = {}
    for recorded in batch:
        event = recorded.event
        if isinstance(event, CATALOGUE):
            facts = getattr(event, "facts", None)
            named[recorded.stream] = () if facts is None else facts.complements
    if not named:
        return
    these = any_(literal(sorted(named), ARRAY(Uuid)))
    await sql.run(
        update(pairs)
        .where(pairs.c.tenant == tenant, pairs.c.offer == these, pairs.c.rank.is_not(None))
        .values(rank=None)
    )
    await sql.put(
        _RANK,
        [
            {"tenant": tenant, "offer": offer, "other": other, "rank": rank, "customers": 0}
            for offer, others in sorted(named.items())
            for rank, other in enumerate(others)
        ],
    )
    await _clear(set(named), sql, tenant)


async def _clear(offers: set[UUID], sql: Sql, tenant: UUID) -> None:
    """Of pairs that nothing speaks for any more nothing is left."""
    if offers:
        these = any_(literal(sorted(offers), ARRAY(Uuid)))
        nothing: Any = (pairs.c.rank.is_(None), pairs.c.customers == 0)
        await sql.run(delete(pairs).where(pairs.c.tenant == tenant, pairs.c.offer == these, *nothing))


async def _known(trade: Sequence[Recorded], sql: Sql, tenant: UUID) -> list[Bought]:
    """All rows of the customers of whom these events are, and of these purchases."""
    of = {getattr(recorded.event, "conversation", None) for recorded in trade} - {None}
    streams = any_(literal(sorted({recorded.stream for recorded in trade}), ARRAY(Uuid)))
    theirs = select(bought.c.conversation).where(bought.c.tenant == tenant, bought.c.purchase == streams)
    conversations = any_(literal(sorted(id for id in of if id is not None), ARRAY(Uuid)))
    query = select(bought).where(
        bought.c.tenant == tenant,
        or_(bought.c.conversation == conversations, bought.c.conversation.in_(theirs)),
    )
    return [struct_of(Bought, row) for row in await sql.all(query)]
