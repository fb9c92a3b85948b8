"""Whether a bucket will do: something is written, listed, read and removed again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import msgspec

from domain.base.errors import NotFound
from infra.storage.faults import FilesUnavailable
from infra.storage.s3 import S3Blobs

CONTENT = b"Retrace looks whether it can write here."


class Probed(msgspec.Struct, frozen=True, kw_only=True):
    """`trouble`: what is wrong and the way out, None where nothing is; `lasting`: it does not pass by itself. `versions`: what is removed stays as an old version."""

    trouble: str | None = None
    lasting: bool = False
    versions: bool = False


async def probe(blobs: S3Blobs) -> Probed:
    """Leaves nothing: what was written has no tenant's name, and goes again."""
    mark = uuid4()
    try:
        version = await blobs.put_at(f"{mark}/probe", _content())
        listed = [blob.name async for blob in blobs.listed(mark)]
        read = b"".join([data async for data in blobs.get(mark, "probe")])
        await blobs.remove_all(mark)
        left = [blob.name async for blob in blobs.listed(mark)]
    except NotFound:
        return Probed(trouble=_odd(blobs, "what was written is not found"), lasting=True)
    except FilesUnavailable as error:
        return Probed(trouble=error.why, lasting=error.lasting)
    if listed != ["probe"] or read != CONTENT or left:
        what = "what was written is not listed, read and removed as it should be"
        return Probed(trouble=_odd(blobs, what), lasting=True)
    return Probed(versions=version is not None)


def probed(blobs: S3Blobs) -> Probed:
    """The same, for a process that does nothing else."""
    return asyncio.run(probe(blobs))


async def _content() -> AsyncIterator[bytes]:
    yield CONTENT


def _odd(blobs: S3Blobs, what: str) -> str:
    return f"{blobs.place}: {what}: Retrace needs a store that shows at once what was written, as S3, MinIO, Ceph and R2 do"
