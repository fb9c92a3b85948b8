"""Mirror: a tenant's sealed files are brought from one place to another, as they are."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from domain.base.errors import NotFound
from infra.storage.blobs import Blob, Blobs
from infra.storage.folder import FolderBlobs


@dataclass
class Brought:
    """How many files, and bytes, were copied; how many were there already; how many `more` are there that the source has not, or had until they were `removed`."""

    copied: int = 0
    size: int = 0
    there: int = 0
    more: int = 0
    removed: int = 0


@dataclass
class Mirror:
    """From `source` to `target`; what it has copied it knows again."""

    source: Blobs
    target: Blobs
    _seen: dict[tuple[UUID, str], str] = field(default_factory=dict)

    async def bring(self, tenant: UUID, *, remove: bool = True) -> Brought:
        """Up to date: what is new or other is copied, what is gone is removed, unless that is to stay. A file that goes meanwhile is as good as gone before."""
        done = Brought()
        there = {blob.name: blob async for blob in self.target.listed(tenant)}
        wanted: set[str] = set()
        async for blob in self.source.listed(tenant):
            wanted.add(blob.name)
            if self._same(tenant, blob, there.get(blob.name)):
                done.there += 1
            elif await self._copy(tenant, blob.name):
                done.copied, done.size = done.copied + 1, done.size + blob.size
            else:
                continue
            self._seen[tenant, blob.name] = blob.mark
        more = sorted(there.keys() - wanted)
        for name in more if remove else []:
            await self.target.remove(tenant, name)
            done.removed += 1
        done.more = len(more) - done.removed
        return done

    def _same(self, tenant: UUID, blob: Blob, copy: Blob | None) -> bool:
        if copy is None or copy.size != blob.size:
            return False
        if (seen := self._seen.get((tenant, blob.name))) is not None:
            return seen == blob.mark
        # Stores tell whole seconds. Where the clocks of two places differ a new file is copied once more.
        return int(copy.at) >= int(blob.at)

    async def _copy(self, tenant: UUID, name: str) -> bool:
        """False: it is gone at the source. Whatever the target lacks is raised."""
        if isinstance(self.source, FolderBlobs) and isinstance(self.target, FolderBlobs):
            return await self.target.take(tenant, name, self.source.home(tenant) / name)
        gone = False

        async def read() -> AsyncGenerator[bytes, None]:
            nonlocal gone
            try:
                async with aclosing(self.source.get(tenant, name)) as content:
                    async for data in content:
                        yield data
            except NotFound:
                gone = True
                raise

        try:
            async with aclosing(read()) as content:
                await self.target.put(tenant, name, content)
        except NotFound:
            if gone:
                return False
            raise
        return True


async def differences(source: Blobs, target: Blobs, tenant: UUID) -> AsyncIterator[str]:
    """Names of files that are not the same, byte by byte, in both."""
    names = {blob.name for place in (source, target) async for blob in place.listed(tenant)}
    for name in sorted(names):
        if await _digest(source, tenant, name) != await _digest(target, tenant, name):
            yield name


async def _digest(place: Blobs, tenant: UUID, name: str) -> bytes | None:
    digest = sha256()
    try:
        async with aclosing(place.get(tenant, name)) as content:
            async for data in content:
                digest.update(data)
    except NotFound:
        return None
    return digest.digest()
