"""A shop whose model obeys whatever it reads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from infra.embedded import Servers
from infra.settings import Secret, Settings
from interfaces.bootstrap import Services, services
from tests.doubles.obedient import Obedient, obedient
from tests.doubles.twilio import Twilio, twilio_double
from tests.injections import orders
from tests.interfaces.http.answers.injection.guarded import SECRET, configured
from tests.interfaces.http.conftest import MASTER, OPERATOR, UNLIMITED, Customer, customer_of
from tests.interfaces.http.upstream import asking


@pytest_asyncio.fixture(scope="module", name="model")
async def _model() -> AsyncIterator[Obedient]:
    async with obedient(order.text for order in orders()) as double:
        yield double


@pytest_asyncio.fixture(scope="module", name="twilio")
async def _twilio() -> AsyncIterator[Twilio]:
    async with twilio_double() as double:
        yield double
        await double.told()
        assert double.mistakes == []


@pytest.fixture(scope="module")
def settings(
    servers: Servers,
    database_url: str,
    tmp_path_factory: pytest.TempPathFactory,
    twilio: Twilio,
    model: Obedient,
) -> Settings:
    plain = Settings(
        database_url=Secret(database_url),
        redis_url=Secret(servers.redis_url) if servers.redis_url else None,
        data=Path(tmp_path_factory.mktemp("data")),
        master_key=Secret(MASTER),
        operator_key=Secret(OPERATOR),
        twilio_base_url=twilio.url,
        public_url="https://retrace.example.com",
        **UNLIMITED,
    )
    return asking(plain, model.url())


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(settings: Settings) -> AsyncIterator[Services]:
    async with services(settings, pool=6) as parts:
        yield parts


@pytest_asyncio.fixture(name="shop")
async def _shop(app: Any, parts: Services, model: Obedient) -> AsyncIterator[Customer]:
    """A tenant with a rule of its own, and a customer who has told it something."""
    model.calls.clear()
    model.obeyed.clear()
    model.leaked.clear()
    customer = await customer_of(app, parts, "Shop")
    async with customer.http:
        await configured(customer)
        told = await customer.ask(f"My code at the door is {SECRET}.", address="bea")
        assert told.json()["status"] == "answered", told.text
        yield customer
