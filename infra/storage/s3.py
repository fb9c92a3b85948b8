"""Blobs in a bucket of an S3-compatible object store, by the client obstore. Implements `infra.storage.blobs.Blobs`.

Each is put by one request, which the store takes whole or not at all: nothing is ever left half, whoever dies. The tenant's id is the first part of a key, below the prefix.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import suppress
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING
from uuid import UUID

from application.base.tasks import run_together
from domain.base.errors import NotFound
from infra.spool import PIECE
from infra.storage.address import Bucket, Keys
from infra.storage.blobs import Blob
from infra.storage.faults import Gone, explained

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config, S3Store

SMALL = 2 * PIECE
"""Bytes that are held in memory while they come; more goes into a file without a name. All of it is sealed already."""

AT_ONCE = 4
"""Larger ones that are on their way to the store at once, whole in memory."""

REMOVED = 16
"""Removals at once."""

RETRIES: RetryConfig = {
    "max_retries": 6,
    "retry_timeout": timedelta(seconds=20),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=5), "base": 2},
}
"""Of a request that was throttled (503 SlowDown) or got no answer: all of them are safe to repeat."""


class S3Blobs:
    """`folder`: for what is on its way out. The client is loaded when it is needed first, in the process that needs it: it has threads, which a fork does not take along."""

    def __init__(self, bucket: Bucket, keys: Keys, folder: Path, retries: RetryConfig = RETRIES) -> None:
        self.bucket = bucket
        self._keys, self._folder, self._retries = keys, folder, retries
        self._turn = asyncio.Semaphore(AT_ONCE)

    @property
    def place(self) -> str:
        return self.bucket.place

    @cached_property
    def _store(self) -> S3Store:
        from obstore.store import S3Store

        bucket = self.bucket
        config: S3Config = {"disable_bulk_delete": True}  # not every store has it
        if bucket.endpoint is not None:
            config["endpoint"] = bucket.endpoint
        if bucket.region is not None:
            config["region"] = bucket.region
        if self._keys.id is not None and self._keys.secret is not None:
            config |= {"access_key_id": str(self._keys.id), "secret_access_key": str(self._keys.secret)}
        if self._keys.token is not None:
            config["session_token"] = str(self._keys.token)
        options: ClientConfig = {
            "allow_http": (bucket.endpoint or "").startswith("http://"),
            "default_content_type": "application/octet-stream",
            "connect_timeout": timedelta(seconds=5),
            "read_timeout": timedelta(seconds=60),
            "timeout": timedelta(hours=2),  # whoever downloads may be slow
        }
        with explained(self.place):
            return S3Store(
                bucket.name,
                prefix=bucket.prefix or None,
                config=config,
                client_options=options,
                retry_config=self._retries,
            )

    async def put(self, tenant: UUID, name: str, content: AsyncIterable[bytes]) -> None:
        await self.put_at(f"{tenant}/{name}", content)

    async def put_at(self, key: str, content: AsyncIterable[bytes]) -> str | None:
        """Under any key; the version that the store made of it, if it keeps versions."""
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True, mode=0o700)
        with SpooledTemporaryFile(max_size=SMALL, dir=str(self._folder)) as file:
            size = 0
            async for data in content:
                size += len(data)
                await asyncio.to_thread(file.write, data)
            file.seek(0)
            if size <= SMALL:
                return await self._put(key, file.read())
            async with self._turn:
                return await self._put(key, await asyncio.to_thread(file.read))

    async def _put(self, key: str, data: bytes) -> str | None:
        from obstore import put_async

        try:
            with explained(self.place):
                made = await put_async(self._store, key, data, use_multipart=False)
        except Gone:
            raise NotFound("there is no place for this file") from None
        return made["version"]

    def get(self, tenant: UUID, name: str) -> AsyncGenerator[bytes, None]:
        return self.get_at(f"{tenant}/{name}")

    async def get_at(self, key: str) -> AsyncGenerator[bytes, None]:
        """As `get`, under any key."""
        from obstore import get_async

        try:
            with explained(self.place):
                found = await get_async(self._store, key)
                async for data in found.stream(min_chunk_size=PIECE):
                    yield bytes(data)
        except Gone:
            raise NotFound("the content of this file is gone") from None

    async def remove(self, tenant: UUID, name: str) -> None:
        await self.remove_at(f"{tenant}/{name}")
        await self._remove_below(f"{tenant}/{name}")

    async def remove_at(self, key: str) -> None:
        """Any key alone, without what lies below it."""
        await self._remove([key])

    async def remove_all(self, tenant: UUID) -> None:
        await self._remove_below(str(tenant))

    async def listed(self, tenant: UUID) -> AsyncIterator[Blob]:
        async for path, blob in self.below(str(tenant)):
            yield Blob(name=path.removeprefix(f"{tenant}/"), size=blob.size, at=blob.at, mark=blob.mark)

    async def tenants(self) -> list[UUID]:
        from obstore import list_with_delimiter_async

        with explained(self.place):
            found = await list_with_delimiter_async(self._store)
        ids = []
        for prefix in found["common_prefixes"]:
            with suppress(ValueError):
                ids.append(UUID(prefix.strip("/")))
        return ids

    async def below(self, prefix: str) -> AsyncIterator[tuple[str, Blob]]:
        """Path below the deployment's prefix, and what lies there."""
        import obstore

        with explained(self.place):
            async for batch in obstore.list(self._store, prefix, chunk_size=1000):
                for meta in batch:
                    path, at = meta["path"], meta["last_modified"].timestamp()
                    yield path, Blob(name=path, size=meta["size"], at=at, mark=meta["e_tag"] or str(at))

    async def _remove_below(self, prefix: str) -> None:
        paths: list[str] = []
        async for path, _ in self.below(prefix):
            paths.append(path)
            if len(paths) == REMOVED:
                await self._remove(paths)
                paths = []
        await self._remove(paths)

    async def _remove(self, paths: list[str]) -> None:
        from obstore import delete_async

        async def one(path: str) -> None:
            with suppress(Gone), explained(self.place):
                await delete_async(self._store, path)

        if paths:
            await run_together(*map(one, paths))
