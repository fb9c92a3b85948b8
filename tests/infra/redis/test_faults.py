"""A Redis that is not ours and can't be used is told in one sentence with the way out, by real servers that refuse."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

import infra.redis.faults
from infra.embedded.process import end, spawn, wait_until
from infra.embedded.redis import binary
from infra.redis.connection import RedisConnection, RedisUnavailable
from infra.redis.faults import trouble_of, unfit

PASSWORD = "pa%2Fss%40w"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def redis_with(folder: Path, *options: str) -> Iterator[int]:
    """A server's port."""
    server, port = binary(), free_port()
    assert server is not None
    command = [
        server,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        str(folder),
        *options,
    ]
    process = spawn(command, log=folder / "redis.log")
    try:
        assert wait_until(lambda: answers(port), process, 15)
        yield port
    finally:
        end(process, 15)


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


async def told(url: str) -> str | None:
    client = Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=2, socket_timeout=2)
    try:
        return await unfit(client, url)
    except (RedisError, OSError) as error:
        return trouble_of(error, url)
    finally:
        await client.aclose()


async def test_one_with_a_password_says_what_is_missing(tmp_path: Path) -> None:
    with redis_with(tmp_path, "--requirepass", "pa/ss@w") as port:
        assert await told(f"redis://:{PASSWORD}@127.0.0.1:{port}/0") is None
        none = await told(f"redis://127.0.0.1:{port}/0")
        wrong = await told(f"redis://:canary@127.0.0.1:{port}/0")
        number = await told(f"redis://:{PASSWORD}@127.0.0.1:{port}/99")
    assert none is not None
    assert none.startswith(
        f"redis://127.0.0.1:{port}/0 wants a password: redis://:PASSWORD@host:port/0 in REDIS_URL"
    )
    assert wrong is not None
    assert "refuses user or password: mend REDIS_URL; in an address's password / is written %2F" in wrong
    assert "canary" not in wrong
    assert (
        number
        == f"redis://127.0.0.1:{port}/99 has no database of this number: mend the end of REDIS_URL (0 is always there)"
    )


async def test_a_replica_and_one_without_memory_or_room_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with redis_with(tmp_path, "--replicaof", f"127.0.0.1 {free_port()}") as port:
        assert "is a replica, which can't be written: name the primary" in str(
            await told(f"redis://127.0.0.1:{port}")
        )
    with redis_with(tmp_path, "--maxmemory", "1", "--maxmemory-policy", "noeviction") as port:
        assert "is out of memory: raise maxmemory, or let it forget" in str(
            await told(f"redis://127.0.0.1:{port}")
        )
        async with RedisConnection(f"redis://127.0.0.1:{port}") as reach:
            with pytest.raises(RedisUnavailable, match="is out of memory: raise maxmemory"):
                await reach.ask(lambda redis: redis.set("key", "value"))
    with redis_with(tmp_path) as port:
        async with Redis.from_url(f"redis://127.0.0.1:{port}") as first:
            await first.config_set("maxclients", 1)
            assert "has no connection left" in str(await told(f"redis://127.0.0.1:{port}"))
            monkeypatch.setattr(infra.redis.faults, "OLDEST", (99, 0))
            assert "which is too old: 99.0 or newer, or Valkey, is needed" in str(
                await unfit(first, "redis://r")
            )


async def test_what_is_away_or_something_else_is_told(tmp_path: Path) -> None:
    port = free_port()
    gone = await told(f"redis://127.0.0.1:{port}/0")
    assert (
        gone
        == f"no Redis answers at redis://127.0.0.1:{port}/0 (connection refused): start it, or mend REDIS_URL"
    )
    assert "no Redis answers at the socket" in str(await told(f"unix://{tmp_path}/none"))
    assert "the host of redis://no-such.invalid:1 is not known" in str(
        await told("redis://no-such.invalid:1")
    )
    with socket.create_server(("127.0.0.1", 0)) as other:
        thread = threading.Thread(target=talk, args=[other], daemon=True)
        thread.start()
        port = other.getsockname()[1]
        assert "is no Redis: mend REDIS_URL" in str(await told(f"redis://127.0.0.1:{port}"))
        assert "do not agree on TLS: rediss:// is for TLS" in str(await told(f"rediss://127.0.0.1:{port}"))


def talk(other: socket.socket) -> None:
    """As a web server answers what it does not understand."""
    for _ in range(2):
        connection, _ = other.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
