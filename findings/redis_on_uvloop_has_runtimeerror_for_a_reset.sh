#!/usr/bin/env bash
# redis 8.1.0 (redis.asyncio) on uvloop 0.23.0: a pooled connection that the other side has reset (RST, as a firewall, a load balancer or a
# host that died leaves it) while nobody used it. On asyncio's own loop the next command connects again and is answered. On uvloop it raises
# RuntimeError ("unable to perform operation on <TCPTransport closed=True ...>; the handler is closed"): the write raises what is neither
# OSError nor RedisError, so redis-py's retries do not count it. The command after that one is answered. With its pool it is the same.
# A plain close (FIN) shows nothing of it on either loop, which is what CLIENT KILL, and most tests, make.
# Why it matters: code that guards calls to a cache by RedisError and OSError lets this one through, as a failed request or a task that dies.
# Seen: "asyncio: answered", "uvloop: RuntimeError".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check redis==8.1.0 uvloop==0.23.0 2>"$folder/pip.log" || { cat "$folder/pip.log"; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import socket
import struct
import sys
from contextlib import suppress

import uvloop
from redis.asyncio import Redis

there: set[asyncio.StreamWriter] = set()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As much of Redis as a client without a handshake asks for: each command in one piece."""
    there.add(writer)
    with suppress(ConnectionError):
        while await reader.read(4096):
            writer.write(b"+PONG\r\n")


async def main() -> str:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with Redis(port=port, protocol=2, driver_info=None, single_connection_client=True) as client:
        await client.ping()
        writer = there.pop()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        await asyncio.sleep(0.05)
        try:
            return "answered" if await client.ping() else "no answer"
        except Exception as error:
            return type(error).__name__
        finally:
            for writer in {*there}:
                there.remove(writer)
                writer.close()


seen = {"asyncio": asyncio.run(main()), "uvloop": uvloop.run(main())}
for loop, what in seen.items():
    print(f"{loop}: {what}")
sys.exit(0 if seen == {"asyncio": "answered", "uvloop": "RuntimeError"} else 1)
PYTHON
