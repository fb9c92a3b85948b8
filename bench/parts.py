"""The log put together as the roles do it, and messages to put into it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.tenancy.rate_limits import LIMITS
from infra.crypto.keyring import Keyring
from infra.log.appender import Appender
from infra.log.nodes import appender_of
from infra.log.reader import Reader
from infra.log.snapshots import Snapshots
from infra.log.store import LogStore
from infra.postgres.cell import Cell
from infra.postgres.database import Database
from infra.redis.wakeups import Hints

MASTER = bytes(range(32))
"""Key of the benches' throw-away databases."""

UNLIMITED: dict[str, Any] = dict.fromkeys((f"rate_{name}" for name in LIMITS), 0)
"""Settings for benches that come quicker than any tenant may."""

WORDS = [
    "my",
    "parcel",
    "from",
    "last",
    "week",
    "has",
    "not",
    "come",
    "yet",
    "and",
    "the",
    "tent",
    "that",
    "I",
    "ordered",
    "for",
    "our",
    "trip",
    "is",
    "still",
    "missing",
    "a",
    "pole",
]


@dataclass(frozen=True)
class Log:
    database: Database
    keyring: Keyring
    appender: Appender
    reader: Reader
    store: LogStore


@asynccontextmanager
async def opened(url: str, hints: Hints | None = None) -> AsyncIterator[Log]:
    cell = Cell(url, MASTER)
    async with Database(cell) as database, appender_of(cell) as appender:
        keyring = Keyring(database, MASTER)
        reader = Reader(database, keyring)
        store = LogStore(appender, reader, Snapshots(database, keyring), keyring, hints or Hints())
        yield Log(database, keyring, appender, reader, store)


def now() -> datetime:
    return datetime.now(UTC)


def message(length: int = 200) -> str:
    """A customer's message of so many characters."""
    words: list[str] = []
    while sum(map(len, words)) + len(words) < length + 1:
        words.append(random.choice(WORDS))
    return " ".join(words)[:length].ljust(length, ".")
