"""The HTTP client that vendors' SDKs call through: httpx2's, which they take, over aiohttp's connections, which take a third of its time.

It follows no redirects: nobody is sent on to an address, or handed a key, that nobody has chosen. Errors are httpx2's.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any

import aiohttp
import httpx2
from multidict import CIMultiDict
from yarl import URL

from infra.outgoing.addresses import PrivateAddress, public_socket

CONNECT = 5.0
"""Seconds for a connection, at most."""

KEPT = 30.0
"""Seconds for which a connection waits to be used again."""

BRIEFLY = 4.0
"""As KEPT, where an end of it by the other side would leave a fate unknown, or there are many other sides. Most servers keep an idle
connection for 5 s or more (Node 5, nginx 75); gunicorn ends one after 2."""

TURNS = 3
"""Of the loop, after which it has taken in that a server has closed a connection, if the machine knows: the end of the stream, that of
TLS, and the closing."""

STALE = 2.0
"""Seconds within which a server that has closed a kept connection lets it be known. One that hangs up later may have worked on it."""

LARGEST = 16 * 2**20
"""Bytes of a body; a provider's answer has some thousands."""

_OURS = frozenset((b"host", b"content-length", b"accept-encoding"))
"""Fields that the connection sets."""


_taken: ContextVar[list[httpx2.Response] | None] = ContextVar("taken", default=None)
_sent: ContextVar[Callable[[], None] | None] = ContextVar("sent", default=None)


@contextmanager
def taking(streams: list[httpx2.Response]) -> Iterator[None]:
    """The streams that are opened within go into `streams`, for whoever reads and closes them; the SDK that asked for them sees the head
    of each alone, as of an empty one. Errors it sees whole.
    """
    token = _taken.set(streams)
    try:
        yield
    finally:
        _taken.reset(token)


@contextmanager
def telling(sent: Callable[[], None]) -> Iterator[None]:
    """`sent` is called when the body of a request within is written to its connection, whatever an SDK has done before. The head is not
    written before it, though aiohttp tells of it earlier."""
    token = _sent.set(sent)
    try:
        yield
    finally:
        _sent.reset(token)


class ForbiddenAddress(httpx2.ConnectError):
    """The name led to an address in a private network."""


class Outgoing(httpx2.AsyncClient):
    """One a process and kind. `guarded`: it connects to public addresses only, and through no proxy, which would look names up by itself.
    `kept`: for so many seconds a connection may be used again; None: never, so that nothing is sent a second time. `once`: nothing is sent a
    second time of which a byte was written, though it is not likely that anybody heard it.
    There are never more connections to a host than were needed at once.
    """

    def __init__(self, *, guarded: bool, kept: float | None = KEPT, once: bool = False) -> None:
        super().__init__(transport=httpx2.MockTransport(_unused), trust_env=False)
        self._guarded, self._kept, self._once = guarded, kept, once
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self,
        request: httpx2.Request,
        *,
        stream: bool = False,
        auth: Any = None,
        follow_redirects: Any = False,
    ) -> httpx2.Response:
        """As httpx2's. With `stream` the body is read by the caller, who closes the response; that closes the connection unless all was read."""
        with _told(request):
            response = await self._response(request)
            try:
                fields = _received(response.raw_headers)
                if stream:
                    body = _Body(response, request)
                    opened = httpx2.Response(response.status, headers=fields, stream=body, request=request)
                    if (streams := _taken.get()) is None or response.status != 200:
                        return opened
                    streams.append(opened)
                    return httpx2.Response(response.status, headers=fields, request=request)
                content = await _whole(response)
            except BaseException:
                response.close()
                raise
        return httpx2.Response(response.status, headers=fields, content=content, request=request)

    async def _response(self, request: httpx2.Request) -> aiohttp.ClientResponse:
        """The head. What goes out on a kept connection that the server has closed meanwhile was not heard by anybody: it is sent again, but
        with `once` only where it was not even written."""
        url, raw = _url(str(request.url)), request.headers.raw
        given: dict[str, Any] = {
            "headers": _fields(tuple([field for field in raw if field[0].lower() not in _OURS])),
            "data": request.read(),
            "allow_redirects": False,
            "timeout": _timeout(request.extensions.get("timeout")),
            "proxy": None if self._guarded else _proxy(url.scheme, url.host or ""),
        }
        if self._once:
            for _ in range(TURNS):
                await asyncio.sleep(0)
        began = time.monotonic()
        while True:
            way = _Way()
            try:
                return await self._connected().request(request.method, url, trace_request_ctx=way, **given)
            except aiohttp.ClientConnectionError as error:
                unheard = _unwritten(error) or (not self._once and _unheard(error))
                if not (way.kept and unheard and time.monotonic() - began < STALE):
                    raise

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
        await super().aclose()

    async def __aexit__(self, *error: Any) -> None:
        await self.aclose()

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=0,
                keepalive_timeout=self._kept,
                force_close=self._kept is None,
                ssl=_trust(),
                socket_factory=public_socket if self._guarded else None,
            )
            trace = aiohttp.TraceConfig()
            trace.on_connection_reuseconn.append(_reused)
            trace.on_request_chunk_sent.append(_goes_out)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trace_configs=[trace]
            )
        return self._session


