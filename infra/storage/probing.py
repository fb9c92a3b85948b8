"""Whether a bucket will do: something is written, listed, read and removed again."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import msgspec

from domain.base.errors import NotFound
from infra.secret import Secret
from infra.storage.faults import FilesUnavailable
from infra.storage.opening import Given, bucket_at
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


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What `blobs_of` wants to know of settings."""

    data: Path
    files: str
    aws_access_key_id: Secret | None
    aws_secret_access_key: Secret | None
    aws_session_token: Secret | None


def probed_apart(given: Given) -> Probed:
    """In a process of its own, which alone loads the client. Its standard input has the keys."""
    asked = {name: getattr(given, name) for name in Asked.__struct_fields__}
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=msgspec.json.encode(asked, enc_hook=str),
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        check=True,
    )
    return msgspec.json.decode(done.stdout, type=Probed)


def _main() -> None:
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked, dec_hook=lambda kind, text: kind(text))
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(probe(bucket_at(asked)))))


async def _content() -> AsyncIterator[bytes]:
    yield CONTENT


def _odd(blobs: S3Blobs, what: str) -> str:
    return f"{blobs.place}: {what}: Retrace needs a store that shows at once what was written, as S3, MinIO, Ceph and R2 do"


if __name__ == "__main__":
    _main()
