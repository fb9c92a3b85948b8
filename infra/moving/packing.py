"""Export: a tenant's rows and files as of one moment, into a folder. Where it is closed for that, nobody writes from that moment on."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from psycopg import sql

from domain.base.errors import Erased, Invalid, NotFound, Refused
from infra.audit.checkpoints import Checkpoints
from infra.backup.manifest import Held, held
from infra.backup.steps import Step, silent
from infra.crypto.wrapping import Masters
from infra.master_key import SIZE
from infra.moving import fence, parcel
from infra.moving.alone import alone
from infra.moving.files import ParcelFiles
from infra.moving.keys import keys_of
from infra.moving.parcel import Key, Parcel, Table
from infra.moving.receiver import seal_for
from infra.moving.shapes import shape_of
from infra.moving.side import Side
from infra.moving.sweep import sweep
from infra.moving.tables import CARRIED, KEYS, WORK
from infra.storage.mirroring import Mirror

BUFFER = 1 << 20
"""Bytes that are written at once."""


async def pack(
    tenant: UUID,
    source: Side,
    folder: Path,
    receiver: str,
    checkpoints: Checkpoints,
    *,
    place: str | None = None,
    tell: Step = silent,
) -> tuple[Parcel, bytes]:
    """Into a new folder, while the tenant is used; returns the manifest, and as it is written.

    `place`: the tenant is closed for writing first, and stays so until `hand_over` or `reopen`; it is what callers are told of the new place after
    that. None: a copy, nothing changes here. Raises NotFound, Refused, Invalid, CanNotSign, MasterKeyMissing.
    """
    id, secret = uuid4(), os.urandom(SIZE)
    sealed = seal_for(receiver, secret, parcel.about(tenant, id))
    async with alone(source, tenant):
        await _check(source, tenant)
        _begin(folder)
        if place is not None:
            await fence.close_for_export(source, tenant, id, place)
        try:
            return await _pack(
                tenant, source, folder, checkpoints, (id, receiver, sealed, secret), place is not None, tell
            )
        except BaseException:
            if place is not None:
                await fence.reopen(source, tenant, id)
            raise


async def hand_over(tenant: UUID, source: Side) -> None:
    """The tenant, closed for an export that is imported by now, is not here any more. Raises Refused, NotFound."""
    async with alone(source, tenant):
        state, _, _ = await fence.state_of(source, tenant)
        if state != "moved" or not await fence.is_left(source, tenant):  # else it was cut off, and goes on
            id = await _exported(source, tenant)
            if not await fence.hand_over(source, tenant, id):
                raise Refused(
                    f"tenant {tenant} is open for writing: what was exported is stale, export it again"
                )
        await sweep(source, tenant, whole=False)
        await fence.swept(source, tenant)


async def reopen(tenant: UUID, source: Side) -> None:
    """Take an export back before it was handed over: the tenant goes on here. Raises NotFound."""
    async with alone(source, tenant):
        await fence.reopen(source, tenant, await _exported(source, tenant))


async def _pack(
    tenant: UUID,
    source: Side,
    folder: Path,
    checkpoints: Checkpoints,
    sealing: tuple[UUID, str, bytes, bytes],
    closed: bool,
    tell: Step,
) -> tuple[Parcel, bytes]:
    id, receiver, sealed, secret = sealing
    tell("signing the log")
    try:
        await checkpoints.make(tenant)
    except Erased:
        raise Refused(f"tenant {tenant} was erased: there is nothing left to export") from None
    tell("copying files")
    # A file is written before its event, and deleted after it: so once before that moment, and once more after it.
    files = Mirror(source.files, ParcelFiles(folder / parcel.FILES))
    await files.bring(tenant)
    (folder / parcel.TABLES).mkdir(mode=0o700)
    tables = {}
    async with source.transaction() as connection:
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        end = await source.one(fence.END, [tenant])
        await files.bring(tenant, remove=False)
        for table in (*KEYS, *CARRIED, WORK, "events"):
            tell(f"copying {table}")
            tables[table] = await _table(source, tenant, table, folder / parcel.TABLES / table)
    keys = await keys_of(source, tenant, Masters(secret))
    tell("hashing files")
    made = Parcel(
        format=parcel.FORMAT,
        id=id,
        tenant=tenant,
        made_at=datetime.now(UTC),
        closed=closed,
        schema=await source.schema(),
        receiver=receiver.strip(),
        secret=sealed,
        keys=[Key(generation=number, wrapped=wrapped, created_at=at) for number, wrapped, at in keys],
        head=end[0],
        hash=end[1],
        key=await checkpoints.verifier_key(tenant),
        tables=tables,
        held=await asyncio.to_thread(_held, folder),
    )
    manifest = parcel.encoded(made)
    note = await checkpoints.attest(tenant, parcel.statement(manifest))
    await asyncio.to_thread(parcel.write, folder, manifest, note)
    return made, manifest


async def _table(source: Side, tenant: UUID, table: str, path: Path) -> Table:
    await source.become_owner_of(table)
    shape = await shape_of(source, table)
    order = sql.SQL(" ORDER BY seq") if table == "events" else sql.SQL("")
    read = sql.SQL("COPY (SELECT {} FROM {} WHERE tenant = {}{}) TO STDOUT (FORMAT binary)").format(
        shape.named(), sql.Identifier(table), tenant, order
    )
    cursor = source.connection.cursor()
    with path.open("xb", buffering=BUFFER) as file:
        async with cursor.copy(read) as out:
            async for data in out:  # a row
                file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return Table(columns=shape.columns, rows=cursor.rowcount)


def _held(folder: Path) -> list[Held]:
    return [held(folder, path) for path in sorted(folder.rglob("*")) if path.is_file()]


async def _check(source: Side, tenant: UUID) -> None:
    if not await fence.is_there(source, tenant):
        raise NotFound(f"there is no tenant {tenant} here; `retrace tenant list` shows them all")
    state, _, place = await fence.state_of(source, tenant)
    if state == "moved":
        raise Refused(f"tenant {tenant} has moved to {place} already: export it there")
    if state in ("leaving", "arriving"):
        raise Refused(
            f"tenant {tenant} is on its way ({state}, {place}): finish that first, or take it back with --abandon"
        )


def _begin(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Invalid(f"{folder} is not empty; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


async def _exported(source: Side, tenant: UUID) -> UUID:
    state, id, place = await fence.state_of(source, tenant)
    if state == "moved":
        raise Refused(f"tenant {tenant} was handed over to {place} already")
    if state != "leaving" or id is None or not await fence.is_exported(source, tenant):
        raise NotFound(f"tenant {tenant} is not closed for an export")
    return id
