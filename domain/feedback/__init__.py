"""Feedback: what customers, and those who look after them, say of answers.

Begin in `rating.py`: whether an answer helped. `correction.py`: what it should have been, proposed by a person, reviewed by another; `exchange.py`:
a message with what was said before it, and its answer.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.feedback.correction import Correction
from domain.feedback.rating import Rating
from domain.feedback.review_rules import ReviewRules

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (
    Rating,
    Correction,
    ReviewRules,
)
