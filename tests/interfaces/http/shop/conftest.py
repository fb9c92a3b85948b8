"""A shop over HTTP: a service that can always be had, and the same tenant at another process's application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio

from domain.audit.invariants import Invariants
from infra.settings import Settings
from interfaces.asgi import create_app
from interfaces.bootstrap import Services, services
from tests.interfaces.http.conftest import Customer

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
TABLE: dict[str, Any] = {
    "name": "Table",
    "price": "5.00",
    "currency": "EUR",
    "availability": {
        "time_zone": "Europe/Berlin",
        "duration_minutes": 60,
        "capacity": 2,
        "weekly": [{"weekday": each, "opens": "00:00", "closes": "24:00"} for each in WEEKDAYS],
    },
}


async def a_service(ours: Customer, **availability: Any) -> str:
    made = await ours.http.post(
        "/v1/catalog/services", json={**TABLE, "availability": TABLE["availability"] | availability}
    )
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def slots(ours: Customer, service: str, **query: Any) -> list[dict[str, Any]]:
    found = await ours.http.get(f"/v1/catalog/services/{service}/slots", params=query)
    assert found.status_code == 200, found.text
    items: list[dict[str, Any]] = found.json()["items"]
    return items


def booking(service: str, start: str, address: str = "ann", **more: Any) -> dict[str, Any]:
    return {
        "customer": {"channel": "http", "address": address},
        "service": service,
        "start": start,
        **more,
    }


async def holds(ours: Customer, parts: Services) -> None:
    invariants = Invariants()
    async for recorded in parts.store.events(ours.tenant):
        invariants.fold([recorded])
    assert invariants.prefixes > 1
    assert not invariants.violations


@pytest_asyncio.fixture
async def elsewhere(settings: Settings, ours: Customer) -> AsyncIterator[httpx.AsyncClient]:
    """The same tenant at another process's application: with that nobody queues."""
    async with services(settings, pool=4) as others:
        transport = httpx.ASGITransport(create_app(others))
        headers = dict(ours.http.headers)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://retrace", headers=headers, timeout=60
        ) as client:
            yield client
