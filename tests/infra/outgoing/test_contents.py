"""Images and files are fetched from where they lie, within bounds."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from domain.base.errors import Invalid
from infra.outgoing.contents import HttpContentSource
from tests.doubles.wire import Call, Reply, Wire, serving


def replied(call: Call) -> Reply:
    match call.path:
        case "/there":
            return Reply(body=b"picture")
        case "/moved":
            return Reply(302, {"Location": "/there"}, b"")
        case "/round":
            return Reply(302, {"Location": "/round"}, b"")
        case "/large":
            return Reply(body=b"x" * 101)
    return Reply(404, body=b"")


@pytest.fixture(name="wire")
async def _wire() -> AsyncIterator[Wire]:
    wire = Wire(replied)
    async with serving(wire):
        yield wire


async def test_it_is_fetched_within_bounds(wire: Wire) -> None:
    source = HttpContentSource(private=True)
    try:
        at = f"http://127.0.0.1:{wire.port}"
        for path in ("/there", "/moved"):
            assert await source.fetch(at + path, "messages[0]", most=100) == b"picture"
        for path, told in (("/gone", "answered 404"), ("/round", "without end"), ("/large", "smaller")):
            with pytest.raises(Invalid, match=told) as refused:
                await source.fetch(at + path, "messages[0]", most=100)
            assert refused.value.detail.startswith("messages[0]: ")
        with pytest.raises(Invalid, match="could not be read"):
            await source.fetch("http://127.0.0.1:1/x", "messages[0]", most=100)
        assert not any("authorization" in call.fields for call in wire.calls)
    finally:
        await source.close()


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "[::1]", "localhost"])
async def test_a_private_address_is_not_asked(wire: Wire, address: str) -> None:
    source = HttpContentSource(private=False)
    try:
        with pytest.raises(Invalid, match="private network"):
            await source.fetch(f"https://{address}:{wire.port}/there", "messages[0]", most=100)
        assert wire.calls == []
    finally:
        await source.close()
