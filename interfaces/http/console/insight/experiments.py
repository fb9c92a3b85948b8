"""Experiments: which there are, how far each has come, and how the arms of those that run do beside the first."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency

from application.experiments.results import results_of
from application.ports import Unavailable
from application.tenancy.authentication import Principal
from domain.experiments.experiment import Experiment
from interfaces.bootstrap import Services
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.formats import number
from interfaces.http.console.insight.board import Card, Column, Grid, board
from interfaces.http.experiments.experiment_shown import results_shown
from projections.experiments import Experiments, list_experiments

LISTED, DETAILED = 50, 5


@get("/console/insight/experiments", scope="analytics:view")
async def read(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
) -> Response[Any]:
    """The newest first."""
    tenant = principal.tenant
    async with services.reads.at(tenant, Experiments()) as sql:
        rows = await list_experiments(sql, tenant, limit=LISTED)
    found = await asyncio.gather(
        *(services.store.load(Experiment, row.experiment, tenant=tenant) for row in rows)
    )
    running = [each for each in found if each.state.status == "running"]
    return board(
        request,
        services,
        title="Experiment figures",
        span=None,
        about=f"The newest {LISTED}. Figures of the newest {DETAILED} that run are below.",
        cards=[Card("Running", number(len(running))), Card("All", number(len(found)))],
        grids=[
            Grid(
                caption="Experiments",
                columns=[
                    Column("Name", "text"),
                    Column("Status", "text"),
                    Column("Goal", "text"),
                    Column("Arms"),
                    Column("Traffic", "percent"),
                    Column("Created", "day"),
                ],
                rows=[_row(each, row.created_at) for each, row in zip(found, rows, strict=True)],
            ),
            *[await _results(each, tenant, services) for each in running[:DETAILED]],
        ],
    )


def _row(each: Experiment, created_at: Any) -> list[Any]:
    state, design = each.state, each.state.design
    return [design.name, state.status, design.goal, len(design.arms), state.traffic, created_at.date()]


async def _results(each: Experiment, tenant: UUID, services: Services) -> Grid:
    """One row an arm, by the goal; `better` is from `needed` on what it takes to be stopped for its benefit."""
    design = each.state.design
    columns = [
        Column("Arm", "text"),
        Column("Customers"),
        Column("Share", "percent"),
        Column(design.goal.replace("_", " "), "text"),
        Column("Evidence that it is better", "text"),
    ]
    try:
        came = await results_of(each, tenant, outcomes=services.outcomes, clock=services.clock)
    except Unavailable as late:
        return Grid(caption=design.name, columns=columns, rows=[], note=str(late))
    shown = results_shown(each, came)
    evidence = {x.arm: f"{x.better:.2f} of {x.needed:.2f}" for x in shown.comparisons}
    return Grid(
        caption=f"{design.name}: arms",
        note="Customers whose window is over. The evidence holds however often one looks.",
        columns=columns,
        rows=[
            [
                arm.name,
                arm.customers,
                arm.share,
                f"{figure.value:.3f} over {figure.count}"
                if (figure := arm.figures.get(shown.goal))
                else None,
                evidence.get(arm.name, "compared with"),
            ]
            for arm in shown.arms
        ],
    )


ROUTER = Router("/", route_handlers=[read], include_in_schema=False, exception_handlers=HANDLERS)
