"""Commands for auditors: verify, sign, export, prove."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from domain.base.context import Context
from infra.audit import verifier
from infra.audit.checkpoints import Signed
from infra.audit.together import cores
from infra.audit.verify import Report, verify
from interfaces.bootstrap import Services
from interfaces.cli.audit.look import tenant_or_all, tenants_of
from interfaces.cli.audit.proofs import export, prove, signed_now
from interfaces.cli.bar import counting
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    print_json,
    tenant_option,
    with_services,
)


@click.group()
def audit() -> None:
    """Proofs over the log."""


audit.add_command(export)
audit.add_command(prove)

note_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@audit.command("verify")
@click.argument("file", type=note_file, required=False)
@click.option("--checkpoint", type=note_file, help="with FILE: a signed note")
@click.option("--key", help="with FILE: the verifier key")
@click.option(
    "--older", type=note_file, help="with FILE: a signed note from before, which it has to continue"
)
@click.option("--closely", is_flag=True, help="open every event with its key, those under a checkpoint too")
@tenant_or_all
@data_option
@json_option
def verify_log(
    file: Path | None,
    checkpoint: Path | None,
    key: str | None,
    older: Path | None,
    closely: bool,
    tenant_id: UUID | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Check every event and signature. With FILE an export is checked, offline, as its own verifier.py does. Exit status 1: something is wrong."""
    if file is not None:
        if checkpoint is None or key is None:
            raise click.UsageError(
                "with FILE, --checkpoint and --key are needed: the export's checkpoint.txt, and the line in its key.txt"
            )
        if closely or tenant_id is not None or data is not None:
            raise click.UsageError(
                "FILE is checked offline, without any deployment: leave out --tenant, --closely and --data"
            )
        sys.exit(_verify_file(file, checkpoint, key, older, as_json))
    if checkpoint is not None or key is not None or older is not None:
        raise click.UsageError(
            "--checkpoint, --key and --older go with a FILE: the events.jsonl of an export"
        )

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


def _verify_file(file: Path, checkpoint: Path, key: str, older: Path | None, as_json: bool) -> int:
    """The exit status, as the verifier's own."""
    if not as_json:
        more = [] if older is None else ["--older", str(older)]
        return verifier.main([str(file), "--checkpoint", str(checkpoint), "--key", key, *more])
    try:
        notes = [path.read_bytes().decode() for path in (checkpoint, older) if path is not None]
        with file.open(encoding="utf-8", newline="\n") as lines:
            report = verifier.verify(lines, notes[0], key, *notes[1:])
    except (UnicodeDecodeError, verifier.Unusable) as error:
        raise click.UsageError(f"unusable: {error}") from None
    findings = [_as_of_a_log(finding) for finding in report.findings]
    print_json({**report._asdict(), "findings": findings})
    return 1 if findings else 0


def _as_of_a_log(found: verifier.Finding) -> dict[str, Any]:
    """In the words that a verification of the log itself has."""
    where = {"seq": found.seq, "stream": found.stream, "version": found.version}
    return {"fault": found.kind, **where, "text": found.detail}


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
        signed = await signed_now(parts, tenant_id)
        return signed, await parts.checkpoints.verifier_key(tenant_id)

    signed, key = with_services(data, do)
    if as_json:
        print_json({"size": signed.size, "note": signed.note, "key": key, "signed_at": signed.signed_at})
    else:
        click.echo(signed.note, nl=False)
        console.print(f"[dim]verifier key: {key}[/dim]", soft_wrap=True, markup=True)
