"""Features: on, off, on for a part; and their rollouts."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

from litestar import Response, Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from application.base.setting import load_setting
from application.flags.flag import (
    GRACE,
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
from application.ports import Seen
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.flags.feature import FEATURES
from domain.flags.flag import Flags, FlagsState
from domain.flags.outcome import OFF, ON
from domain.flags.plan import Plan
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag
from interfaces.http.flags.flag_forms import FlagIn, FlagOut, StopIn, rollout_out
from projections.outcomes import Outcomes, closed_outcomes

Name = Annotated[str, PathParameter(max_length=60, description="The flag's name, as the list has it.")]


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
        rollout = await asyncio.to_thread(rollout_out, running, Seen(position=0, until=until, outcomes=seen))
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


ROUTER = Router("/", route_handlers=[list_all, switch, start, confirm, stop], tags=["flags"])
