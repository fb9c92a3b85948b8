"""The places in which files may lie, with a look behind the adapters: a folder, and a bucket of the double's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from infra.secret import Secret
from infra.storage.address import Keys, bucket_of
from infra.storage.blobs import Blobs
from infra.storage.folder import FolderBlobs
from infra.storage.s3 import S3Blobs
from tests.doubles.s3 import KEY, S3, SECRET, Object, s3_double

if TYPE_CHECKING:
    from obstore.store import RetryConfig

QUICK: RetryConfig = {
    "max_retries": 4,
    "retry_timeout": timedelta(seconds=2),
    "backoff": {
        "init_backoff": timedelta(milliseconds=1),
        "max_backoff": timedelta(milliseconds=5),
        "base": 2,
    },
}


class Place(Protocol):
    blobs: Blobs

    def stored(self) -> dict[str, bytes]:
        """All that lies there, whole or not, by its name below the deployment's place."""

    def change(self, name: str, content: bytes) -> None:
        """As somebody does who has no keys."""


@dataclass
class InFolder:
    folder: Path

    def __post_init__(self) -> None:
        self.blobs = FolderBlobs(self.folder)

    def stored(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file()
        }

    def change(self, name: str, content: bytes) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(content)


@dataclass
class InBucket:
    s3: S3
    folder: Path
    keys: Keys = Keys(Secret(KEY), Secret(SECRET))  # noqa: RUF009 - frozen
    prefix: str = "a/b"

    def __post_init__(self) -> None:
        self.blobs = self.at(self.s3.url(self.prefix))

    def at(self, url: str, keys: Keys | None = None) -> S3Blobs:
        return S3Blobs(bucket_of(url), keys or self.keys, self.folder, QUICK)

    def stored(self) -> dict[str, bytes]:
        on_its_way = {path.name: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        return on_its_way | {
            key.removeprefix(f"{self.prefix}/"): each.content for key, each in self.s3.objects.items()
        }

    def change(self, name: str, content: bytes) -> None:
        self.s3.objects[f"{self.prefix}/{name}"] = Object(content, datetime.now(UTC))


@dataclass
class InStore:
    """A bucket of a real store that may be emptied: RETRACE_TEST_S3 has its address, the environment its keys."""

    url: str
    folder: Path

    def __post_init__(self) -> None:
        self.blobs = S3Blobs(bucket_of(self.url).below(uuid4().hex), Keys(), self.folder)
        self._client = self.blobs._store

    def stored(self) -> dict[str, bytes]:
        paths = [meta["path"] for batch in self._client.list() for meta in batch]
        return {path: bytes(self._client.get(path).bytes()) for path in paths}

    def change(self, name: str, content: bytes) -> None:
        self._client.put(name, content)


@asynccontextmanager
async def in_bucket(folder: Path) -> AsyncIterator[InBucket]:
    async with s3_double() as s3:
        yield InBucket(s3, folder)
