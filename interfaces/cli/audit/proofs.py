"""`retrace audit export` and `prove`: the log, or one stream of it, in a folder that an outsider checks."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import msgspec

from application.audit.reading import LogRead
from domain.base.errors import Invalid, NotFound
from infra.audit import verifier
from infra.audit.checkpoints import Signed
from infra.audit.export import Exporter
from interfaces.bootstrap import Services
from interfaces.cli.audit.record import on_record
from interfaces.cli.bar import counting
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    print_json,
    stream_of,
    tenant_option,
    with_services,
)

folder_option = click.option(
    "--to", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="a new folder"
)

EVENT = '{"seq"'
"""What a line of an event begins with; the header and a proof of consistency are none."""


@click.command()
@tenant_option
@folder_option
@data_option
@json_option
def export(tenant_id: UUID, folder: Path, data: Path | None, as_json: bool) -> None:
    """The whole log with a checkpoint and a verifier that needs nothing of Retrace."""

    async def do(parts: Services) -> Exported:
        signed = await signed_now(parts, tenant_id)
        lines = Exporter(parts.database, parts.checkpoints).whole(tenant_id, signed)
        read = LogRead(route="retrace audit export")
        return await _write(parts, tenant_id, folder, signed, lines, read, quiet=as_json)

    with _new(folder):
        made = with_services(data, do)
    _told(made, as_json)


@click.command()
@click.argument("stream")
@tenant_option
@folder_option
@click.option("--since", type=click.IntRange(1), help="size of an older checkpoint that is to be continued")
@data_option
@json_option
def prove(
    stream: str, tenant_id: UUID, folder: Path, since: int | None, data: Path | None, as_json: bool
) -> None:
    """One stream with proofs that it is in the signed log, and nothing of any other. STREAM is kind/id."""
    _, id = stream_of(stream)

    async def do(parts: Services) -> Exported:
        signed = await signed_now(parts, tenant_id)
        older = next((c for c in await parts.checkpoints.all(tenant_id) if c.size == since), None)
        if since is not None and older is None:
            sizes = ", ".join(str(c.size) for c in (await parts.checkpoints.all(tenant_id))[-5:])
            raise NotFound(f"there is no checkpoint of size {since}; the last ones are of {sizes}")
        lines = Exporter(parts.database, parts.checkpoints).stream(tenant_id, id, signed, older)
        read = LogRead(route="retrace audit prove", filters={"stream": stream})
        return await _write(parts, tenant_id, folder, signed, lines, read, quiet=as_json)

    with _new(folder):
        made = with_services(data, do)
    _told(made, as_json)


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """`size`: how many events the checkpoint speaks of; `key` checks it."""

    tenant: UUID
    folder: str
    events: int
    size: int
    key: str


async def signed_now(parts: Services, tenant: UUID) -> Signed:
    """The log as it stands, signed. Raises NotFound."""
    if (signed := await parts.checkpoints.make(tenant)) is None:
        raise NotFound("this tenant's log is empty")
    return signed


async def _write(
    parts: Services, tenant: UUID, folder: Path, signed: Signed, lines: Any, read: LogRead, *, quiet: bool
) -> Exported:
    count = 0
    async with on_record(parts, tenant, read):
        total = None if "stream" in read.filters else signed.size
        with (
            (folder / "events.jsonl").open("w", encoding="utf-8") as file,
            counting("exporting", total, "events", quiet=quiet) as tell,
        ):
            async for line in lines:
                file.write(line + "\n")
                count += line.startswith(EVENT)
                if count % 500 == 0:
                    tell(count)
        read.events = count
    key = await parts.checkpoints.verifier_key(tenant)
    (folder / "checkpoint.txt").write_text(signed.note)
    (folder / "key.txt").write_text(key + "\n")
    shutil.copyfile(verifier.__file__, folder / "verifier.py")
    return Exported(tenant=tenant, folder=str(folder), events=count, size=signed.size, key=key)


@contextmanager
def _new(folder: Path) -> Iterator[None]:
    """Nothing stays of a folder that was not finished. Raises Invalid."""
    if folder.exists() and any(folder.iterdir()):
        raise Invalid(f"{folder} is not empty; name a new folder")
    there = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for path in folder.iterdir():
            path.unlink()
        if not there:
            folder.rmdir()
        raise


def _told(made: Exported, as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    console.print(f"{made.events} events in {made.folder}; check them with", soft_wrap=True)
    click.echo(
        f'  cd {shlex.quote(made.folder)} && python verifier.py events.jsonl --checkpoint checkpoint.txt --key "$(cat key.txt)"'
    )
