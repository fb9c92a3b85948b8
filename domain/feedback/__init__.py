"""Feedback: what customers, and those who look after them, say of answers.

Begin in `rating.py`: whether an answer helped.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.feedback.rating import Rating

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (Rating,)
