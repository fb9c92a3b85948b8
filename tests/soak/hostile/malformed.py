"""Requests that are none: broken JSON, headers, paths, forms, and bytes that are no HTTP."""

from __future__ import annotations

import random
from collections.abc import Callable

from interfaces.http import EXAMPLES
from tests.soak.hostile.client import Client
from tests.soak.hostile.sockets import talk
from tests.soak.hostile.world import filled

BODIES: tuple[Callable[[random.Random], bytes], ...] = (
    lambda chance: b"",
    lambda chance: b"{" * chance.randrange(1, 100_000),
    lambda chance: b"[" * 50_000 + b"]" * 50_000,
    lambda chance: b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    lambda chance: chance.randbytes(chance.randrange(1, 3000)),
    lambda chance: b'{"text": "\\ud800", "customer": {"channel": "http", "address": "a"}}',
    lambda chance: b'{"text": "\\u0000", "customer": {"channel": "http", "address": "\\u0000"}}',
    lambda chance: b'{"wait": 1e999}',
    lambda chance: b'{"limit": ' + b"9" * 5000 + b"}",
    lambda chance: "\ufeff{}".encode(),
    lambda chance: b"null",
    lambda chance: b'{"name": "' + b"x" * 300_000 + b'"}',
)
PATHS = (
    "/v1/%00",
    "/v1/interactions/%2e%2e%2f%2e%2e",
    "/v1/models/" + "a/" * 500,
    "/v1/documents/%F0%28%8C%28",
    "/v1/conversations?cursor=" + "A" * 4000,
    "/v1/conversations?limit=99999999999999999999",
    "/v1/audit/events?since=9999-12-31T23:59:59Z&until=0001-01-01T00:00:00Z",
    "/v1/audit/events?after=-1",
    "/v1/providers/usage?from=nan",
    "/problems/%0d%0aSet-Cookie:%20a=b",
    "//v1//messages",
    "/v1/messages/",
)
LINES = (
    b"GET / HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01",
    b"GET /v1/conversations HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: [\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\nRetrace-Position: \xff\r\nX-Request-ID: \x01\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"BREW /v1/messages HTTP/1.1\r\nHost: a\r\n\r\n",
)
HEADERS = (
    ("Content-Type", "application/json; charset=utf-16"),
    ("Content-Type", "multipart/form-data"),
    ("Content-Type", "multipart/form-data; boundary=" + "x" * 300),
    ("If-Match", 'W/"' + "9" * 400 + '"'),
    ("Retrace-Position", "9" * 40),
    ("X-Request-ID", "no uuid"),
    ("Idempotency-Key", "\u00fc" * 100),
    ("Accept", ",;q=nan,*/*;q=1e9"),
    ("Last-Event-ID", "-1"),
    ("Traceparent", "00-" + "g" * 32 + "-0-zz"),
)


async def with_nonsense(client: Client) -> None:
    sort = client.chance.randrange(3)
    if sort == 0:
        await talk(client, client.chance.choice(LINES), within=3)
    elif sort == 1:
        await client.ask("GET", client.chance.choice(PATHS), client.villain())
    else:
        name, value = client.chance.choice(HEADERS)
        method, path = client.chance.choice([*EXAMPLES])
        headers = [(name, value)]
        if name != "Content-Type":
            headers.append(("Content-Type", "application/json"))
        body = client.chance.choice(BODIES)(client.chance)
        ids = {**client.world.honest[0].ids}
        await client.ask(method.upper(), filled(path, ids), client.villain(), headers=headers, content=body)
    await client.pause(0.3)
