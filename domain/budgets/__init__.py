"""Budgets: limits by day and month, and what calls hold of them.

Begin in `budget.py`, then `reservation.py`: money is held before a call and settled once. `spending.py`: what each event charges.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.budgets.budget import Budget
from domain.budgets.reservation import Reservation

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (
    Budget,
    Reservation,
)
