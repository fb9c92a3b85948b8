"""Where calls for tenants may go, and where not."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from domain.base.errors import Refused
from infra.outgoing import client
from infra.outgoing.addresses import check_public
from infra.outgoing.client import ForbiddenAddress, Outgoing
from tests.doubles.wire import Reply, Wire, serving

PUBLIC = "93.184.216.34"


@pytest.fixture(name="wire")
async def _wire() -> AsyncIterator[Wire]:
    wire = Wire(lambda call: Reply(body=b'"here"'))
    async with serving(wire):
        yield wire


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::1]"])
async def test_a_guarded_client_connects_to_no_private_address_however_it_is_written(
    wire: Wire, host: str
) -> None:
    async with Outgoing(guarded=True) as http:
        with pytest.raises((ForbiddenAddress, httpx2.UnsupportedProtocol)):
            await http.get(f"http://{host}:{wire.port}/")
    assert wire.connections == 0


async def test_a_name_that_leads_elsewhere_at_the_second_look_is_caught_when_connecting(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    loop = asyncio.get_running_loop()

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        looks.append(host)
        address = PUBLIC if len(looks) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(type(loop), "getaddrinfo", lambda self, *args, **more: getaddrinfo(*args, **more))
    await check_public("url", "models.example.com", wire.port)
    async with Outgoing(guarded=True) as http:
        with pytest.raises(ForbiddenAddress):
            await http.get(f"http://models.example.com:{wire.port}/")
    assert (len(looks), wire.connections) == (2, 0)


async def test_an_open_client_connects_to_loopback(wire: Wire) -> None:
    async with Outgoing(guarded=False) as http:
        assert (await http.get(f"http://127.0.0.1:{wire.port}/")).json() == "here"


@pytest.fixture(name="certificate")
def _certificate(tmp_path: Path) -> Path:
    """A key and a certificate for localhost that nobody has signed."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "pem").write_bytes(key.private_bytes(*form) + made.public_bytes(form[0]))
    return tmp_path / "pem"


async def test_a_certificate_that_nobody_trusts_is_no_connection_until_the_environment_names_it(
    wire: Wire, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    mine.load_cert_chain(certificate)
    async with serving(wire, mine):
        address = f"https://localhost:{wire.port}/"
        for trusted in (False, True):
            if trusted:
                monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            client._trust.cache_clear()
            async with Outgoing(guarded=False) as http:
                if trusted:
                    assert (await http.get(address)).json() == "here"
                else:
                    with pytest.raises(httpx2.ConnectError):
                        await http.get(address)
    client._trust.cache_clear()


HUNG_UP = Reply(raw=b"")
"""The server closes the connection when the request has come, without a word."""


async def post(http: Outgoing, wire: Wire) -> httpx2.Response:
    return await http.post(f"http://127.0.0.1:{wire.port}/", json={})


async def test_a_kept_connection_that_the_server_has_closed_is_replaced(wire: Wire) -> None:
    async with Outgoing(guarded=False) as http:
        await asyncio.gather(*(post(http, wire) for _ in range(3)))
        kept = {id(connection) for connection in wire.open}
        assert len(kept) == 3
        replies = [HUNG_UP, HUNG_UP, HUNG_UP]
        wire.answer = lambda call: replies.pop() if replies else Reply(body=b'"here"')
        assert (await post(http, wire)).json() == "here"
    assert (len(wire.calls), wire.connections) == (7, 4)


async def test_a_server_that_closes_after_each_answer_is_reached_each_time(wire: Wire) -> None:
    wire.answer = lambda call: Reply(body=b'"here"', closes=True)
    async with Outgoing(guarded=False) as http:
        for _ in range(20):
            assert (await post(http, wire)).json() == "here"
    assert wire.connections == 20


@pytest.mark.parametrize("raw", [b"", b"H", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-"])
@pytest.mark.parametrize("kept", [False, True])
async def test_what_a_server_may_have_worked_on_is_not_sent_again(wire: Wire, raw: bytes, kept: bool) -> None:
    async with Outgoing(guarded=False) as http:
        if kept:
            await post(http, wire)
        answered = len(wire.calls)
        wire.answer = lambda call: Reply(raw=raw)
        with pytest.raises(httpx2.HTTPError):
            await post(http, wire)
    again = 1 if kept and not raw else 0  # a new connection, on which it ends
    assert len(wire.calls) - answered == 1 + again


@pytest.mark.parametrize("raw", [b"", b"H"])
async def test_once_is_once_though_a_kept_connection_ends_before_a_byte_of_an_answer(
    wire: Wire, raw: bytes
) -> None:
    async with Outgoing(guarded=False, once=True) as http:
        await post(http, wire)
        wire.answer = lambda call: Reply(raw=raw)
        with pytest.raises(httpx2.HTTPError):
            await post(http, wire)
    assert (len(wire.calls), wire.connections) == (2, 1)


@pytest.mark.parametrize("tls", [False, True])
async def test_a_connection_that_the_server_has_just_closed_is_not_written_to_where_once_is_once(
    wire: Wire, tls: bool, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    mine.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    client._trust.cache_clear()
    async with serving(wire, mine if tls else None), Outgoing(guarded=False, once=True) as http:
        address = f"{'https' if tls else 'http'}://localhost:{wire.port}/"
        for number in range(30):
            assert (await http.post(address, json={})).json() == "here"
            for connection in list(wire.open):
                connection.transport.close()
            if number % 2:
                await asyncio.sleep(0)
                _busy(0.001)
    client._trust.cache_clear()
    assert (len(wire.calls), wire.connections) == (30, 30)


def _busy(seconds: float) -> None:
    """The loop is, while the machine hears that a connection has ended."""
    time.sleep(seconds)


async def test_a_server_that_hangs_up_late_is_not_asked_again(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "STALE", 0.1)
    async with Outgoing(guarded=False) as http:
        await post(http, wire)
        wire.answer = lambda call: Reply(raw=b"", delay=0.3)
        with pytest.raises(httpx2.HTTPError):
            await post(http, wire)
    assert len(wire.calls) == 2


async def test_a_redirect_is_not_followed(wire: Wire) -> None:
    wire.answer = lambda call: Reply(302, {"Location": f"http://127.0.0.1:{wire.port}/other"}, b"")
    async with Outgoing(guarded=False) as http:
        assert (await http.get(f"http://127.0.0.1:{wire.port}/")).status_code == 302
    assert len(wire.calls) == 1


async def test_a_proxy_of_the_environment_is_used_but_not_where_addresses_are_guarded(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{wire.port}")
    client._proxy.cache_clear()
    async with Outgoing(guarded=False) as http, Outgoing(guarded=True) as guarded:
        assert (await http.get("http://models.invalid/v1")).json() == "here"
        with pytest.raises(httpx2.ConnectError):
            await guarded.get("http://models.invalid/v1")
    assert [call.path for call in wire.calls] == ["http://models.invalid/v1"]
    client._proxy.cache_clear()


async def test_a_private_or_unknown_host_is_refused_when_it_is_set() -> None:
    with pytest.raises(Refused, match="private"):
        await check_public("url", "localhost", 443)
    with pytest.raises(Refused, match="private network; give url a public"):
        await check_public("url", "127.0.0.1", 443)
    with pytest.raises(Refused, match="can't be found; mend url"):
        await check_public("url", "no-such-host.invalid", 443)
