"""Nothing personal stands in clear: not in any table, not in what the planner knows of them, not in Redis."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import psycopg
import redis

from infra.embedded import Servers
from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import Customer, settled

CANARY = "quetzalcoatl"
CONTENT = f"{CANARY} Rules\n\nThe {CANARY} is open from nine to five.\n".encode()
DIGEST = hashlib.sha256(CONTENT).digest()
FORBIDDEN = {
    "the text": CANARY.encode(),
    "its base64": base64.b64encode(CANARY.encode() * 3)[4:-4],
    "a hash of the content": DIGEST,
    "a hash of the content, hexadecimal": DIGEST.hex().encode(),
    "a hash of the text": hashlib.sha256(CANARY.encode()).digest(),
    "a hash of the text, hexadecimal": hashlib.sha256(CANARY.encode()).hexdigest().encode(),
}


def rows(database_url: str) -> Iterator[tuple[str, bytes]]:
    """Every row of every table of ours, and what ANALYZE has found out about it: as text, and with its bytes."""
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute("ANALYZE")
        query = (
            "SELECT oid::regclass::text FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace::regnamespace::text LIKE 'retrace%'"
        )
        tables = [name for (name,) in superuser.execute(query).fetchall()]
        assert len(tables) > 20
        for table in tables:
            for row in superuser.execute(f"SELECT * FROM {table}".encode()):
                yield table, b"\x00".join(map(bytes_of, row))
        statistics = "SELECT tablename || '.' || attname, pg_stats::text FROM pg_stats WHERE schemaname LIKE 'retrace%'"
        for column, text in superuser.execute(statistics.encode()):
            yield f"statistics of {column}", text.encode()


def bytes_of(value: Any) -> bytes:
    return bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()


def kept(url: str) -> Iterator[tuple[str, bytes]]:
    """Every key of Redis with its value."""
    client: Any = redis.Redis.from_url(url)
    readers: dict[bytes, Any] = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        b"stream": client.xrange,
    }
    for key in client.scan_iter():
        if (read := readers.get(client.type(key))) is not None:
            value = read(key)
            yield "redis", key + b"\x00" + (value if isinstance(value, bytes) else repr(value).encode())
    client.close()


async def test_no_personal_text_and_no_hash_that_could_be_guessed_at_stands_in_clear(
    ours: Customer, parts: Services, database_url: str, servers: Servers
) -> None:
    made = await ours.http.post(
        "/v1/documents",
        files={"file": (f"{CANARY}.txt", CONTENT)},
        headers={"Idempotency-Key": f"upload by {CANARY}"},
    )
    shown = await settled(ours, made.headers["Location"])
    assert (shown["name"], shown["status"]) == (f"{CANARY}.txt", "completed")
    broken = await ours.http.post(
        "/v1/documents", files={"file": (f"broken {CANARY}.pdf", b"%PDF-1.7 " + CANARY.encode())}
    )
    assert (await settled(ours, broken.headers["Location"]))["reason"]
    answer = await ours.http.post(
        "/v1/messages",
        json={
            "customer": {"channel": "http", "address": f"{CANARY}@example.com", "name": CANARY},
            "text": f"When is the {CANARY} open?",
            "message_id": f"message-{CANARY}",
            "wait": 30,
        },
        headers={"Idempotency-Key": CANARY},
    )
    assert CANARY in answer.json()["text"], answer.text
    conversation = answer.json()["conversation"]
    for path, body in {
        "/v1/search": {"query": f"the {CANARY}", "limit": 3},
        f"/v1/conversations/{conversation}/close": {"reason": f"{CANARY} is content"},
        "/v1/audit/wrote": {"text": answer.json()["text"]},
        "/v1/chat/completions": {
            "model": "agent",
            "messages": [{"role": "user", "content": f"When is the {CANARY} open?"}],
            "user": CANARY,
        },
    }.items():
        reply = await ours.http.post(path, json=body, headers={"Idempotency-Key": f"{CANARY} {path}"})
        assert reply.status_code < 300, (path, reply.text)
    seen = {"Retrace-Position": str(await parts.reads.head(ours.tenant))}
    listed = (await ours.http.get("/v1/documents", headers=seen)).json()["items"]
    assert {item["name"] for item in listed} == {f"{CANARY}.txt", f"broken {CANARY}.pdf"}
    found = {
        (place, what)
        for place, data in (*rows(database_url), *(kept(servers.redis_url) if servers.redis_url else ()))
        for what, forbidden in FORBIDDEN.items()
        if forbidden in data
    }
    assert found == set()
