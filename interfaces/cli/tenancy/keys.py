"""Commands for encryption keys."""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import click

from application.tenancy.encryption_keys import TenantKeyRotated, rotate_master_key, rotate_tenant_key
from domain.base.context import Context
from infra.crypto.kms import KmsFailed, wrapper_named
from infra.crypto.rotating import Generation, Rotator
from infra.postgres.database import Database
from interfaces.bootstrap import Services
from interfaces.cli.audit.look import tenant_or_all, tenants_of
from interfaces.cli.bar import counting
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    print_json,
    print_table,
    settings_of,
    with_services,
)


@click.group()
def keys() -> None:
    """Encryption keys: master keys, and tenants' keys under them."""


@asynccontextmanager
async def _rotator(parts: Services) -> AsyncIterator[Rotator]:
    async with Database(parts.cell, role="retrace_keeper", size=2) as database:
        yield Rotator(database, parts.settings.master())


@keys.command("list")
@tenant_or_all
@data_option
@json_option
def list_keys(tenant_id: UUID | None, data: Path | None, as_json: bool) -> None:
    """Tenants' encryption keys: generations, the master key that wraps each, subjects' keys under each."""

    async def do(parts: Services) -> list[Generation]:
        async with _rotator(parts) as rotator:
            each = [await rotator.generations(tenant) for tenant in await tenants_of(parts, tenant_id)]
        return [generation for some in each for generation in some]

    found = with_services(data, do)
    if as_json:
        print_json(found)
        return
    rows = [[g.tenant, g.generation, _named(g), g.subjects] for g in found]
    print_table(None, ["tenant", "generation", "master key", "subjects' keys"], rows)


@keys.command("new")
@click.option("--kms", default=None, help="who seals it: vault, or the name of an entry point of retrace.kms")
def new_key(kms: str | None) -> None:
    """Make a master key for RETRACE_MASTER_KEY, by --kms sealed by a key management service."""
    secret = secrets.token_bytes(32)
    if kms is None:
        click.echo(base64.b64encode(secret).decode())
        return
    try:
        click.echo(wrapper_named(kms, settings_of().vault).wrap(secret))
    except KmsFailed as error:
        raise click.ClickException(str(error)) from None


def _named(key: Generation) -> str:
    if key.master is None:
        return "unknown, none of those given"
    return f"{key.master} (current)" if key.current else key.master


@keys.command()
@click.option(
    "--master", is_flag=True, help="wrap tenants' keys with the current master key, the first that is given"
)
@tenant_or_all
@data_option
@json_option
def rotate(master: bool, tenant_id: UUID | None, data: Path | None, as_json: bool) -> None:
    """Wrap keys anew while traffic runs: tenants' keys (--master), or the subjects' keys of one tenant with a new key of its own.

    What they sealed is not written again. After a crash, run it again.
    """
    if master:
        _rotate_master(tenant_id, data, as_json)
    elif tenant_id is not None:
        _rotate_tenant(tenant_id, data, as_json)
    else:
        raise click.UsageError("say which: --tenant ID for a tenant's own key, or --master")


def _rotate_master(tenant_id: UUID | None, data: Path | None, as_json: bool) -> None:
    async def do(parts: Services) -> tuple[str, int, int]:
        async with _rotator(parts) as rotator:
            wrapped, tenants = 0, await tenants_of(parts, tenant_id)
            with counting("wrapping anew", len(tenants), "tenants", quiet=as_json) as tell:
                for number, tenant in enumerate(tenants, 1):
                    wrapped += await rotate_master_key(
                        _context(parts, tenant), store=parts.store, keeper=rotator, clock=parts.clock
                    )
                    tell(number)
            # Others may have added some meanwhile: what is said at the end is looked up at the end.
            left = sum([await rotator.retired(tenant) for tenant in await tenants_of(parts, None)])
            return rotator.master, wrapped, left

    current, wrapped, left = with_services(data, do)
    if as_json:
        print_json({"master": current, "wrapped": wrapped, "left": left})
        return
    console.print(f"{wrapped} tenant keys wrapped anew with master key {current}")
    if left:
        console.print(f"{left} tenant keys are still under others; run it again for all tenants")
    else:
        console.print(
            "No tenant key needs another one: retired master keys can be removed from RETRACE_MASTER_KEY or master.key. "
            "Keep them apart as long as there are backups from before.",
            soft_wrap=True,
        )


def _rotate_tenant(tenant_id: UUID, data: Path | None, as_json: bool) -> None:
    async def do(parts: Services) -> TenantKeyRotated:
        async with _rotator(parts) as rotator:
            total = sum(key.subjects for key in await rotator.generations(tenant_id))
            what = "wrapping anew, also what is still being made"
            with counting(what, total, "subjects' keys", quiet=as_json) as tell:
                return await rotate_tenant_key(
                    _context(parts, tenant_id),
                    store=parts.store,
                    keeper=rotator,
                    clock=parts.clock,
                    progress=tell,
                )

    done = with_services(data, do)
    if as_json:
        print_json(done)
        return
    text = (
        f"{done.subjects} subjects' keys wrapped anew with generation {done.generation} of the tenant's key"
    )
    if done.resumed:
        text += ", which had been begun before; run it again for a new generation"
    console.print(text)


def _context(parts: Services, tenant: UUID) -> Context:
    return Context(tenant=tenant, actor="operator:cli", correlation=parts.ids())
