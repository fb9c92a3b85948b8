"""What counts as an action that a customer has completed: a purchase, a booking."""

from __future__ import annotations

from domain.base.aggregate import Event

ACTIONS: tuple[type[Event], ...] = ()
"""Events of other rooms. Each has a `conversation`, the customer's, and holds nothing personal. The shop's bookings and purchases come here."""
