"""What a customer has ordered or booked, as a text that an answer may go by. Pure."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from domain.shop.availability import Availability, local
from domain.shop.booking import BookingState
from domain.shop.order import OrderState, OrderStatus

STATUS: dict[OrderStatus, str] = {
    "placed": "placed, not fulfilled yet",
    "fulfilled": "fulfilled",
    "cancelled": "cancelled",
}


def order_title(order: OrderState) -> str:
    return f"Order of {_day(order.placed_at)}"


def order_text(id: UUID, order: OrderState) -> str:
    """Its status first, then a line each."""
    lines = [
        f"{each.quantity} × {each.name} for {each.price:f} {order.currency} each" for each in order.lines
    ]
    return "\n".join(
        (
            f"{order_title(order)}: {STATUS[order.status]}.",
            *lines,
            f"Total: {order.total:f} {order.currency}",
            f"Order number: {id}",
        )
    )


def booking_title(booking: BookingState, service: str) -> str:
    return f"Booking of {service} on {_day(booking.start)}"


def booking_text(
    id: UUID, booking: BookingState, service: str, given: Availability | None, now: datetime
) -> str:
    """By the service's clock; by UTC where the service is not there any more."""
    begins, ends, zone = booking.start.isoformat(), booking.end.isoformat(), "UTC"
    if given is not None:
        begins, ends, zone = local(booking.start, given), local(booking.end, given), given.time_zone
    status = booking.status if booking.status == "cancelled" else "over" if booking.end <= now else "booked"
    places = "1 place" if booking.places == 1 else f"{booking.places} places"
    return "\n".join(
        (
            f"{service} on {begins[:10]}, {begins[11:16]}–{ends[11:16]} ({zone}), {places}: {status}.",
            f"Price: {booking.price:f} {booking.currency}",
            f"Booking number: {id}",
        )
    )


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"
