"""The schedule of fine-tuning: a job a month."""

from __future__ import annotations

import msgspec
from litestar import Response, Router, delete, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from application.base.setting import load_setting
from application.learning.tuning.schedule import SetSchedule, set_schedule
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.learning.tuning_schedule import Monthly, TuningSchedule
from interfaces.bootstrap import Services
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag
from interfaces.http.learning.tuning_forms import MonthlyIn, ScheduleOut


@get("/v1/fine-tuning/schedule", scope="analytics:view")
async def read_schedule(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[ScheduleOut]:
    """What is tuned each month."""
    found = await load_setting(TuningSchedule, principal.tenant, store=services.store)
    if found is None:
        return Response(ScheduleOut(monthly=None, last=None), headers=tag(0))
    return Response(_schedule(found), headers=tag(found.version))


@put("/v1/fine-tuning/schedule", scope="models:deploy", versioned=one(TuningSchedule.id_of))
async def replace_schedule(
    data: JSONBody[MonthlyIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[ScheduleOut]:
    """Tune a model each month, on its first day, once there are enough new examples."""
    monthly = Monthly(**msgspec.structs.asdict(data))
    return await _schedule_set(monthly, services, context)


@delete(
    "/v1/fine-tuning/schedule", status_code=200, scope="models:deploy", versioned=one(TuningSchedule.id_of)
)
async def remove_schedule(
    services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[ScheduleOut]:
    """Tune nothing by itself any more; jobs under way go on."""
    return await _schedule_set(None, services, context)


async def _schedule_set(
    monthly: Monthly | None, services: Services, context: Context
) -> Response[ScheduleOut]:
    changed = await set_schedule(SetSchedule(monthly=monthly), context, services)
    headers = await written(services, context.tenant, changed.position, changed.version)
    return Response(_schedule(changed.setting), headers=headers)


def _schedule(found: TuningSchedule) -> ScheduleOut:
    return ScheduleOut(monthly=found.state.monthly, last=found.state.last)


ROUTER = Router("/", route_handlers=[read_schedule, replace_schedule, remove_schedule], tags=["learning"])
