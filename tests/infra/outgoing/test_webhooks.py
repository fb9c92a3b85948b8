"""Webhooks at the wire: over which connections they go, and that what an endpoint says beside its status counts for nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from infra.outgoing import webhooks
from infra.outgoing.webhooks import WORDS, HttpWebhookSender
from tests.doubles.wire import CUT, Reply, Wire, serving


@pytest_asyncio.fixture(name="endpoint")
async def _endpoint() -> AsyncIterator[Wire]:
    wire = Wire(lambda call: Reply(204, body=b""))
    async with serving(wire):
        yield wire


async def deliveries(endpoint: Wire, count: int) -> list[int | None]:
    sender = HttpWebhookSender(private=True)
    try:
        url = f"http://127.0.0.1:{endpoint.port}/"
        return [(await sender.send(url, {"webhook-id": "msg_1"}, b"{}")).status for _ in range(count)]
    finally:
        await sender.close()


async def test_an_endpoint_that_answers_in_words_is_called_over_one_connection(endpoint: Wire) -> None:
    endpoint.answer = lambda call: Reply(steps=[0.01, b"thank ", b"you"])
    assert await deliveries(endpoint, 3) == [200, 200, 200]
    assert endpoint.connections == 1


@pytest.mark.parametrize(
    "steps", [[b"x" * WORDS, b"x", 5.0], [b"x", 5.0], [b"x", CUT]], ids=["long", "slow", "cut"]
)
async def test_words_that_do_not_end_cost_the_connection_and_nothing_else(
    endpoint: Wire, steps: list[bytes | float | str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "WAIT", 0.1)
    endpoint.answer = lambda call: Reply(steps=steps)
    assert await deliveries(endpoint, 2) == [200, 200]
    assert endpoint.connections == 2


async def test_a_guarded_sender_tells_that_an_address_is_private(endpoint: Wire) -> None:
    sender = HttpWebhookSender(private=False)
    told = await sender.send(f"http://127.0.0.1:{endpoint.port}/", {}, b"{}")
    await sender.close()
    assert (told.status, told.reason, endpoint.connections) == (
        None,
        "the address lies in a private network",
        0,
    )
