"""`retrace replay prices`: recorded calls at the prices of another table."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import click

from application.models.catalogue import catalogue_of
from application.models.price_file import read_offer
from application.replay.prices import reprice
from domain.base.aggregate import EPOCH
from domain.models.catalogue import Catalogue
from domain.replay.repricing import Repricing, Table, as_recorded, under
from domain.replay.saving import Interval
from infra.providers.catalogue import load_catalogue
from infra.providers.usage_forms import load_forms
from interfaces.bootstrap import Services
from interfaces.cli.audit.events import FORMATS
from interfaces.cli.bar import counting
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    print_json,
    print_table,
    tenant_option,
    with_services,
)

MOMENTS = click.DateTime(["%Y-%m-%d", *FORMATS])


@click.command()
@tenant_option
@click.option(
    "--table",
    "wanted",
    default="current",
    show_default=True,
    help="as-recorded, current, or a file: a catalogue (.toml), or prices in LiteLLM's form (.json)",
)
@click.option(
    "--since",
    type=MOMENTS,
    metavar="TIME",
    help="calls that began then or later; a day is its midnight in UTC",
)
@click.option("--until", type=MOMENTS, metavar="TIME", help="calls that began before")
@click.option("--rows", type=click.IntRange(0, 100_000), default=1000, show_default=True, help="rows shown")
@data_option
@json_option
def prices(
    tenant_id: UUID,
    wanted: str,
    since: datetime | None,
    until: datetime | None,
    rows: int,
    data: Path | None,
    as_json: bool,
) -> None:
    """What recorded calls would have cost at other prices, from their raw usage. Nothing is written."""

    async def do(parts: Services) -> Repricing:
        catalogue = await catalogue_of(tenant_id, store=parts.store, shipped=parts.catalogue)
        head = await parts.reads.head(tenant_id)
        with counting("repricing", head, "events", quiet=as_json) as tell:
            return await reprice(
                tenant_id,
                _table(wanted, catalogue),
                since=_moment(since),
                until=_moment(until),
                limit=rows,
                store=parts.store,
                tell=tell,
            )

    found = with_services(data, do)
    if as_json:
        print_json(found)
    else:
        _print(found)


def _table(wanted: str, catalogue: Catalogue) -> Table:
    if wanted == "as-recorded":
        return as_recorded(catalogue)
    if wanted == "current":
        return under(catalogue, load_forms())
    file = Path(wanted)
    if not file.is_file():
        raise click.BadParameter(f"--table is as-recorded, current or a file; there is no file {wanted!r}")
    if file.suffix == ".toml":
        return under(load_catalogue(file), load_forms())
    content = file.read_bytes()
    offer = read_offer(file.name, content, EPOCH)
    named = f"{file.name}, SHA-256 {hashlib.sha256(content).hexdigest()[:16]}"
    prices = {id: [price] for id, price in offer.prices.items()}
    return under(Catalogue(offer.models, prices, name=named), load_forms())


def told_mean(mean: Interval) -> str:
    """With its interval at 95 %, where there are enough figures for one."""
    reach = "" if mean.low is None or mean.high is None else f" [{mean.low:+.3g} to {mean.high:+.3g}]"
    return f"{mean.estimate:+.3g}{reach}"


def _moment(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time


def _print(found: Repricing) -> None:
    rows = [
        [
            row.position,
            f"{row.provider}/{row.served or row.model}",
            f"${row.recorded}",
            row.recorded_price,
            "no price" if row.new is None else f"${row.new}",
            row.new_price,
        ]
        for row in found.rows
    ]
    if rows:
        columns = ["position", "model", "recorded", "by", "new", "by"]
        print_table("calls that cost something else", columns, rows)
    if found.rows_left_out:
        console.print(f"  and {found.rows_left_out} more", style="dim")
    sums = [
        [each.day, each.model, each.calls, each.different, f"${each.recorded}", f"${each.new}", each.unpriced]
        for each in found.sums
    ]
    columns = ["day", "model", "calls", "different", "as recorded", "new", "without a price"]
    print_table(f"sums; new: {found.table}", columns, sums)
    console.print(
        f"{found.calls} calls, {found.different} cost something else: recorded ${found.recorded}, "
        f"new ${found.new} ({found.table}); {told_mean(found.mean_difference)} USD a call",
        style="bold",
        markup=False,
        soft_wrap=True,
    )
    if found.unpriced:
        console.print(f"{found.unpriced} calls have no price in this table and are missing in its sums")
