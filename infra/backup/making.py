"""A consistent copy of a deployment while it runs: its database as of one moment, and its files.

A file is written before the event that speaks of it and deleted after the event that says so. So files are copied before that
moment, for those that are deleted after it, and again right after it, for those that were added just before. What is left open: a
document that was both added and deleted within the seconds between the two. Files that no event speaks of do no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg

from domain.base.errors import Invalid
from infra.audit.checkpoints import CanNotSign, Checkpoints
from infra.backup.dump import dump
from infra.backup.manifest import DATABASE, FILES, FORMAT, Held, Manifest, Mark, held, write
from infra.backup.steps import Step, silent
from infra.crypto.rotating import Rotator
from infra.postgres.citus import on_citus
from infra.storage.blobs import Blobs
from infra.storage.folder import FolderBlobs
from infra.storage.mirroring import Mirror


async def make(
    folder: Path,
    *,
    url: str,
    files: Blobs,
    tenants: Sequence[UUID],
    checkpoints: Checkpoints,
    rotator: Rotator,
    tell: Step = silent,
) -> tuple[Manifest, list[str]]:
    """Into a new folder. The second value: tenants' logs that could not be signed, and why.

    `url` is that of `migrate`. Raises Invalid, MasterKeyMissing, DumpFailed.
    """
    _begin(folder)
    marks, doubts, masters = [], [], set[str]()
    for number, tenant in enumerate(tenants):
        tell("signing logs", number, len(tenants))
        mark, doubt = await _marked(tenant, checkpoints)
        marks += [mark] if mark else []
        doubts += [doubt] if doubt else []
        for key in await rotator.generations(tenant):
            masters |= {key.master} if key.master else set()
    tell("copying files")
    mirror = Mirror(files, FolderBlobs(folder / FILES))
    await _copy(mirror)
    async with _moment(url) as (snapshot, roles):
        await _copy(mirror)
        tell("copying the database")
        await dump(url, folder / DATABASE, snapshot)
    manifest = Manifest(
        format=FORMAT,
        made_at=datetime.now(UTC),
        masters=sorted(masters),
        roles=roles,
        tenants=marks,
        held=await asyncio.to_thread(_held, folder, tell),
    )
    write(folder, manifest)
    return manifest, doubts


@asynccontextmanager
async def _moment(url: str) -> AsyncIterator[tuple[str, list[str]]]:
    """The database as it is now: a snapshot that `dump` takes while this is open, and the roles."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        if await on_citus(connection):
            raise Invalid(
                "the rows of a Citus lie on several servers: back the servers up themselves (docs/citus.md)"
            )
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        query = (
            "SELECT pg_export_snapshot(), array(SELECT rolname::text FROM pg_roles "
            "WHERE rolname ~ '^retrace_[a-z]+$' ORDER BY 1)"
        )
        row = await (await connection.execute(query)).fetchone()
        assert row is not None
        yield row[0], row[1]


def _begin(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise Invalid(f"{folder} is not empty; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def _held(folder: Path, tell: Step) -> list[Held]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    found: list[Held] = []
    for path in paths:
        tell("hashing files", len(found), len(paths))
        found.append(held(folder, path))
    return found


async def _marked(tenant: UUID, checkpoints: Checkpoints) -> tuple[Mark | None, str | None]:
    """Signed as it stands; a log that can't be signed is copied all the same, with the last note that there is."""
    doubt = None
    try:
        signed = await checkpoints.make(tenant)
    except CanNotSign as error:
        signed = next(reversed(await checkpoints.all(tenant)), None)
        doubt = f"tenant {tenant}: {error}"
    if signed is None:
        return None, doubt
    return Mark(tenant=tenant, note=signed.note, key=await checkpoints.verifier_key(tenant)), doubt


async def _copy(mirror: Mirror) -> None:
    """Of all tenants, what is not there yet."""
    for tenant in await mirror.source.tenants():
        await mirror.bring(tenant, remove=False)
