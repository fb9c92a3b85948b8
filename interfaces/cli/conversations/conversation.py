"""`retrace conversation`: a production case as a file, and its answers made again by today's code."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click

from application.answers.variants import Served, served_to
from application.audit.reading import LogRead
from application.replay.cases.case import written
from application.replay.cases.export import ExportCase, Exported, export_case
from application.replay.cases.run import ReplayCase
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.base.errors import Invalid, NotFound
from interfaces.cases import bench, case_in, replayed, told, variant_in
from interfaces.cli.base import console, data_option, json_option, print_json, with_services
from interfaces.cli.named_tenant import tenant_id as tenant_type

if TYPE_CHECKING:  # a replay wants none of the parts of a deployment
    from interfaces.bootstrap import Services


@click.group()
def conversation() -> None:
    """Production cases: a conversation as a file, for a test."""


@conversation.command()
@click.argument("id", type=click.UUID)
@click.option(
    "--redact/--plain",
    default=True,
    help="placeholders for names, numbers, addresses and mail, or all as it was said",
)
@click.option(
    "--to", "file", type=click.Path(path_type=Path, dir_okay=False), help="the new file; else it is printed"
)
@click.option(
    "--tenant", "tenant_id", type=tenant_type, help="the tenant's id; otherwise all tenants are tried"
)
@data_option
def export(id: UUID, redact: bool, file: Path | None, tenant_id: UUID | None, data: Path | None) -> None:
    """One conversation as a file, from which its outgoing texts are made again: its answers with the completions and passages of then. That it was read is on record."""
    if file is not None and file.exists():
        raise Invalid(f"{file} exists already: give another name, or remove it")

    from interfaces.cli.audit.look import tenants_of
    from interfaces.cli.audit.record import on_record

    async def do(parts: Services) -> Exported:
        for tenant in await tenants_of(parts, tenant_id):
            context = Context(tenant=tenant, actor="operator:cli", correlation=parts.ids())
            read = LogRead(
                route="retrace conversation export",
                filters={"stream": f"conversation/{id}", "redacted": str(redact)},
            )
            try:
                found = await export_case(ExportCase(conversation=id, redact=redact), context, parts, bench())
            except NotFound:
                continue
            async with on_record(parts, tenant, read):
                read.events = len(found.case.answers)
            return found
        raise NotFound(
            f"there is no conversation {id}; `retrace events --kind conversation.answered` lists some"
        )

    found = with_services(data, do)
    if file is None:
        click.echo(written(found.case), nl=False)
    else:
        file.write_bytes(written(found.case))
    _tell(found, file)


def _tell(found: Exported, file: Path | None) -> None:
    """Beside the file, on standard error."""
    case = found.case
    hidden = ", ".join(f"{count} {kind}" for kind, count in sorted(case.masked.items())) or "nothing"
    what = (
        f"{len(case.answers)} answers, {hidden} masked"
        if case.mask
        else f"{len(case.answers)} answers, NOT redacted"
    )
    click.echo(f"{file or 'printed'}: {what}", err=True)
    for why, count in case.left_out.items():
        click.echo(f"left out: {count}, {why}", err=True)
    for number, why in found.drifted.items():
        click.echo(f"answer {number} is not made now as it is on record: {why}", err=True)
    for number in found.changed:
        click.echo(
            f"answer {number} is decided otherwise with its placeholders: the file has what is told then",
            err=True,
        )


@conversation.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path),
    help="a variant of the agent (TOML or JSON) over the one of then",
)
@click.option(
    "--tenant",
    "tenant_id",
    type=tenant_type,
    help="by the agent that this tenant has in force, in place of the one of then",
)
@click.option("--loose", is_flag=True, help="take what the model said then for another prompt, or model, too")
@data_option
@json_option
def replay(
    file: Path, config: Path | None, tenant_id: UUID | None, loose: bool, data: Path | None, as_json: bool
) -> None:
    """The outgoing texts of a case by today's code, beside those of then. Without --tenant no deployment is needed. Exit status 1: they differ."""
    served: Served | None = None
    if tenant_id is not None:

        async def do(parts: Services) -> Served:
            return await served_to(tenant_id, None, "agent", parts)

        served = with_services(data, do)
    case = case_in(file)
    variant = Variant() if config is None else variant_in(config)
    found = asyncio.run(replayed(case, ReplayCase(variant=variant, served=served, loose=loose)))
    if as_json:
        print_json(found)
    else:
        if found.differing:
            console.print(told(found), markup=False, soft_wrap=True)
        console.print(f"{len(found.answers)} answers, {len(found.differing)} differ")
    sys.exit(1 if found.differing else 0)
