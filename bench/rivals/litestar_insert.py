"""A bare litestar route that does one insert a request: what a process can take in with the same framework and nothing of ours.

`python -m bench.rivals.litestar_insert PORT URL`.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from litestar import Litestar, Request, Response, get, post
from psycopg_pool import AsyncConnectionPool

from bench.rivals.pgbench import TABLE

INSERT = (
    "INSERT INTO public.plain_events (tenant, stream, version, topic, recorded_at, actor, correlation, payload, digest, hash) "
    "VALUES ('0190a000-0000-7000-8000-000000000001', gen_random_uuid(), 1, 'conversation.message_received', now(), 'key_abc', "
    "gen_random_uuid(), %s, decode(repeat('ab', 32), 'hex'), decode(repeat('cd', 32), 'hex'))"
)
CONNECTIONS = 10


def app(url: str) -> Litestar:
    pool = AsyncConnectionPool(url, min_size=CONNECTIONS, max_size=CONNECTIONS, open=False)

    @post("/webhooks/twilio/{tenant:str}", status_code=200)
    async def take(tenant: str, request: Request[Any, Any, Any]) -> Response[str]:
        body = await request.body()
        async with pool.connection() as connection:
            await connection.execute(INSERT, [body], prepare=True)
        return Response("<Response/>", media_type="text/xml")

    @get("/readyz")
    async def readyz() -> str:
        return "ok"

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with pool:
            async with pool.connection() as connection:
                await connection.execute(TABLE)
            yield

    return Litestar([take, readyz], lifespan=[lifespan], openapi_config=None, logging_config=None)


if __name__ == "__main__":
    uvicorn.run(
        app(sys.argv[2]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="error",
    )
