"""Commands for budgets."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from application.budgets.budget import budget_of
from application.budgets.charges import mend_tallies
from application.budgets.status import BudgetStatus, budget_status
from domain.base.context import Context
from domain.base.money import usd
from domain.budgets.budget import BudgetState
from interfaces.bootstrap import Services
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    print_json,
    print_table,
    tenant_option,
    with_services,
)


@click.group()
def budget() -> None:
    """What a tenant may spend on models, and has spent."""


@budget.command("show")
@tenant_option
@data_option
@json_option
def show(tenant_id: UUID, data: Path | None, as_json: bool) -> None:
    """Limits, and what is spent and reserved today and this month (UTC)."""

    async def do(parts: Services) -> tuple[BudgetStatus, ...]:
        found = await budget_of(tenant_id, store=parts.store)
        state = BudgetState() if found is None else found.state
        return await budget_status(state.limits, parts.clock().date(), tenant=tenant_id, store=parts.store)

    found = with_services(data, do)
    if as_json:
        print_json(found)
        return
    rows = [
        [each.period, "none" if each.limit is None else each.limit, each.spent, each.reserved, each.remaining]
        for each in found
    ]
    print_table(None, ["period", "limit", "spent", "reserved", "remaining"], rows)


@budget.command("mend")
@tenant_option
@data_option
@json_option
def mend(tenant_id: UUID, data: Path | None, as_json: bool) -> None:
    """Make the tallies of spending the sums of the log again, while calls go on; what was changed is an event."""

    async def do(parts: Services) -> dict[str, int]:
        context = Context(tenant=tenant_id, actor="operator:cli", correlation=parts.ids())
        return await mend_tallies(context, store=parts.store, clock=parts.clock)

    changes = {key: usd(change) for key, change in with_services(data, do).items()}
    if as_json:
        print_json(changes)
    elif changes:
        print_table(None, ["tally", "changed by (USD)"], [[key, change] for key, change in changes.items()])
    else:
        console.print("the tallies are the sums of the log")
