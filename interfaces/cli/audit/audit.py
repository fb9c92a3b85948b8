"""Commands for auditors: verify, sign, export, prove."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from application.audit.reading import LogRead
from domain.base.context import Context
from domain.base.errors import Invalid, NotFound
from infra.audit import verifier
from infra.audit.checkpoints import Signed
from infra.audit.export import Exporter
from infra.audit.together import cores
from infra.audit.verify import Report, verify
from interfaces.bootstrap import Services
from interfaces.cli.audit.look import tenant_or_all, tenants_of
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


@click.group()
def audit() -> None:
    """Proofs over the log."""


@audit.command("verify")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="with FILE: a signed note",
)
@click.option("--key", help="with FILE: the verifier key")
@click.option("--closely", is_flag=True, help="open every event with its key, those under a checkpoint too")
@tenant_or_all
@data_option
@json_option
def verify_log(
    file: Path | None,
    checkpoint: Path | None,
    key: str | None,
    closely: bool,
    tenant_id: UUID | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Check every event and signature. With FILE an export is checked, offline. Exit status 1: something is wrong."""
    if file is not None:
        if checkpoint is None or key is None:
            raise click.UsageError("with FILE, --checkpoint and --key are needed")
        sys.exit(verifier.main([str(file), "--checkpoint", str(checkpoint), "--key", key]))

    async def do(parts: Services) -> list[Report]:
        return [
            await _verify(parts, tenant, closely, as_json) for tenant in await tenants_of(parts, tenant_id)
        ]

    reports = with_services(data, do)
    if as_json:
        print_json(reports)
    for report in [] if as_json else reports:
        for finding in report.findings:
            console.print(f"[red]✗[/red] {finding}", soft_wrap=True)
        verdict = f"[red]{len(report.findings)} findings[/red]" if report.findings else "[green]clean[/green]"
        console.print(
            f"tenant {report.tenant}: {report.events} events, {report.signed} of them under "
            f"{report.checkpoints} signed checkpoints: {verdict}"
        )
    sys.exit(1 if any(report.findings for report in reports) else 0)


async def _verify(parts: Services, tenant: UUID, closely: bool, quiet: bool) -> Report:
    total = await parts.reads.head(tenant)
    with counting(f"tenant {tenant}", total, "events", quiet=quiet) as tell:
        report = await verify(
            tenant,
            database=parts.database,
            keyring=parts.keyring,
            checkpoints=parts.checkpoints,
            closely=closely,
            processes=cores(),
            progress=tell,
        )
    await parts.conclude(report, Context(tenant=tenant, actor="operator:cli", correlation=parts.ids()))
    return report


@audit.command()
@tenant_option
@data_option
@json_option
def checkpoint(tenant_id: UUID, data: Path | None, as_json: bool) -> None:
    """Sign the log as it stands, and print the note. Keep it where nobody can change it."""

    async def do(parts: Services) -> tuple[Signed, str]:
        signed = await _signed(parts, tenant_id)
        return signed, await parts.checkpoints.verifier_key(tenant_id)

    signed, key = with_services(data, do)
    if as_json:
        print_json({"size": signed.size, "note": signed.note, "key": key, "signed_at": signed.signed_at})
    else:
        click.echo(signed.note, nl=False)
        console.print(f"[dim]verifier key: {key}[/dim]", soft_wrap=True, markup=True)


@audit.command()
@tenant_option
@folder_option
@data_option
def export(tenant_id: UUID, folder: Path, data: Path | None) -> None:
    """The whole log with a checkpoint and a verifier that needs nothing of Retrace."""

    async def do(parts: Services) -> int:
        signed = await _signed(parts, tenant_id)
        lines = Exporter(parts.database, parts.checkpoints).whole(tenant_id, signed)
        return await _write(parts, tenant_id, folder, signed, lines, LogRead(route="retrace audit export"))

    _make(folder)
    _told(folder, with_services(data, do))


@audit.command()
@click.argument("stream")
@tenant_option
@folder_option
@click.option("--since", type=click.IntRange(1), help="size of an older checkpoint that is to be continued")
@data_option
def prove(stream: str, tenant_id: UUID, folder: Path, since: int | None, data: Path | None) -> None:
    """One stream with proofs that it is in the signed log, and nothing of any other. STREAM is kind/id."""
    _, id = stream_of(stream)

    async def do(parts: Services) -> int:
        signed = await _signed(parts, tenant_id)
        older = next((c for c in await parts.checkpoints.all(tenant_id) if c.size == since), None)
        if since is not None and older is None:
            raise NotFound(f"there is no checkpoint of size {since}")
        lines = Exporter(parts.database, parts.checkpoints).stream(tenant_id, id, signed, older)
        read = LogRead(route="retrace audit prove", filters={"stream": stream})
        return await _write(parts, tenant_id, folder, signed, lines, read)

    _make(folder)
    _told(folder, with_services(data, do))


async def _signed(parts: Services, tenant: UUID) -> Signed:
    if (signed := await parts.checkpoints.make(tenant)) is None:
        raise NotFound("this tenant's log is empty")
    return signed


async def _write(
    parts: Services, tenant: UUID, folder: Path, signed: Signed, lines: Any, read: LogRead
) -> int:
    count = -1
    async with on_record(parts, tenant, read):
        total = None if "stream" in read.filters else signed.size
        with (
            (folder / "events.jsonl").open("w", encoding="utf-8") as file,
            counting("exporting", total, "events") as tell,
        ):
            async for line in lines:
                file.write(line + "\n")
                count += 1
                if count % 500 == 0:
                    tell(count)
        read.events = max(count, 0)
    (folder / "checkpoint.txt").write_text(signed.note)
    (folder / "key.txt").write_text(await parts.checkpoints.verifier_key(tenant) + "\n")
    shutil.copyfile(verifier.__file__, folder / "verifier.py")
    return count


def _make(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise Invalid(f"{folder} is not empty; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)


def _told(folder: Path, count: int) -> None:
    console.print(f"{count} events in {folder}; check them with", soft_wrap=True)
    click.echo(
        f'  cd {folder} && python verifier.py events.jsonl --checkpoint checkpoint.txt --key "$(cat key.txt)"'
    )
