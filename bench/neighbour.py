"""Tenant B of `bench.neighbours`: uploads, streams, messages and idle sockets, all at once, out of a process of its own."""

from __future__ import annotations

import asyncio
import itertools
import random
import string
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import httpx
import msgspec
import uvloop

from domain.retrieval.document import LARGEST

FILES, AT_ONCE = 200, 40
STREAMS, MESSAGES, SENDERS, SOCKETS = 100, 10_000, 20, 500
LIMITS = httpx.Limits(max_connections=1000)
PATIENCE = 40.0
"""Seconds."""
NONE = "none"


class Load(msgspec.Struct, frozen=True):
    """How much B does: files of 10 MB, streams at the same time, messages in all, idle sockets."""

    files: int = FILES
    streams: int = STREAMS
    messages: int = MESSAGES
    sockets: int = SOCKETS

    def part(self, share: float) -> Load:
        return Load(
            *(max(1, round(each * share)) for each in (self.files, self.streams, self.messages, self.sockets))
        )


def told(reply: httpx.Response | None) -> str:
    """A reply as it is counted."""
    if reply is None:
        return NONE
    if reply.status_code in (429, 503) and "Retry-After" not in reply.headers:
        return f"{reply.status_code} without Retry-After"
    return str(reply.status_code)


def neighbour(url: str, headers: dict[str, str], until: float, load: Load) -> Counter[str]:
    """What B was answered, by sort and status. `until` is of time.monotonic()."""
    return uvloop.run(_act(url, headers, until, load))


async def _act(url: str, headers: dict[str, str], until: float, load: Load) -> Counter[str]:
    seen: Counter[str] = Counter()
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE, limits=LIMITS) as http:
        files, numbers = list(range(load.files)), itertools.count()
        acts: list[Awaitable[None]] = [
            *(_upload(http, files, seen) for _ in range(min(AT_ONCE, load.files))),
            *(_stream(http, number, seen) for number in range(load.streams)),
            *(_send(http, numbers, load.messages, seen) for _ in range(SENDERS)),
            *(_idle(http.base_url, seen) for _ in range(load.sockets)),
        ]
        tasks = [asyncio.ensure_future(act) for act in acts]
        ended, late = await asyncio.wait(tasks, timeout=max(1.0, until - time.monotonic()))
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for task in ended:
            task.result()
    if late:
        seen["acts unended"] = len(late)
    return seen


async def _asked(
    seen: Counter[str], sort: str, ask: Callable[[], Awaitable[httpx.Response]]
) -> httpx.Response | None:
    """The reply, counted; after a refusal as long as it says."""
    reply = None
    with suppress(httpx.TransportError):
        reply = await ask()
    seen[f"{sort} {told(reply)}"] += 1
    if reply is None or reply.status_code >= 400:
        await asyncio.sleep(float(reply.headers.get("Retry-After", 1)) if reply is not None else 1)
    return reply


async def _upload(http: httpx.AsyncClient, files: list[int], seen: Counter[str]) -> None:
    """Files of one line without a blank, until all are taken."""
    text = "".join(random.Random(1).choices(string.ascii_letters, k=64 * 1024)).encode()
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="long.txt"\r\n\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=b"}

    async def form(number: int) -> AsyncIterator[bytes]:
        yield head + f"{number:08}".encode()
        for _ in range((LARGEST - 8) // len(text)):
            yield text
        yield b"\r\n--b--\r\n"

    while files:
        number = files.pop()
        reply = await _asked(
            seen,
            "upload",
            lambda number=number: http.post("/v1/documents", content=form(number), headers=kind),  # type: ignore[misc]
        )
        if reply is None or reply.status_code >= 400:
            files.append(number)


async def _stream(http: httpx.AsyncClient, number: int, seen: Counter[str]) -> None:
    """One answer after another piece by piece, by turns as a message and as a completion."""
    for count in itertools.count():
        if number % 2:
            path, accept = "/v1/messages", {"Accept": "text/event-stream"}
            customer = {"channel": "http", "address": f"streamed {number} {count}"}
            body: dict[str, object] = {"customer": customer, "text": "When are you open?"}
        else:
            path, accept = "/v1/chat/completions", {}
            body = {
                "model": "agent",
                "messages": [{"role": "user", "content": f"{number} {count}?"}],
                "stream": True,
            }
        await _asked(seen, "stream", lambda: http.post(path, json=body, headers=accept))  # noqa: B023


async def _send(
    http: httpx.AsyncClient, numbers: itertools.count[int], most: int, seen: Counter[str]
) -> None:
    """Messages that nobody waits for, each of a customer of its own."""
    for number in iter(lambda: next(numbers), most):
        if number > most:
            return
        customer = {"channel": "http", "address": f"flood {number}"}
        body = {"customer": customer, "text": "When are you open?", "wait": 0}
        await _asked(seen, "message", lambda: http.post("/v1/messages", json=body))  # noqa: B023


async def _idle(url: httpx.URL, seen: Counter[str]) -> None:
    """A connection on which nothing is said; another one when it is ended."""
    while True:
        try:
            reader, writer = await asyncio.open_connection(url.host, url.port)
        except OSError:
            seen["socket refused"] += 1
        else:
            try:
                with suppress(OSError):
                    await reader.read()
                seen["socket ended"] += 1
            finally:
                writer.transport.abort()
        await asyncio.sleep(1)
