"""Forgetting what a customer has booked and ordered: said in each of it; what is still to come is cancelled, so that nobody holds it."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.ports import Clock, Purchases, Store
from application.shop.booking_end import forget_booking
from application.shop.order import forget_order
from domain.base.context import Context

FORGET_PURCHASES_WORK = "forget_purchases"
"""All that the customer of a conversation, whose hex is the key, has bought: to be saved with the event that says that they are forgotten."""


class ForgetPurchases(msgspec.Struct, frozen=True, kw_only=True):
    conversation: UUID


async def forget_purchases(
    command: ForgetPurchases, context: Context, *, store: Store, purchases: Purchases, clock: Clock
) -> None:
    """Again it goes on where it was. Raises Unavailable while the read models do not know all that the log has."""
    found = await purchases.of(context.tenant, command.conversation)
    for booking in found.bookings:
        await forget_booking(booking, context, store=store, clock=clock)
    for order in found.orders:
        await forget_order(order, context, store=store, clock=clock)