class _Way:
    """How a request went out: on a connection that was `kept` from an earlier one, or on a new one."""

    kept = False


async def _reused(session: aiohttp.ClientSession, context: SimpleNamespace, *_: Any) -> None:
    context.trace_request_ctx.kept = True


async def _goes_out(*_: Any) -> None:
    """Must not wait for anything: who is cancelled between this and the writing has sent nothing."""
    if (sent := _sent.get()) is not None:
        sent()


def _unwritten(error: aiohttp.ClientConnectionError) -> bool:
    """Whether aiohttp found the connection closed before it could write; it writes head and body at once."""
    return isinstance(error, aiohttp.ClientConnectionResetError) or isinstance(
        error.__cause__, aiohttp.ClientConnectionResetError
    )


def _unheard(error: aiohttp.ClientConnectionError) -> bool:
    """Whether the connection ended before a single byte of an answer."""
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return isinstance(error.message, str)  # else it is the part of a head that came
    causes = (error, error.__cause__)
    return any(isinstance(cause, ConnectionResetError) for cause in causes) or (
        isinstance(error, aiohttp.ClientOSError) and error.errno in (errno.ECONNRESET, errno.EPIPE)
    )


class _Body(httpx2.AsyncByteStream):
    def __init__(self, response: aiohttp.ClientResponse, request: httpx2.Request) -> None:
        self._response, self._request = response, request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        with _told(self._request):
            async for chunk in self._response.content.iter_any():
                size += len(chunk)
                if size > LARGEST:
                    raise aiohttp.ClientPayloadError("the body does not end")
                yield chunk

    async def aclose(self) -> None:
        self._response.release()  # back to the pool if all was read, else closed


@contextmanager
def _told(request: httpx2.Request) -> Iterator[None]:
    """aiohttp's errors as httpx2's, without what was sent or came."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError:
        raise httpx2.ConnectTimeout("no connection in time", request=request) from None
    except TimeoutError:
        raise httpx2.ReadTimeout("no answer in time", request=request) from None
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, PrivateAddress):
            raise ForbiddenAddress(str(error.os_error), request=request) from None
        raise httpx2.ConnectError("no connection", request=request) from None
    except aiohttp.InvalidURL:
        raise httpx2.UnsupportedProtocol("this is no address", request=request) from None
    except (aiohttp.ClientError, OSError) as error:
        raise httpx2.ReadError(f"the connection broke ({type(error).__name__})", request=request) from None


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    parts, size = [], 0
    async for chunk in response.content.iter_any():
        parts.append(chunk)
        size += len(chunk)
        if size > LARGEST:
            raise aiohttp.ClientPayloadError("the body is too large")
    return b"".join(parts)


def _received(fields: tuple[tuple[bytes, bytes], ...]) -> list[tuple[bytes, bytes]]:
    """aiohttp has unpacked the body already."""
    return [field for field in fields if field[0].lower() != b"content-encoding"]


@lru_cache(maxsize=256)
def _fields(raw: tuple[tuple[bytes, bytes], ...]) -> CIMultiDict[str]:
    return CIMultiDict((name.decode("ascii"), value.decode("utf-8")) for name, value in raw)


@lru_cache(maxsize=1024)
def _url(text: str) -> URL:
    return URL(text, encoded=True)


@lru_cache(maxsize=64)
def _timeout_of(seconds: float | None) -> aiohttp.ClientTimeout:
    connect = CONNECT if seconds is None else min(CONNECT, seconds)
    return aiohttp.ClientTimeout(total=None, sock_connect=connect, sock_read=seconds)


def _timeout(given: Any) -> aiohttp.ClientTimeout:
    """httpx2's, as it stands on a request: `read` is the longest silence."""
    return _timeout_of(given.get("read") if isinstance(given, dict) else None)


@lru_cache(maxsize=1024)
def _proxy(scheme: str, host: str) -> str | None:
    """As the environment names it: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY."""
    proxies = urllib.request.getproxies()
    if not proxies or urllib.request.proxy_bypass(host):
        return None
    return proxies.get(scheme) or proxies.get("all")


@cache
def _trust() -> ssl.SSLContext:
    """The authorities that httpx2 trusts: the system's, or SSL_CERT_FILE."""
    return httpx2.create_ssl_context()


def _unused(request: httpx2.Request) -> httpx2.Response:
    raise AssertionError("requests go out by `send`")
