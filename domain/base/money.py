"""Money: exact USD, and whole pico-USD (10⁻¹² USD) where many commands share a sum."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

PICO = 12
"""Decimals of a USD that a shared sum knows. Prices per million tokens have six at most, so nothing is lost to rounding."""


def pico(amount: Decimal) -> int:
    """USD in pico-USD, rounded up."""
    return int(amount.scaleb(PICO).to_integral_value(ROUND_CEILING))


def usd(amount: int) -> Decimal:
    """Pico-USD in USD, exact, without needless zeros."""
    value = Decimal(amount).scaleb(-PICO).normalize()
    return value if value.as_tuple().exponent <= 0 else value.quantize(Decimal(1))  # type: ignore[operator]  # it is finite


def short(amount: Decimal) -> Decimal:
    """The same to PICO decimals, without needless zeros."""
    value = round(amount, PICO).normalize()
    return value if value.as_tuple().exponent <= 0 else value.quantize(Decimal(1))  # type: ignore[operator]  # it is finite
