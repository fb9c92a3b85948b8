"""Orders: place, read, list, fulfil, cancel."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from application.shop.order import PlaceOrder, Wanted, cancel_order, check_order, fulfil_order, place_order
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.shop.order import Order, OrderStatus
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast, written
from interfaces.http.base.version import named, tag
from interfaces.http.conversations.order_forms import OrderIn, OrderOut, listed, placed_in, shown
from interfaces.http.conversations.purchases import Key, conversation_for, id_for
from projections.orders import OrderRow, Orders, list_orders


@post("/v1/orders", status_code=201, scope="conversations:write")
async def place(
    data: JSONBody[OrderIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    request: Request[Any, Any, Any],
    idempotency_key: Key = None,
) -> Response[OrderOut]:
    """Place an order for a customer: its pieces are out of the stock at once, all of them; 422 where there are fewer."""
    lines = tuple(Wanted(product=line.product, quantity=line.quantity) for line in data.lines)

    async def check() -> None:
        await check_order(lines, context.tenant, store=services.store, clock=services.clock)

    conversation = await conversation_for(data.customer, check, context, services)
    wanted = (conversation.hex, data.note or "", *(f"{each.product.hex} {each.quantity}" for each in lines))
    command = PlaceOrder(
        id=await id_for(idempotency_key, "order", wanted, request, context, services),
        conversation=conversation,
        lines=lines,
        note=data.note,
    )
    order, position = await place_order(command, context, store=services.store, clock=services.clock)
    answer = await _written(order, position, services, context, data.note or None)
    answer.status_code = 201
    answer.headers["Location"] = f"/v1/orders/{order.id}"
    return answer


@get("/v1/orders", scope="conversations:read")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    conversation: FromQuery[UUID | None] = None,
    status: FromQuery[OrderStatus | None] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[OrderOut]:
    """Orders, the newest first; those of a customer by the id of their conversation."""
    tenant = principal.tenant
    pager = Pager(services, tenant, Place, "orders", conversation, status)
    before = await pager.place(cursor)
    async with services.reads.at(tenant, Orders(), at_least) as sql:
        rows = await list_orders(
            sql, tenant, conversation=conversation, status=status, before=before, limit=limit + 1
        )
    events = await services.store.several(tenant, sorted(row.placed for row in rows))

    def told(row: OrderRow) -> OrderOut:
        return listed(row, placed_in(events[row.placed].event))

    return await pager.page(rows, limit, told, lambda row: Place(row.placed_at, row.id))


@get("/v1/orders/{order:uuid}", scope="conversations:read")
async def read(
    order: FromPath[UUID], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[OrderOut]:
    """An order as it is now, read from the log itself."""
    found = await services.store.load(Order, order, tenant=principal.tenant)
    found.existing()
    async for first in services.store.stream(principal.tenant, order, limit=1):
        return Response(shown(found, placed_in(first.event).note), headers=tag(found.version))
    raise AssertionError("unreachable")


@post(
    "/v1/orders/{order:uuid}/fulfil",
    status_code=200,
    scope="conversations:write",
    versioned=named("order"),
)
async def fulfil(
    order: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[OrderOut]:
    """Say that the customer has got what they ordered."""
    found, position = await fulfil_order(order, context, store=services.store, clock=services.clock)
    return await _written(found, position, services, context)


@post(
    "/v1/orders/{order:uuid}/cancel",
    status_code=200,
    scope="conversations:write",
    versioned=named("order"),
)
async def cancel(
    order: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[OrderOut]:
    """Cancel an order; its pieces are in the stock again at once."""
    found, position = await cancel_order(order, context, store=services.store, clock=services.clock)
    return await _written(found, position, services, context)


async def _written(
    order: Order, position: int, services: Services, context: Context, note: str | None = None
) -> Response[OrderOut]:
    headers = await written(services, context.tenant, position, order.version)
    return Response(shown(order, note), headers=headers)


ROUTER = Router("/", route_handlers=[place, list_all, read, fulfil, cancel], tags=["shop"])
