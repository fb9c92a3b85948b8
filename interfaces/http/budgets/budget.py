"""The budget for models: limits by day and month, and how they stand."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from application.budgets.budget import SetBudget, budget_of, set_budget
from application.budgets.status import BudgetStatus, budget_status
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.budgets.budget import Budget, BudgetLimits, BudgetState
from interfaces.bootstrap import Services
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag


class StandingOut(msgspec.Struct, frozen=True, kw_only=True):
    """USD. `remaining` is what the limit leaves beside `spent` and `reserved` (by calls under way, ahead of them, or for what providers may still bill), null without a limit, below zero
    when a limit was lowered. `alerts`: shares of the limit that were reached. `exhausted`: a call was not covered."""

    period: str
    limit: Decimal | None
    spent: Decimal
    reserved: Decimal
    remaining: Decimal | None
    alerts: tuple[float, ...]
    exhausted: bool


class BudgetOut(msgspec.Struct, frozen=True, kw_only=True):
    """`version` 0: no limit was ever set. `day` and `month` are today and this month, in UTC."""

    version: int
    limits: BudgetLimits
    day: StandingOut
    month: StandingOut


@get("/v1/budgets", scope="analytics:view")
async def read(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[BudgetOut]:
    """The limits, and what is spent, reserved and left of them today and this month."""
    shown = await _now(services, principal.tenant)
    return Response(shown, headers=tag(shown.version))


@put("/v1/budgets", scope="tenants:admin", versioned=one(Budget.id_of))
async def replace(
    data: JSONBody[BudgetLimits], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[BudgetOut]:
    """Put limits in the place of the present ones; what is left out has its default. They hold within a second."""
    return await _set(data, services, context)


@delete("/v1/budgets", scope="tenants:admin", status_code=200, versioned=one(Budget.id_of))
async def remove(
    services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[BudgetOut]:
    """No limits any more."""
    return await _set(BudgetLimits(), services, context)


async def _set(limits: BudgetLimits, services: Services, context: Context) -> Response[BudgetOut]:
    made = await set_budget(SetBudget(limits=limits), context, store=services.store, clock=services.clock)
    shown = await _now(services, context.tenant)
    return Response(shown, headers=await written(services, context.tenant, made.position, shown.version))


async def _now(services: Services, tenant: UUID) -> BudgetOut:
    budget = await budget_of(tenant, store=services.store)
    state, version = (BudgetState(), 0) if budget is None else (budget.state, budget.version)
    today = services.clock().date()
    day, month = await budget_status(state.limits, today, tenant=tenant, store=services.store)
    return BudgetOut(version=version, limits=state.limits, day=_shown(day, state), month=_shown(month, state))


def _shown(status: BudgetStatus, state: BudgetState) -> StandingOut:
    return StandingOut(
        period=status.period,
        limit=status.limit,
        spent=status.spent,
        reserved=status.reserved,
        remaining=status.remaining,
        alerts=state.alerts.get(status.period, ()),
        exhausted=status.period in state.exhausted,
    )


ROUTER = Router("/", route_handlers=[read, replace, remove], tags=["providers"])
