"""Import: a tenant comes out of a folder, closed until all of it is proved. Cut off anywhere, the same command begins anew; a tenant that is there is never touched."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from psycopg import sql

from application.ports import Fault
from domain.base.errors import Invalid, Refused
from infra.backup.steps import Step, silent
from infra.crypto.wrapping import Masters, Tampered
from infra.moving import fence, parcel
from infra.moving.alone import alone
from infra.moving.files import ParcelFiles
from infra.moving.keys import put_keys
from infra.moving.parcel import Parcel
from infra.moving.receiver import open_from
from infra.moving.shapes import shape_of
from infra.moving.side import Side, check_files, other_schema
from infra.moving.sweep import sweep
from infra.moving.tables import ASLEEP, CARRIED, KEYS, WORK
from infra.storage.mirroring import Mirror

FROM = "the export of "
"""What the fence says where a tenant comes from."""

Prove = Callable[[Parcel, str], Awaitable[list[str]]]
"""What speaks against what has been put there, with the signature of the manifest; empty: nothing."""


class NotProved(Fault):
    """What the export held did not prove itself; nothing of it was kept."""


async def unpack(
    folder: Path, target: Side, master: bytes, prove: Prove, *, copy: bool = False, tell: Step = silent
) -> Parcel:
    """`master`: the deployment's master keys. `copy`: one of a tenant that goes on elsewhere is taken too, without its work.

    Raises Invalid, Refused, NotProved.
    """
    packed, note = await asyncio.to_thread(parcel.read, folder, tell)
    tenant = packed.tenant
    secret = open_from(master, packed.secret, packed.about)
    if (other := other_schema(packed.schema, await target.schema())) is not None:
        raise Invalid(
            f"the export is of another schema ({other}): bring both deployments to one version of Retrace, and export again"
        )
    if not packed.closed and not copy:
        raise Refused(
            "this is a copy of a tenant that goes on where it was: both would answer, deliver and be charged. Hand it over (export with --close), "
            "or take it as a copy, without what is due there (--copy)"
        )
    async with alone(target, tenant):
        await _make_room(target, packed)
        place = f"{FROM}{packed.made_at:%Y-%m-%d %H:%M:%S} UTC"
        try:
            async with target.transaction() as connection:
                await connection.execute(
                    "INSERT INTO tenant_moves (tenant, move, state, place) VALUES (%s, %s, 'arriving', %s)",
                    [tenant, packed.id, place],
                )
            await _put(packed, folder, target, secret, copy, tell)
            tell("verifying, and building the read models")
            if findings := await prove(packed, note):
                more = f" and {len(findings) - 1} more" if len(findings) > 1 else ""
                raise NotProved(
                    f"the export does not prove itself: {findings[0]}{more}; nothing of it was kept"
                )
        except BaseException:
            await sweep(target, tenant, whole=True)
            raise
        await fence.take_over(target, tenant, packed.id)
    return packed


async def _make_room(target: Side, packed: Parcel) -> None:
    """What an import that was cut off has left goes, and what tells that the tenant was here before it moved. Raises Refused."""
    state, _, place = await fence.state_of(target, packed.tenant)
    if state == "arriving" and not place.startswith(FROM):
        raise Refused(f"tenant {packed.tenant} is on its way here from {place}: finish that move first")
    if state not in ("arriving", "moved") and await fence.is_there(target, packed.tenant):
        raise Refused(
            f"tenant {packed.tenant} is here already, and stays as it is; remove it first if the export is to take its place"
        )
    if state is None or (state == "moved" and not await fence.is_left(target, packed.tenant)):
        await check_files(target, packed.tenant)
    await sweep(target, packed.tenant, whole=True)


async def _put(packed: Parcel, folder: Path, target: Side, secret: bytes, copy: bool, tell: Step) -> None:
    tenant = packed.tenant
    if not copy and set(packed.tables) != {*KEYS, *CARRIED, WORK, "events"}:
        raise Invalid("the export lacks tables: it was made by another version; export it again")
    try:
        under = [(key.generation, key.wrapped, key.created_at) for key in packed.keys]
        await put_keys(target, tenant, under, Masters(secret))
    except (Tampered, Fault) as error:
        raise NotProved(f"the tenant's keys do not open: {error}") from error
    async with target.transaction() as connection:
        for table in (*KEYS, *CARRIED, *([] if copy else [WORK]), "events"):
            tell(f"putting {table} in place")
            await _table(packed, table, folder / parcel.TABLES / table, target)
        await target.become_owner_of("heads")
        await connection.execute(
            "INSERT INTO heads (tenant, seq, closed_by, closed_until) VALUES (%s, %s, %s, 'infinity')",
            [tenant, packed.head, packed.id],
        )
    tell("putting files in place")
    await Mirror(ParcelFiles(folder / parcel.FILES), target.files).bring(tenant)


async def _table(packed: Parcel, table: str, path: Path, target: Side) -> None:
    """By way of a table of this transaction's, so that no row of another tenant's can come in."""
    here, stage, of = target.connection, sql.Identifier(f"parcel_{table}"), packed.tables[table]
    shape = await shape_of(target, table)
    if sorted(of.columns) != sorted(shape.columns):
        raise Invalid(f"the export's table {table} has other columns: export it again with this version")
    columns = sql.SQL(", ").join(map(sql.Identifier, of.columns))
    await here.execute("RESET ROLE")  # the roles may make no tables of this kind
    make = "CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT * FROM {} WHERE false"
    await here.execute(sql.SQL(make).format(stage, sql.Identifier("retrace", table)))
    await here.execute(sql.SQL("GRANT SELECT ON {} TO public").format(stage))
    cursor = here.cursor()
    with path.open("rb") as file:
        async with cursor.copy(
            sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(stage, columns)
        ) as into:
            while data := await asyncio.to_thread(file.read, 1 << 18):
                await into.write(data)
    await target.become_owner_of(table)
    asleep = (table, "wake_at")
    values = sql.SQL(", ").join(
        sql.Literal(ASLEEP) if asleep == (WORK, name) else sql.Identifier(name) for name in of.columns
    )
    put = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} WHERE tenant = {}").format(
        sql.Identifier(table), columns, values, stage, packed.tenant
    )
    if (await here.execute(put)).rowcount != of.rows:
        raise Invalid(f"the export's table {table} has other rows than it says, or such of another tenant")
