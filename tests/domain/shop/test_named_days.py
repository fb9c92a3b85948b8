"""Days that are named by a date."""

from __future__ import annotations

from datetime import date

import pytest

from domain.shop.named_days import day_named

TODAY = date(2026, 11, 29)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-24", date(2026, 12, 24)),
        ("24.12.2026", date(2026, 12, 24)),
        ("24.12.26", date(2026, 12, 24)),
        ("24.12.", date(2026, 12, 24)),
        ("1.2.", date(2027, 2, 1)),
        ("29.11.", TODAY),
        ("24/12/2026", date(2026, 12, 24)),
        ("12/24/2026", date(2026, 12, 24)),
        ("5/5/2026", date(2026, 5, 5)),
        ("3/4/2026", None),
        ("31.2.2026", None),
        ("2026-13-01", None),
        ("29.2.", None),
        ("soon", None),
    ],
)
def test_a_day_is_named_or_it_is_none(text: str, day: date | None) -> None:
    assert day_named(text, TODAY) == day
