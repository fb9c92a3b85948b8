"""An operator decides on calls of actions beside the conversation; nobody else does, and no call of another conversation's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from interfaces.bootstrap import Services
from tests.doubles.wire import Reply, Wire
from tests.interfaces.http.actions.declared import declared_for
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.people import joined


@pytest_asyncio.fixture(scope="module", name="wire")
async def _wire(parts: Services, ours: Customer) -> AsyncIterator[Wire]:
    async with declared_for(parts, ours) as (wire, _):
        yield wire


async def test_an_operator_approves_declines_and_settles(ours: Customer, wire: Wire) -> None:
    ann, bob = (
        await joined(ours, "ann@example.com", "agent"),
        await joined(ours, "bob@example.com", "analyst"),
    )
    for person in (ann, bob):
        assert (await person.sign_in()).status_code == 303
    wire.answer = lambda call: Reply(status=500, body=b"")
    asked = {name: (await ours.ask("Cancel order A-90", address=name)).json() for name in ("yes", "no")}
    pages = {name: f"/console/inbox/{each['conversation']}" for name, each in asked.items()}
    listed = (await ours.http.get("/v1/action-calls", params={"status": "waiting"})).json()["items"]
    while len(listed) < 2:
        await asyncio.sleep(0.1)
        listed = (await ours.http.get("/v1/action-calls", params={"status": "waiting"})).json()["items"]
    call = {each["conversation"]: each["id"] for each in listed}
    paths = {name: f"{page}/calls/{call[page.rpartition('/')[2]]}" for name, page in pages.items()}
    page = (await ann.http.get(pages["yes"])).text
    assert "A-90" in page
    assert f"{paths['yes']}/approve" in page
    assert (await ann.send(f"{paths['no']}/approved")).status_code == 404
    assert (
        await ann.send(f"{pages['yes']}/calls/{call[pages['no'].rpartition('/')[2]]}/approve")
    ).status_code == 404
    assert (await bob.send(f"{paths['yes']}/approve")).status_code == 403
    assert (await ann.http.post(f"{paths['yes']}/approve", data={"csrf": ""})).status_code == 403, "no token"
    assert (await ann.send(f"{paths['no']}/decline")).status_code == 303
    assert (await ann.send(f"{paths['no']}/approve")).status_code == 409
    assert (await ann.send(f"{paths['yes']}/approve")).status_code == 303
    async with asyncio.timeout(60):  # the endpoint gives no answer that could be known: somebody is to look
        while "/not_done" not in (page := (await ann.http.get(pages["yes"])).text):
            await asyncio.sleep(0.1)
    assert (await ann.send(f"{paths['yes']}/not_done")).status_code == 303
    known = (await ours.http.get(f"/v1/action-calls/{call[pages['yes'].rpartition('/')[2]]}")).json()
    assert (known["status"], len(wire.calls)) == ("failed", 1)
