"""Definitions and inputs that a tenant's figures go by."""

from __future__ import annotations

import msgspec
from litestar import Response, Router, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from application.insight.definitions import SetDefinitions, definitions_of, set_definitions
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.insight.definitions import Definitions, Used
from domain.insight.settings import InsightSettings
from interfaces.bootstrap import Services
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag


class DefinitionsOut(msgspec.Struct, frozen=True, kw_only=True):
    """`formulas`: version of the formulas. `version`: of the definitions, 0 where nothing was ever set; each answer of `/v1/analytics` that goes by them says
    it."""

    formulas: int
    version: int
    definitions: Definitions


@get("/v1/analytics/settings", scope="analytics:view")
async def read_settings(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[DefinitionsOut]:
    """What figures go by: the time zone, what counts as what, what it is worth, what is aimed at."""
    used = await definitions_of(principal.tenant, store=services.store)
    return Response(_shown(used), headers=tag(used.version))


@put("/v1/analytics/settings", scope="integrations:manage", versioned=one(InsightSettings.id_of))
async def replace_settings(
    data: JSONBody[Definitions], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[DefinitionsOut]:
    """Replace them as a whole; what is left out has its default again. Figures of all days go by them at once."""
    made = await set_definitions(
        SetDefinitions(definitions=data), context, store=services.store, clock=services.clock
    )
    used = await definitions_of(context.tenant, store=services.store)
    headers = await written(services, context.tenant, made.position, used.version)
    return Response(_shown(used), headers=headers)


def _shown(used: Used) -> DefinitionsOut:
    return DefinitionsOut(formulas=used.formulas, version=used.version, definitions=used.values)


ROUTER = Router("/", route_handlers=[read_settings, replace_settings], tags=["analytics"])
