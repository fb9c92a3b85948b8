"""The cell that a command is about: the one that `retrace --cell NAME` names, or that has the tenant."""

from __future__ import annotations

from uuid import UUID

import click

from domain.base.errors import Invalid, Moved
from infra.postgres.cell import Cell
from infra.postgres.database import Database
from infra.postgres.directory import CellDirectory
from infra.settings import Settings


def cell_named() -> str | None:
    """By the option of the command line."""
    context = click.get_current_context(silent=True)
    return None if context is None else context.find_root().params.get("cell")


async def left_behind(settings: Settings, tenant: UUID, there: str) -> tuple[str, Settings]:
    """The cell from which a tenant has moved to `there`, where something of it may lie yet. Raises Invalid where it came from none."""
    for name, each in settings.by_cell.items():
        cell = Cell(str(each.database_url), each.master())
        async with Database(cell, role="retrace_runner", size=1) as system:
            try:
                await CellDirectory(system).has(tenant)
            except Moved as moved:
                if moved.facts["place"] == there:
                    return name, each
    raise Invalid(f"tenant {tenant} is in the cell {there} already")


async def cell_of(settings: Settings, tenant: UUID | None) -> tuple[str, Settings]:
    """Its name and its settings. A tenant that none has is looked for in the first one. Raises Invalid where there are several and none is named."""
    cells, named = settings.by_cell, cell_named()
    if named is not None:
        if named not in cells:
            raise Invalid(f"there is no cell {named!r}; there are: {', '.join(cells)}")
        return named, cells[named]
    if len(cells) == 1:
        return next(iter(cells.items()))
    if tenant is None:
        raise Invalid(
            f"this deployment has several databases ({', '.join(cells)}), and this is about one of them: retrace --cell NAME …"
        )
    gone = None
    for name, each in cells.items():
        async with Database(
            Cell(str(each.database_url), each.master()), role="retrace_runner", size=1
        ) as system:
            try:
                if await CellDirectory(system).has(tenant):
                    return name, each
            except Moved:
                gone = name, each  # to another cell, or out of the deployment: then it says where
    return gone or next(iter(cells.items()))
