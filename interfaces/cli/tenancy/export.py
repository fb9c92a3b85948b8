"""`retrace tenant export`, `import` and `receiver-key`: a tenant goes to another deployment as a folder."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import click

from domain.base.errors import Invalid
from infra.backup.steps import Step
from infra.embedded.process import prepare_folder
from infra.log.reader import Reader
from infra.moving import packing, unpacking
from infra.moving.parcel import MANIFEST, Parcel
from infra.moving.proving import Prover
from infra.moving.receiver import receiver_key as key_of
from infra.moving.side import Side, side
from infra.postgres.database import Database
from infra.projections.projector import Projector
from infra.settings import Settings
from interfaces.bootstrap import Services, services
from interfaces.cli.bar import steps
from interfaces.cli.base import console, data_option, deployment, json_option, print_json, settings_of
from interfaces.cli.named_cell import cell_of
from interfaces.cli.named_tenant import tenant_id as tenant_type
from projections import PROJECTIONS

ELSEWHERE = "another deployment"


@click.command("receiver-key")
@data_option
@json_option
def receiver_key(data: Path | None, as_json: bool) -> None:
    """Print what others export tenants for this deployment with. It is no secret: it derives from the master key, and tells nothing of it."""
    settings = settings_of(data)
    if settings.database_url is None:
        prepare_folder(settings.data)
    key = key_of(settings.master())
    if as_json:
        print_json({"receiver": key})
    else:
        click.echo(key)


@click.command()
@click.argument("tenant_id", metavar="ID", type=tenant_type)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option(
    "--for", "receiver", help="what `retrace tenant receiver-key` prints at the deployment that is to have it"
)
@click.option(
    "--close", is_flag=True, help="nobody writes here any more: the tenant is to go on where it is imported"
)
@click.option(
    "--named",
    default=ELSEWHERE,
    show_default=True,
    help="with --close: what callers are told of the new place afterwards",
)
@click.option("--hand-over", is_flag=True, help="it is imported there: what is left of it here goes")
@click.option("--abandon", is_flag=True, help="take an export with --close back: the tenant goes on here")
@data_option
@json_option
def export(
    tenant_id: UUID,
    folder: Path | None,
    receiver: str | None,
    close: bool,
    named: str,
    hand_over: bool,
    abandon: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """Write a tenant into a new FOLDER, whole as of one moment, which only the deployment that it is `--for` can open. Without --close it is a copy, and the tenant goes on here."""
    if hand_over or abandon:
        if (hand_over and abandon) or folder is not None:
            raise click.UsageError("--hand-over and --abandon stand alone, without a FOLDER")
        with deployment(data, files=True) as settings:
            asyncio.run(_end(settings, packing.hand_over if hand_over else packing.reopen, tenant_id))
        if as_json:
            print_json({"tenant": tenant_id, "handed_over": hand_over})
        else:
            console.print(f"tenant {tenant_id} " + ("has moved" if hand_over else "goes on here"))
        return
    if folder is None or receiver is None:
        raise click.UsageError(
            "name a new FOLDER, and with --for whom it is for: the line that `retrace tenant receiver-key` prints there"
        )
    with deployment(data, files=True) as settings, steps(as_json) as tell:
        packed, manifest = asyncio.run(
            _export(settings, tenant_id, folder, receiver, named if close else None, tell)
        )
    digest = sha256(manifest).hexdigest()
    if as_json:
        print_json(_told(packed, folder) | {"manifest_sha256": digest})
        return
    console.print(f"{folder}: {packed.head:,} events, {len(packed.held)} files, {packed.size / 1e6:,.1f} MB")
    console.print(f"SHA-256 of its manifest, to be told to whoever imports it: {digest}", soft_wrap=True)
    if close:
        console.print(
            f"Nobody can write to the tenant here now. Once it is imported there: retrace tenant export {tenant_id} --hand-over; "
            f"if it is not to be: retrace tenant export {tenant_id} --abandon",
            soft_wrap=True,
        )


@click.command("import")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--copy",
    is_flag=True,
    help="take a copy of a tenant that goes on where it was, without what is due there",
)
@click.option("--sha256", "digest", help="what the export has told of its manifest")
@data_option
@json_option
def import_(folder: Path, copy: bool, digest: str | None, data: Path | None, as_json: bool) -> None:
    """Take a tenant out of FOLDER into this deployment, and open it once all of it is proved: signature, log, checkpoints, every figure.

    Cut off anywhere, the same command begins anew. A tenant that is here already is refused.
    """
    _check_digest(folder, digest)
    with deployment(data, files=True) as settings, steps(as_json) as tell:
        packed = asyncio.run(_import(settings, folder, copy, tell))
    if as_json:
        print_json(_told(packed, folder) | {"copy": copy})
        return
    console.print(
        f"tenant {packed.tenant} is here: {packed.head:,} events, verified, and every figure is that of the events"
    )
    if not copy:
        console.print(
            f"Where it came from: retrace tenant export {packed.tenant} --hand-over. What customers write to has to name this place: docs/moving.md",
            soft_wrap=True,
        )


def _told(packed: Parcel, folder: Path) -> dict[str, object]:
    return {
        "tenant": packed.tenant,
        "folder": str(folder),
        "events": packed.head,
        "closed": packed.closed,
        "made_at": packed.made_at,
        "size": packed.size,
    }


def _check_digest(folder: Path, digest: str | None) -> None:
    if digest is None:
        return
    try:
        found = sha256((folder / MANIFEST).read_bytes()).hexdigest()
    except OSError:
        raise Invalid(
            f"{folder} has no {MANIFEST}: it is no export of a tenant, or one that was not finished"
        ) from None
    if found != digest.strip().lower():
        raise Invalid(
            f"{folder} is another export than the one that was named: the SHA-256 of its manifest is {found}"
        )


async def _end(settings: Settings, do: Callable[[UUID, Side], Awaitable[None]], tenant: UUID) -> None:
    async with services((await cell_of(settings, tenant))[1], pool=2) as parts, _side(parts) as here:
        await do(tenant, here)


async def _export(
    settings: Settings, tenant: UUID, folder: Path, receiver: str, place: str | None, tell: Step
) -> tuple[Parcel, bytes]:
    async with services((await cell_of(settings, tenant))[1], pool=2) as parts, _side(parts) as here:
        return await packing.pack(tenant, here, folder, receiver, parts.checkpoints, place=place, tell=tell)


async def _import(settings: Settings, folder: Path, copy: bool, tell: Step) -> Parcel:
    async with (
        services((await cell_of(settings, None))[1], pool=4) as parts,
        Database(parts.cell, role="retrace_projector", size=2) as writer,
        _side(parts) as here,
    ):
        projector = Projector(
            PROJECTIONS,
            writer=writer,
            system=parts.system,
            reader=Reader(writer, parts.keyring),
            hints=parts.hints,
        )
        prover = Prover(parts.database, parts.keyring, parts.checkpoints, parts.reader, projector)
        return await unpacking.unpack(folder, here, settings.master(), prover, copy=copy, tell=tell)


def _side(parts: Services) -> AbstractAsyncContextManager[Side]:
    return side(parts.cell, parts.files.blobs, parts.settings.public_url or ELSEWHERE)
