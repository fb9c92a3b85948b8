"""Features: on, off, on for a part; and their rollouts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from application.base.setting import load_setting
from application.flags.flag import (
    GRACE,
    ConfirmRollout,
    FlagsChanged,
    StartRollout,
    StopRollout,
    SwitchFlag,
    confirm_rollout,
    judge_rollout,
    start_rollout,
    stop_rollout,
    switch_flag,
)
from application.ports import Seen
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.flags.comparison import Compared, assigned_as_meant, compare
from domain.flags.feature import FEATURES, Percentage, Setting
from domain.flags.flag import Ended, Flags, FlagsState
from domain.flags.flag import Rollout as Running
from domain.flags.outcome import MEASURES, OFF, ON, Figure, Metric
from domain.flags.rollout import Plan
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag
from projections.outcomes import Outcomes, closed_outcomes

Name = Annotated[str, PathParameter(max_length=60, description="The flag's name, as the list has it.")]


class FlagIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    on: bool | None = None
    percentage: Percentage | None = None


class StopIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`back`: the flag becomes what it was before the rollout; else it stays as it is now."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    back: bool = False


class Mean(msgspec.Struct, frozen=True, kw_only=True):
    """Over `count` answers, ratings, customers or helpful answers (`per`), of so many `customers`. `typical`: of latency and cost the geometric
    mean, which the tests go by."""

    mean: float
    per: str
    count: int
    customers: int
    typical: float | None


class RolloutOut(msgspec.Struct, frozen=True, kw_only=True):
    """In step `step` of the plan, counted from 0, since `since`; it holds at least until `until`. `held`: it has held, and waits to be
    confirmed. `on` and `off`: what came of closed customers, with the feature and without.

    `evidence`: of each test (metric.side) the highest so far, as a logarithm; the rollout goes back where one comes to `needed`. `compared`: with
    the feature beside without, in intervals that hold at any look. `hardly_found`: what a rollout of this kind does not find in its usual
    time. `assignment`: p of the χ² test that the sides are as large as they were meant to be; below 0.001 no figure here means anything.
    """

    id: UUID
    plan: Plan
    step: int
    since: datetime
    until: datetime
    held: bool
    before: Setting
    on: dict[Metric, Mean]
    off: dict[Metric, Mean]
    evidence: Mapping[str, float]
    needed: float
    compared: dict[Metric, Compared]
    hardly_found: list[str]
    assignment: float


class FlagOut(msgspec.Struct, frozen=True, kw_only=True):
    """On for `percentage` of the subjects. `rollout` is the one under way, `ended` how the last one ended."""

    name: str
    description: str
    subject: Literal["conversation", "tenant"]
    on: bool
    percentage: int
    default: Setting
    rollout: RolloutOut | None
    ended: Ended | None


@get("/v1/flags", scope="analytics:view")
async def list_all(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[Page[FlagOut]]:
    """All features, whether they are on, for how many, and how their rollouts do. `next_cursor` is always null."""
    flags = await load_setting(Flags, principal.tenant, store=services.store)
    state, version = (FlagsState(), 0) if flags is None else (flags.state, flags.version)
    shown = [await _shown(services, principal.tenant, name, state) for name in sorted(FEATURES)]
    return Response(Page(shown, None), headers=tag(version))


@put("/v1/flags/{flag:str}", scope="integrations:manage", versioned=one(Flags.id_of))
async def switch(
    flag: Name,
    data: JSONBody[FlagIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[FlagOut]:
    """Switch a feature on or off, or set for how many it is on. Everywhere within a second."""
    if data.on is None and data.percentage is None:
        raise Invalid("give on or percentage")
    command = SwitchFlag(flag=flag, on=data.on, percentage=data.percentage)
    changed = await switch_flag(command, context, store=services.store, clock=services.clock)
    return await _response(services, context.tenant, flag, changed)


@post("/v1/flags/{flag:str}/rollout", status_code=201, scope="models:deploy", versioned=one(Flags.id_of))
async def start(
    flag: Name,
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    data: JSONBody[Plan | None] = None,
) -> Response[FlagOut]:
    """Begin a gradual rollout: 10 %, 50 %, 100 %, each held for 48 h, unless the body has another plan.

    It goes back by itself when answers fail more often, help less often, or take longer, for those that have the feature.
    """
    command = StartRollout(flag=flag, plan=data or Plan())
    changed = await start_rollout(
        command, context, store=services.store, clock=services.clock, ids=services.ids
    )
    return await _response(services, context.tenant, flag, changed, 201)


@post(
    "/v1/flags/{flag:str}/rollout/confirm", status_code=200, scope="models:deploy", versioned=one(Flags.id_of)
)
async def confirm(
    flag: Name, services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[FlagOut]:
    """Let the next step begin, where the plan waits for that and the present step has held."""
    changed = await confirm_rollout(
        ConfirmRollout(flag=flag), context, store=services.store, clock=services.clock
    )
    return await _response(services, context.tenant, flag, changed)


@post("/v1/flags/{flag:str}/rollout/stop", status_code=200, scope="models:deploy", versioned=one(Flags.id_of))
async def stop(
    flag: Name,
    data: JSONBody[StopIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[FlagOut]:
    """End a rollout where it is, or go back."""
    command = StopRollout(flag=flag, reason=data.reason, back=data.back)
    changed = await stop_rollout(command, context, store=services.store, clock=services.clock)
    return await _response(services, context.tenant, flag, changed)


async def _response(
    services: Services, tenant: UUID, flag: str, changed: FlagsChanged, status: int = 200
) -> Response[FlagOut]:
    shown = await _shown(services, tenant, flag, changed.state)
    headers = await written(services, tenant, changed.position, changed.version)
    return Response(shown, status_code=status, headers=headers)


async def _shown(services: Services, tenant: UUID, name: str, state: FlagsState) -> FlagOut:
    feature, setting = FEATURES[name], state.setting(name)
    running, rollout = state.rollouts.get(name), None
    if running is not None:
        until = services.clock() - GRACE
        async with services.reads.at(tenant, Outcomes()) as sql:
            seen = await closed_outcomes(sql, tenant, running.id, new=ON, beside=OFF, until=until)
        rollout = await asyncio.to_thread(_rollout, running, Seen(position=0, until=until, outcomes=seen))
    return FlagOut(
        name=name,
        description=feature.description,
        subject=feature.subject,
        on=setting.on,
        percentage=setting.percentage,
        default=feature.default,
        rollout=rollout,
        ended=state.ended.get(name),
    )


def _rollout(running: Running, seen: Seen) -> RolloutOut:
    judgement = judge_rollout(running, seen)
    looked_at = dict.fromkeys(metric for metric, _, _ in running.plan.limits.tests())
    return RolloutOut(
        id=running.id,
        plan=running.plan,
        step=running.step,
        since=running.since,
        until=running.until,
        held=running.held,
        before=running.before,
        on=_means(judgement.sides.on),
        off=_means(judgement.sides.off),
        evidence=judgement.evidence,
        needed=judgement.needed,
        compared={metric: compare(metric, seen.outcomes) for metric in looked_at},
        hardly_found=[MEASURES[metric].unfound for metric in looked_at],
        assignment=assigned_as_meant(seen.outcomes),
    )


def _means(figures: Mapping[Metric, Figure]) -> dict[Metric, Mean]:
    return {
        metric: Mean(
            mean=figure.mean,
            per=MEASURES[metric].per,
            count=figure.count,
            customers=figure.customers,
            typical=figure.typical,
        )
        for metric, figure in figures.items()
        if figure.count
    }


ROUTER = Router("/", route_handlers=[list_all, switch, start, confirm, stop], tags=["flags"])
