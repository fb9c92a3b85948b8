"""The command that puts a backup in place."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import click
import msgspec

from domain.base.errors import Invalid
from infra.backup import manifest, restoring
from infra.backup.manifest import Manifest
from infra.backup.steps import Step
from infra.crypto.keyring import Tampered
from infra.embedded import servers
from infra.embedded.process import FolderInUse
from infra.settings import Secret, Settings, master_text
from infra.storage.opening import blobs_of
from interfaces.bootstrap import services
from interfaces.cli.audit.look import tenants_of
from interfaces.cli.bar import Tell, steps
from interfaces.cli.base import console, json_option, print_json, settings_of
from interfaces.cli.operations.backup import folder_argument


@click.command()
@folder_argument
@click.option("--data", type=click.Path(path_type=Path), required=True, help="the new data folder")
@click.option(
    "--checkpoint",
    "notes",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="a signed note that was kept elsewhere; may be given several times",
)
@json_option
def restore(folder: Path, data: Path, notes: tuple[Path, ...], as_json: bool) -> None:
    """Put the backup in FOLDER into a new data folder, and check it against its checkpoints and others kept elsewhere.

    The master key has to be there: as master.key in the data folder, or as RETRACE_MASTER_KEY. Exit status 1: something is wrong.
    """
    settings = settings_of(data)
    if settings.database_url is not None:
        raise Invalid(
            "restore makes an embedded deployment: unset DATABASE_URL and try again. For a server of your own see docs/backup.md"
        )
    backed = manifest.read(folder)
    restoring.check_place(settings)
    restoring.check_master(backed, settings)
    with steps(as_json) as tell:
        findings = manifest.differences(folder, backed, tell)
        if not findings:
            outside = [(path.read_text(), None) for path in notes]
            findings = _restore(
                folder, backed, settings, [*((m.note, m.key) for m in backed.tenants), *outside], tell
            )
        else:
            findings.append("nothing was restored; take another backup")
    if as_json:
        print_json({"tenants": len(backed.tenants), "made_at": backed.made_at, "findings": findings})
    for finding in [] if as_json else findings:
        console.print(f"[red]✗[/red] {finding}", soft_wrap=True, markup=True)
    if not as_json and findings:
        console.print(f"[red]{len(findings)} findings[/red]: do not serve from {data}")
    elif not as_json:
        console.print(
            f"[green]restored and verified[/green]: {len(backed.tenants)} tenants as of {backed.made_at:%Y-%m-%d %H:%M:%S} UTC, "
            f"{len(backed.tenants) + len(notes)} checkpoints hold. Start it: retrace up --data {data}",
            soft_wrap=True,
        )
        console.print(
            "Customers who were forgotten since then have to be forgotten again first (docs/erasure.md)."
        )
    sys.exit(1 if findings else 0)


def _restore(
    folder: Path,
    backed: Manifest,
    settings: Settings,
    notes: list[tuple[str, str | None]],
    tell: Step,
) -> list[str]:
    master = master_text(settings.master())
    whole = False
    try:
        with servers(settings.data) as running:
            tell("restoring the database and the files")
            url = running.database_url
            asyncio.run(restoring.restore(folder, backed, url=url, files=blobs_of(settings)))
            whole = True
            there = msgspec.structs.replace(settings, database_url=Secret(url), master_key=master)
            return asyncio.run(_verify(there, notes, tell))
    except FolderInUse:
        whole = True  # somebody else's
        raise
    finally:
        if not whole:  # nothing of ours stays in a folder that was empty
            for path in settings.data.iterdir():
                if path.name != settings.master_file.name:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


async def _verify(settings: Settings, notes: list[tuple[str, str | None]], tell: Step) -> list[str]:
    findings = []
    async with services(settings, pool=4) as parts:
        for note, key in notes:
            findings += await restoring.check_note(
                note, key, database=parts.database, checkpoints=parts.checkpoints
            )
        for tenant in await tenants_of(parts, None):
            total = await parts.reads.head(tenant)
            try:
                report = await parts.verify(
                    tenant, closely=True, progress=_telling(tell, f"verifying tenant {tenant}", total)
                )
            except Tampered as error:
                findings.append(f"tenant {tenant}: {error}")
            else:
                findings += [f"tenant {tenant}: {finding}" for finding in report.findings]
    return findings


def _telling(tell: Step, what: str, total: int) -> Tell:
    def told(done: int) -> None:
        tell(what, done, total)

    return told
