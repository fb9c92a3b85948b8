"""A try of a model."""

from __future__ import annotations

from decimal import Decimal

from domain.models.completion import Attempt
from tests.domain.given import NOW


def attempt(cost: str = "0.1") -> Attempt:
    return Attempt(provider="p", model="m", outcome="ok", started_at=NOW, latency_ms=1, cost=Decimal(cost))
