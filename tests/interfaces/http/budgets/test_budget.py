from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from domain.base.context import Context
from tests.application.tills import Till, attempt
from tests.interfaces.http.conftest import Customer, customer_of

LIMITS = {"day": "25.50", "month": "500", "soft": [0.5, 1.0], "on_hard": "degrade", "ceiling": None}
"""As a client sends them."""


@pytest.fixture(name="owner")
async def _owner(app: Any, parts: Any) -> Any:
    customer = await customer_of(app, parts, "Spender")
    async with customer.http:
        yield customer


async def shown(owner: Customer) -> dict[str, Any]:
    reply = await owner.http.get("/v1/budgets")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def test_there_is_no_budget_at_first(owner: Customer) -> None:
    today = datetime.now(UTC).date().isoformat()
    assert await shown(owner) == {
        "version": 0,
        "limits": {"day": None, "month": None, "soft": [0.8, 1.0], "on_hard": "stop", "ceiling": None},
        "day": {
            "period": today,
            "limit": None,
            "spent": "0",
            "reserved": "0",
            "remaining": None,
            "alerts": [],
            "exhausted": False,
        },
        "month": {
            "period": today[:7],
            "limit": None,
            "spent": "0",
            "reserved": "0",
            "remaining": None,
            "alerts": [],
            "exhausted": False,
        },
    }


async def test_a_budget_is_set_changed_and_removed(owner: Customer) -> None:
    first = await owner.http.put("/v1/budgets", json=LIMITS)
    assert first.status_code == 200, first.text
    assert int(first.headers["Retrace-Position"]) > 0
    assert first.json()["limits"] == LIMITS
    assert first.json()["version"] == 2
    again = await owner.http.put("/v1/budgets", json=LIMITS)
    assert again.json()["version"] == 2
    day_alone = await owner.http.put("/v1/budgets", json={"day": "1"})
    assert day_alone.json()["limits"] == {
        "day": "1",
        "month": None,
        "soft": [0.8, 1.0],
        "on_hard": "stop",
        "ceiling": None,
    }
    gone = await owner.http.delete("/v1/budgets")
    assert (gone.status_code, gone.json()["limits"]["day"]) == (200, None)
    assert (await shown(owner))["version"] == 4


async def test_what_was_spent_and_reserved_is_shown(owner: Customer, parts: Any) -> None:
    await owner.http.put("/v1/budgets", json=LIMITS)
    till = Till(parts, Context(tenant=owner.tenant, actor="key:test", correlation=uuid4()))
    await till.reserve(2)
    await till.settle(await till.begin(), [attempt(20)], [await till.reserve(21)])
    found = await shown(owner)
    assert {name: found["day"][name] for name in ("limit", "spent", "reserved", "remaining")} == {
        "limit": "25.50",
        "spent": "20",
        "reserved": "2",
        "remaining": "3.50",
    }
    assert found["month"]["remaining"] == "478"


@pytest.mark.parametrize(
    "limits",
    [
        {"day": "-1"},
        {"day": "NaN"},
        {"day": "sNaN"},
        {"day": "1e999999999"},
        {"month": "-Infinity"},
        {"day": "0.0000001"},
        {"soft": [2]},
        {"soft": ["x"]},
        {"on_hard": "panic"},
        {"week": "1"},
        {"day": "ten"},
        [],
    ],
)
async def test_limits_that_make_no_sense_are_invalid(owner: Customer, limits: Any) -> None:
    reply = await owner.http.put("/v1/budgets", json=limits)
    assert reply.status_code == 400, reply.text
    assert (await shown(owner))["version"] == 0


async def test_seeing_takes_a_view_of_figures_and_setting_an_administrator(owner: Customer) -> None:
    viewer, admin = await owner.limited("analytics:view"), await owner.limited("tenants:admin")
    assert (await owner.http.get("/v1/budgets", headers=viewer)).status_code == 200
    assert (await owner.http.put("/v1/budgets", json=LIMITS, headers=viewer)).status_code == 403
    assert (await owner.http.delete("/v1/budgets", headers=viewer)).status_code == 403
    assert (await owner.http.put("/v1/budgets", json=LIMITS, headers=admin)).status_code == 200
    assert (await owner.http.get("/v1/budgets", headers=admin)).status_code == 403
