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
from infra.storage.address import bucket_of
from infra.storage.faults import FilesUnavailable
from infra.storage.opening import Given, bucket_at
from infra.storage.s3 import S3Blobs

HOME = "probe"
"""What its names begin with: no tenant's id, so that none is taken for one should it stay behind."""

CONTENT = b"Retrace looks whether it can write here."


class Probed(msgspec.Struct, frozen=True, kw_only=True):
    """`trouble`: what is wrong and the way out, None where nothing is; `lasting`: it does not pass by itself. `versions`: what is removed stays as an old version."""

    trouble: str | None = None
    lasting: bool = False
    versions: bool = False


async def probe(blobs: S3Blobs) -> Probed:
    """What was written goes again, whatever is found."""
    home = f"{HOME}/{uuid4()}"
    key = f"{home}/written"
    try:
        version = await blobs.put_at(key, _content())
        try:
            listed = [path async for path, _ in blobs.below(home)]
            read = b"".join([data async for data in blobs.get_at(key)])
        finally:
            await blobs.remove_at(key)
        left = [path async for path, _ in blobs.below(home)]
    except NotFound:
        return Probed(trouble=_odd(blobs, "what was written is not found"), lasting=True)
    except FilesUnavailable as error:
        return Probed(trouble=error.why, lasting=error.lasting)
    except OSError as error:
        why = f"{blobs.place}: nothing can be written below the data folder, where files lie on their way out"
        return Probed(trouble=f"{why} ({error.strerror})")
    if listed != [key] or read != CONTENT or left:
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
    """In a process of its own, which alone loads the client. Its standard input has the keys.

    It runs where this package lies, so the data folder is given to it as it is from here.
    """
    asked = {name: getattr(given, name) for name in Asked.__struct_fields__}
    asked["data"] = given.data.resolve()
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=msgspec.json.encode(asked, enc_hook=str),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what the client says may have keys in it
        cwd=Path(__file__).parents[2],
    )
    if done.returncode == 0:
        return msgspec.json.decode(done.stdout, type=Probed)
    where = bucket_of(given.files).place if given.files else "the bucket"
    return Probed(
        trouble=f"{where} could not be looked at (exit status {done.returncode}): `retrace doctor` looks again"
    )


def _main() -> None:
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked, dec_hook=lambda kind, text: kind(text))
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(probe(bucket_at(asked)))))


async def _content() -> AsyncIterator[bytes]:
    yield CONTENT


def _odd(blobs: S3Blobs, what: str) -> str:
    return f"{blobs.place}: {what}: Retrace needs a store that shows at once what was written, as S3, MinIO, Ceph and R2 do"


if __name__ == "__main__":
    _main()
