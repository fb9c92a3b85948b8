"""What must hold of the shop after every event of a tenant's log."""

from __future__ import annotations

from uuid import UUID

from domain.audit.conversation_checks import Check
from domain.base.recorded import Recorded
from domain.shop.occupancy import Held, Occupancy
from domain.shop.product import Product
from domain.shop.service import Service
from domain.shop.service_day import ServiceDay


def no_stock_goes_below_zero() -> Check:
    stocks: dict[UUID, int] = {}

    def check(recorded: Recorded) -> str | None:
        event, product = recorded.event, recorded.stream
        if isinstance(event, Product.Created):
            stocks[product] = event.stock
        elif isinstance(event, Product.StockAdjusted):
            stocks[product] = stocks.get(product, 0) + event.by
        elif isinstance(event, Product.Reserved):
            stocks[product] = stocks.get(product, 0) - event.quantity
        elif isinstance(event, Product.Returned):
            stocks[product] = stocks.get(product, 0) + event.quantity
        else:
            return None
        return f"there are {stocks[product]} pieces" if stocks[product] < 0 else None

    return check


def no_slot_goes_below_zero() -> Check:
    """At no moment are more places of a service taken than it had when that was decided."""
    services: dict[UUID, UUID] = {}
    capacities: dict[tuple[UUID, int], int] = {}
    held: dict[UUID, dict[UUID, Held]] = {}

    def check(recorded: Recorded) -> str | None:
        event, stream = recorded.event, recorded.stream
        if isinstance(event, Service.Created | Service.Changed):
            capacities[stream, recorded.version] = event.facts.availability.capacity
        elif isinstance(event, ServiceDay.Begun):
            services[stream] = event.service
        elif isinstance(event, ServiceDay.Released):
            held.get(stream, {}).pop(event.booking, None)
        elif isinstance(event, ServiceDay.Taken):
            day = held.setdefault(stream, {})
            day[event.booking] = Held(start=event.start, end=event.end, places=event.places)
            had = capacities.get((services.get(stream, stream), event.service_version))
            if had != event.capacity:
                return f"it was decided by {event.capacity} places, where the service had {had}"
            taken = Occupancy(day.values()).most(event.start, event.end)
            if taken > event.capacity:
                return f"{taken} of {event.capacity} places are taken"
        return None

    return check
