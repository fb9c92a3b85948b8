"""Features: on, off, on for a part; and their rollouts."""

from __future__ import annotations

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
    ConfirmRollout,
    FlagsChanged,
    StartRollout,
    StopRollout,
    SwitchFlag,
    confirm_rollout,
    start_rollout,
    stop_rollout,
    switch_flag,
)
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.flags.feature import FEATURES, Percentage, Setting
from domain.flags.flag import Ended, Flags, FlagsState
from domain.flags.flag import Rollout as Running
from domain.flags.rollout import Metric, Plan, Sides
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag
from projections.rollouts import Rollouts, sides_of

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
    answers: int
    mean: float


class RolloutOut(msgspec.Struct, frozen=True, kw_only=True):
    """In step `step` of the plan, counted from 0, since `since`; it holds at least until `until`. `held`: it has held, and waits to be
    confirmed. `on` and `off`: how answers did in this step, with the feature and without."""

    id: UUID
    plan: Plan
    step: int
    since: datetime
    until: datetime
    held: bool
    before: Setting
    on: dict[Metric, Mean]
    off: dict[Metric, Mean]


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

    It goes back by itself when answers fail more often, or take longer, for those that have the feature.
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
        async with services.reads.at(tenant, Rollouts()) as sql:
            rollout = _rollout(running, await sides_of(sql, tenant, running.id, running.step))
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


def _rollout(running: Running, sides: Sides) -> RolloutOut:
    on, off = (
        {metric: Mean(answers=figure.count, mean=figure.mean) for metric, figure in side.items()}
        for side in (sides.on, sides.off)
    )
    return RolloutOut(
        id=running.id,
        plan=running.plan,
        step=running.step,
        since=running.since,
        until=running.until,
        held=running.held,
        before=running.before,
        on=on,
        off=off,
    )


ROUTER = Router("/", route_handlers=[list_all, switch, start, confirm, stop], tags=["flags"])
