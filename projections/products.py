"""Which products are there, and how many of each? What they are called and cost is read from the log, where it is sealed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Table,
    Uuid,
    any_,
    delete,
    literal,
    select,
    tuple_,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.shop.product import Product
from projections.base import Row, Sql, metadata, replacing, row_of, struct_of, tenant_column

products = Table(
    "products",
    metadata,
    tenant_column(),
    Column("product", Uuid, primary_key=True),
    Column("facts", BigInteger, nullable=False),
    Column("stock", BigInteger, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)
Index("products_created", products.c.tenant, products.c.created_at, products.c.product)

_REPLACE = replacing(products)


class ProductRow(msgspec.Struct, kw_only=True):
    """`facts`: position of the event that tells its latest facts."""

    product: UUID
    facts: int
    stock: int
    active: bool
    created_at: datetime


class Products:
    name: ClassVar[str] = "products"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (products,)
    events: ClassVar[Sequence[type[Event]]] = (
        Product.Created,
        Product.Changed,
        Product.StockAdjusted,
        Product.Reserved,
        Product.Returned,
        Product.Deleted,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        streams = list({recorded.stream for recorded in batch})
        these = (products.c.tenant == tenant, products.c.product == any_(literal(streams, ARRAY(Uuid))))
        found = await sql.all(select(products).where(*these))
        rows = {row["product"]: struct_of(ProductRow, row) for row in found}
        for recorded in batch:
            _fold(recorded, rows)
        if any(isinstance(recorded.event, Product.Deleted) for recorded in batch):
            await sql.run(delete(products).where(*these))
        if rows:
            await sql.put(_REPLACE, [row_of(tenant, row) for row in rows.values()])


def _fold(recorded: Recorded, rows: dict[UUID, ProductRow]) -> None:
    event, id = recorded.event, recorded.stream
    if isinstance(event, Product.Created):
        rows[id] = ProductRow(
            product=id,
            facts=recorded.position,
            stock=event.stock,
            active=event.facts.active,
            created_at=recorded.recorded_at,
        )
    elif isinstance(event, Product.Changed):
        rows[id].facts, rows[id].active = recorded.position, event.facts.active
    elif isinstance(event, Product.StockAdjusted):
        rows[id].stock += event.by
    elif isinstance(event, Product.Reserved):
        rows[id].stock -= event.quantity
    elif isinstance(event, Product.Returned):
        rows[id].stock += event.quantity
    elif isinstance(event, Product.Deleted):
        del rows[id]


async def list_products(
    sql: Sql,
    tenant: UUID,
    *,
    among: Collection[UUID] | None = None,
    active: bool | None = None,
    in_stock: bool | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[ProductRow]:
    """The newest first; `among`: only these; `before` is the (created_at, product) of the last one seen."""
    query = select(products).where(products.c.tenant == tenant)
    if among is not None:
        query = query.where(products.c.product == any_(literal(list(among), ARRAY(Uuid))))
    if active is not None:
        query = query.where(products.c.active.is_(active))
    if in_stock is not None:
        query = query.where(products.c.stock > 0 if in_stock else products.c.stock == 0)
    if before is not None:
        query = query.where(tuple_(products.c.created_at, products.c.product) < before)
    query = query.order_by(products.c.created_at.desc(), products.c.product.desc()).limit(limit)
    return [struct_of(ProductRow, row) for row in await sql.all(query)]


async def all_products(sql: Sql, tenant: UUID) -> list[Row]:
    """`product`, `facts` and `created_at` of each."""
    columns = (products.c.product, products.c.facts, products.c.created_at)
    return await sql.all(select(*columns).where(products.c.tenant == tenant))
