"""What counts as an action that a customer has completed: a purchase, a booking."""

from __future__ import annotations

from domain.base.aggregate import Event
from domain.shop.booking import Booking

ACTIONS: tuple[type[Event], ...] = (Booking.Made,)
"""Events of other rooms. Each has a `conversation`, the customer's, and holds nothing personal."""
