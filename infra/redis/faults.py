"""What is wrong with a Redis that is not ours, in one sentence with the way out. Retrace goes on without it, a little slower."""

from __future__ import annotations

import ssl
from typing import Any

import redis.exceptions as told
from redis.asyncio import Redis

from infra.server_urls import ENCODE, place_of

OLDEST = (6, 2)
"""The oldest version that is tried."""


def trouble_of(error: BaseException, url: str) -> str:
    """Why it can't be asked, or has refused what was asked. Shows nothing of the password."""
    place = place_of(url)
    said = str(error).partition("\n")[0]
    if isinstance(error, told.AuthenticationError) or said.startswith(("NOAUTH", "WRONGPASS")):
        if "required" in said.lower() or said.startswith(("NOAUTH", "HELLO must be called")):
            return f"{place} wants a password: redis://:PASSWORD@host:port/0 in REDIS_URL; {ENCODE}"
        if "without any password" in said:
            return f"{place} has no password, and REDIS_URL gives one: leave it away"
        return f"{place} refuses user or password: mend REDIS_URL; {ENCODE}"
    if isinstance(error, told.NoPermissionError):
        return f"{place} lets this user not do what is needed: give it the commands and keys (ACL SETUSER … +@all ~*)"
    if isinstance(error, told.ReadOnlyError):
        return f"{place} is a replica, which can't be written: name the primary in REDIS_URL"
    if isinstance(error, told.OutOfMemoryError):
        return f"{place} is out of memory: raise maxmemory, or let it forget (maxmemory-policy allkeys-lru)"
    if isinstance(error, told.BusyLoadingError):
        return f"{place} is loading its data: wait for it"
    if isinstance(error, told.MaxConnectionsError) or "max number of clients" in said:
        return f"{place} has no connection left: end what holds them, or raise maxclients"
    if "DB index" in said:
        return f"{place} has no database of this number: mend the end of REDIS_URL (0 is always there)"
    if "DENIED" in said or "protected mode" in said:
        return f"{place} is in protected mode, for its own machine only: give it a password (requirepass)"
    if "unknown command" in said:
        return f"{place} does not know a command that is needed: Redis from {OLDEST[0]}.{OLDEST[1]} on, or Valkey"
    if "SSL" in said or _caused(error, ssl.SSLError):
        return f"{place} and this process do not agree on TLS: rediss:// is for TLS, redis:// for none; mend REDIS_URL or its certificates"
    if isinstance(error, (TimeoutError, told.TimeoutError)):
        tls = ", or it speaks no TLS, which rediss:// asks for" if url.startswith("rediss:") else ""
        return f"{place} does not answer in time: it is overloaded, or a firewall or a wrong address lies between{tls}"
    if "Connect call failed" in said or _caused(error, ConnectionRefusedError):
        return f"no Redis answers at {place} (connection refused): start it, or mend REDIS_URL"
    if "No such file" in said:
        return f"no Redis answers at the socket {place}: start it, or mend REDIS_URL"
    if "not known" in said or "getaddrinfo" in said or "resolution" in said:
        return f"the host of {place} is not known: mend REDIS_URL"
    if "closed by server" in said or "reset by peer" in said:
        return f"{place} ended the connection: perhaps it wants TLS (rediss:// in REDIS_URL), or is no Redis"
    if isinstance(error, told.InvalidResponse) or "Protocol Error" in said:
        return f"what answers at {place} is no Redis: mend REDIS_URL"
    return f"{place} can't be used ({type(error).__name__})"


def _caused(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False


async def unfit(client: Redis, url: str) -> str | None:
    """What is wrong with one that answers: its version, its role, its memory. None: nothing. Raises redis-py's errors."""
    place = place_of(url)
    await client.ping()
    try:
        found: dict[str, Any] = {}
        for section in ("server", "replication", "memory"):
            found |= await client.info(section)
    except told.NoPermissionError:  # it may well do all else
        return None
    version = tuple(
        int(part) for part in str(found.get("redis_version", "0")).split(".")[:2] if part.isdigit()
    )
    if version < OLDEST:
        return f"{place} is Redis {found.get('redis_version')}, which is too old: {OLDEST[0]}.{OLDEST[1]} or newer, or Valkey, is needed"
    if found.get("role") == "slave":
        return f"{place} is a replica, which can't be written: name the primary in REDIS_URL"
    most, used = int(found.get("maxmemory", 0)), int(found.get("used_memory", 0))
    if most and used >= most and found.get("maxmemory_policy") == "noeviction":
        return f"{place} is out of memory: raise maxmemory, or let it forget (maxmemory-policy allkeys-lru)"
    return None
