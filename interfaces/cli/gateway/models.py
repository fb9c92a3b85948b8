"""`retrace models`: the catalogue, and files that bring it up to date."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from application.models.catalogue import catalogue_of
from application.models.import_prices import CatalogueImported, ImportCatalogue, import_catalogue
from application.models.price_file import read_offer
from domain.base.context import Context
from domain.models.catalogue import Catalogue, Model
from domain.models.pricing import Price
from infra.providers.catalogue import load_catalogue
from interfaces.bootstrap import Services, utc_now
from interfaces.cli.audit.look import tenants_of
from interfaces.cli.bar import counting
from interfaces.cli.base import console, data_option, json_option, print_json, print_table, with_services
from interfaces.cli.named_tenant import tenant_id

LARGEST = 100_000_000
"""Bytes of a price file; LiteLLM's has about two million."""

for_tenant = click.option(
    "--tenant", "tenant_id", type=tenant_id, help="with this tenant's own models and prices"
)


@click.group()
def models() -> None:
    """The catalogue of models and prices."""


@models.command("list")
@for_tenant
@click.option("--all", "everything", is_flag=True, help="retired ones too")
@data_option
@json_option
def list_models(tenant_id: UUID | None, everything: bool, data: Path | None, as_json: bool) -> None:
    """Models with windows, prices in force (USD per million tokens), retirement and successor."""

    async def do(parts: Services) -> Catalogue:
        assert tenant_id is not None
        return await catalogue_of(tenant_id, store=parts.store, shipped=parts.catalogue)

    catalogue = load_catalogue() if tenant_id is None else with_services(data, do)
    now = utc_now()
    shown = [model for model in catalogue.models() if everything or not model.retired(now)]
    if as_json:
        print_json([_facts(model, catalogue.price(model.provider, model.name, now)) for model in shown])
        return
    columns = [
        "model",
        "for",
        "window",
        "input",
        "cached",
        "output",
        "since",
        "until",
        "retires",
        "successor",
    ]
    print_table(catalogue.name, columns, [_row(catalogue, model, now) for model in shown])
    if any(model.assumed for model in shown):
        console.print("~ a careful guess: the vendor's figure was not at hand", style="dim")


@models.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tenant", "tenant_id", type=tenant_id, help="for this tenant only; otherwise for all")
@data_option
@json_option
def import_models(file: Path, tenant_id: UUID | None, data: Path | None, as_json: bool) -> None:
    """Take over models and prices from FILE, in the form of LiteLLM's model_prices_and_context_window.json.

    A file that can't be whole is refused. What was charged before stays as it is.
    """
    if file.stat().st_size > LARGEST:
        raise click.BadParameter(f"{file.name} has more than {LARGEST} bytes")
    content = file.read_bytes()

    async def do(parts: Services) -> list[CatalogueImported]:
        command = ImportCatalogue(offer=read_offer(file.name, content, parts.clock()))
        done = list[CatalogueImported]()
        tenants = await tenants_of(parts, tenant_id)
        with counting("importing", len(tenants), "tenants", quiet=as_json) as tell:
            for tenant in tenants:
                context = Context(tenant=tenant, actor="operator:cli", correlation=parts.ids())
                done.append(
                    await import_catalogue(
                        command, context, store=parts.store, shipped=parts.catalogue, clock=parts.clock
                    )
                )
                tell(len(done))
        return done

    done = with_services(data, do)
    if as_json:
        print_json(done)
        return
    for each in done:
        _print_imported(each)
    if not done:
        console.print("there is no tenant yet; nothing was imported")


def _print_imported(done: CatalogueImported) -> None:
    console.print(
        f"tenant {done.tenant}: {len(done.added)} added, {len(done.changed)} changed, {done.unchanged} as they were, "
        f"{done.missing} known ones are not in the file",
        style="bold",
        soft_wrap=True,
    )
    for sign, some in (("+", done.added), ("~", done.changed)):
        for id in some:
            console.print(f"  {sign} {id}", markup=False)
    for reason, count in sorted(done.left_out.items()):
        console.print(f"  left out: {count} {reason}", style="dim", markup=False)


def _row(catalogue: Catalogue, model: Model, now: datetime) -> list[Any]:
    price = catalogue.price(model.provider, model.name, now)
    window = f"{'~' if model.assumed else ''}{model.context_window:,}"
    retires = model.retires_at.date() if model.retires_at else None
    figures: list[Any] = [None] * 5
    if price is not None:
        since, until = price.id.rpartition("@")[2], price.until.date() if price.until else None
        figures = [price.input, price.cached, price.output, since, until]
    return [model.id, model.kind, window, *figures, retires, model.successor]


def _facts(model: Model, price: Price | None) -> dict[str, Any]:
    return {"id": model.id, "model": model, "price_id": price.id if price else None, "price": price}
