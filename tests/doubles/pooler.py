"""A pooler between a client and PostgreSQL, as far as the start of a session: it drops startup options, or logs in as it pleases.

It speaks the protocol's version 3 (PostgreSQL's documentation, chapter 54): of what a client sends only the first message is changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

DROPPED = {"options", "application_name", "search_path", "client_encoding"}
"""What PgBouncer and others take out of a client's first message, or ignore."""


@dataclass
class Pooler:
    """`user`: with which it logs in instead of the client's own."""

    port: int = 0
    user: str | None = None
    sessions: int = 0


@asynccontextmanager
async def pooling(sockets: str) -> AsyncIterator[Pooler]:
    """In front of the server whose socket lies in that folder."""
    pooler = Pooler()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(4), "big")
        version, *words = await reader.readexactly(4), *(await reader.readexactly(size - 8)).split(b"\0")
        if version != b"\0\3\0\0":  # it asks for TLS
            writer.write(b"N")
            await serve(reader, writer)
            return
        facts = dict(zip(words[0::2], words[1::2], strict=False))
        facts = {name: value for name, value in facts.items() if name and name.decode() not in DROPPED}
        if pooler.user is not None:
            facts[b"user"] = pooler.user.encode()
        message = version + b"".join(b"%s\0%s\0" % fact for fact in facts.items()) + b"\0"
        pooler.sessions += 1
        there, back = await asyncio.open_unix_connection(f"{sockets}/.s.PGSQL.5432")
        back.write((len(message) + 4).to_bytes(4, "big") + message)
        await asyncio.gather(_pass(reader, back), _pass(there, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    pooler.port = server.sockets[0].getsockname()[1]
    try:
        yield pooler
    finally:
        server.close()


async def _pass(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(2**16):
            target.write(data)
            await target.drain()
    target.close()
