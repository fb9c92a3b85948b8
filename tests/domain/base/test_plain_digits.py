from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

from domain.base.plain_digits import digits, to_json


class Told(msgspec.Struct, omit_defaults=True):
    cost: Decimal
    text: str = "1.2E-7"
    at: datetime = datetime(2026, 11, 1, tzinfo=UTC)
    ids: tuple[UUID, ...] = ()
    more: dict[str, Any] = {}
    unset: UnsetType | int = UNSET


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("1.2E-7", "0.00000012"),
        ("0E-12", "0"),
        ("-3E-9", "-0.000000003"),
        ("1E+3", "1000"),
        ("12.50", "12.50"),
        ("0.00", "0.00"),
    ],
)
def test_a_decimal_is_told_in_digits(amount: str, told: str) -> None:
    assert digits(Decimal(amount)) == told


def test_json_has_digits_and_leaves_texts_that_look_like_a_decimal() -> None:
    there = Told(
        cost=Decimal("1.2E-7"), text="3E-7", ids=(UUID(int=1),), more={"a": [Decimal("0E-12"), "0E-12"]}
    )
    assert to_json(there) == (
        b'{"cost":"0.00000012","text":"3E-7","ids":["00000000-0000-0000-0000-000000000001"],"more":{"a":["0","0E-12"]}}'
    )


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9))
def test_digits_mean_the_same_decimal(amount: Decimal) -> None:
    told = to_json(Told(cost=amount))
    found = msgspec.json.decode(told, type=Told)
    assert found.cost == amount
    assert "E" not in msgspec.json.decode(told)["cost"]
