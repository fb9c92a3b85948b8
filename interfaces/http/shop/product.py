"""Products: add, read, list, change, adjust the stock, delete."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from application.shop.product import (
    AddProduct,
    AdjustStock,
    add_product,
    adjust_stock,
    change_product,
    delete_product,
)
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.shop.product import Product
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast, written
from interfaces.http.base.version import named, tag
from interfaces.http.shop.offer import Category, Tag, ids_among
from interfaces.http.shop.product_forms import (
    ProductChange,
    ProductIn,
    ProductOut,
    StockIn,
    facts_in,
    product_out,
)
from projections.products import ProductRow, Products, list_products


@post("/v1/catalog/products", status_code=201, scope="integrations:manage")
async def add(
    data: JSONBody[ProductIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[ProductOut]:
    """Add a product to the catalogue."""
    command = AddProduct(facts=facts_in(data), stock=data.stock)
    product, position = await add_product(
        command, context, store=services.store, clock=services.clock, ids=services.ids
    )
    answer = await _written(product, position, services, context)
    answer.status_code = 201
    answer.headers["Location"] = f"/v1/catalog/products/{product.id}"
    return answer


@get("/v1/catalog/products", scope="integrations:manage")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    category: Category = None,
    tag: Tag = None,
    active: FromQuery[bool | None] = None,
    in_stock: FromQuery[bool | None] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[ProductOut]:
    """Products, the newest first."""
    tenant = principal.tenant
    pager = Pager(services, tenant, Place, "products", category, tag, active, in_stock)
    before = await pager.place(cursor)
    among = await ids_among("product", category, tag, tenant, services, at_least)
    async with services.reads.at(tenant, Products(), at_least) as sql:
        rows = await list_products(
            sql, tenant, among=among, active=active, in_stock=in_stock, before=before, limit=limit + 1
        )
    events = await services.store.several(tenant, sorted({row.facts for row in rows}))

    def shown(row: ProductRow) -> ProductOut:
        event = events[row.facts].event
        assert isinstance(event, Product.Created | Product.Changed)
        return product_out(row.product, event.facts, row.stock)

    return await pager.page(rows, limit, shown, lambda row: Place(row.created_at, row.product))


@get("/v1/catalog/products/{product:uuid}", scope="integrations:manage")
async def read(
    product: FromPath[UUID], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[ProductOut]:
    """A product as it is now, read from the log itself: its price and stock are never behind."""
    found = await services.store.load(Product, product, tenant=principal.tenant)
    return Response(product_out(product, found.existing(), found.state.stock), headers=tag(found.version))


@put("/v1/catalog/products/{product:uuid}", scope="integrations:manage", versioned=named("product"))
async def replace(
    product: FromPath[UUID],
    data: JSONBody[ProductChange],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[ProductOut]:
    """Change what a product is and costs; its stock stays."""
    found, position = await change_product(
        product,
        facts_in(data),
        context,
        store=services.store,
        vectors=services.vectors,
        clock=services.clock,
    )
    return await _written(found, position, services, context)


@post(
    "/v1/catalog/products/{product:uuid}/stock",
    status_code=200,
    scope="integrations:manage",
    versioned=named("product"),
)
async def adjust(
    product: FromPath[UUID],
    data: JSONBody[StockIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[ProductOut]:
    """Add pieces to the stock, or take some away; 422 where there are fewer than that."""
    command = AdjustStock(product=product, by=data.by, reason=data.reason)
    found, position = await adjust_stock(command, context, store=services.store, clock=services.clock)
    return await _written(found, position, services, context)


@delete(
    "/v1/catalog/products/{product:uuid}",
    status_code=204,
    scope="integrations:manage",
    versioned=named("product"),
)
async def remove(
    product: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[None]:
    """Take a product out of the catalogue."""
    position = await delete_product(
        product, context, store=services.store, vectors=services.vectors, clock=services.clock
    )
    return Response(None, status_code=204, headers=await written(services, context.tenant, position))


async def _written(
    product: Product, position: int, services: Services, context: Context
) -> Response[ProductOut]:
    headers = await written(services, context.tenant, position, product.version)
    return Response(product_out(product.id, product.existing(), product.state.stock), headers=headers)


ROUTER = Router("/", route_handlers=[add, list_all, read, replace, adjust, remove], tags=["shop"])
