"""The command that proves what must hold after every event."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from uuid import UUID

import click

from application.budgets.charges import differences
from domain.audit.invariants import INVARIANTS, Invariants, Violation
from domain.base.aggregate import NIL
from domain.base.money import usd
from domain.budgets.budget import TALLIES
from domain.budgets.spending import changes_by
from interfaces.bootstrap import Services
from interfaces.cli.audit.look import tenant_or_all, tenants_of
from interfaces.cli.bar import Tell, counting
from interfaces.cli.base import console, data_option, json_option, print_json, with_services

PAGE = 2000
TALLIED = "the tallies of spending are the sums of the log"


@click.command()
@tenant_or_all
@data_option
@json_option
def invariants(tenant_id: UUID | None, data: Path | None, as_json: bool) -> None:
    """Prove what must hold after every event, for each prefix of the log. Exit status 1: something does not hold."""

    async def do(parts: Services) -> dict[UUID, Invariants]:
        found = {}
        for tenant in await tenants_of(parts, tenant_id):
            total = await parts.reads.head(tenant)
            with counting(f"tenant {tenant}", total, "events", quiet=as_json) as tell:
                found[tenant] = await proved(parts, tenant, tell)
        return found

    found = with_services(data, do)
    violations = [violation for each in found.values() for violation in each.violations]
    names = [*INVARIANTS, TALLIED]
    prefixes = sum(each.prefixes for each in found.values())
    if as_json:
        print_json({"prefixes": prefixes, "invariants": names, "violations": violations})
    else:
        for name in names:
            count = sum(violation.invariant == name for violation in violations)
            console.print(f"[red]✗[/red] {name}: {count}" if count else f"[green]✓[/green] {name}")
        for v in violations:
            console.print(
                f"  tenant {v.tenant}, event {v.position}, stream {v.stream}: {v.text}", markup=False
            )
        console.print(f"{prefixes} prefixes of {len(found)} tenants' logs")
    sys.exit(1 if violations else 0)


async def proved(parts: Services, tenant: UUID, tell: Tell = lambda _: None) -> Invariants:
    """All invariants over the tenant's log, and its tallies beside the log's sums."""
    tallied = await parts.store.tallies(tenant, TALLIES)
    invariants, sums, after = Invariants(), Counter[str](), 0
    while page := await parts.reader.page(tenant, after, PAGE):
        invariants.fold(page)
        after = page[-1].position
        tell(after)
        for recorded in page:
            if recorded.position <= tallied.position:
                sums.update(changes_by(recorded.event))
    for key, change in differences(sums, tallied.values).items():
        text = f"{key} is {usd(tallied.values.get(key, 0))} USD; by the log it is {usd(change)} more; retrace budget mend"
        invariants.violations.append(
            Violation(invariant=TALLIED, tenant=tenant, position=tallied.position, stream=NIL, text=text)
        )
    return invariants
