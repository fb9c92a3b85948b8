"""Rules of review: what is asked of whoever reviews corrections."""

from __future__ import annotations

import msgspec
from litestar import Response, Router, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from application.base.setting import load_setting
from application.feedback.correction import set_review_rules
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.feedback.review_rules import ReviewRules
from interfaces.bootstrap import Services
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag


class RulesIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`four_eyes`: whoever proposed a correction can't review it."""

    four_eyes: bool


class RulesOut(msgspec.Struct, frozen=True, kw_only=True):
    four_eyes: bool


@get("/v1/bot/corrections/review", scope="feedback:review")
async def read_rules(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[RulesOut]:
    """What is asked of whoever reviews."""
    rules = await load_setting(ReviewRules, principal.tenant, store=services.store)
    four_eyes = rules is not None and rules.state.four_eyes
    return Response(RulesOut(four_eyes=four_eyes), headers=tag(0 if rules is None else rules.version))


@put("/v1/bot/corrections/review", scope="tenants:admin", versioned=one(ReviewRules.id_of))
async def replace_rules(
    data: JSONBody[RulesIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[RulesOut]:
    """Say what is asked of whoever reviews, from now on."""
    changed = await set_review_rules(data.four_eyes, context, store=services.store, clock=services.clock)
    headers = await written(services, context.tenant, changed.position, changed.version)
    return Response(RulesOut(four_eyes=data.four_eyes), headers=headers)


ROUTER = Router("/", route_handlers=[read_rules, replace_rules], tags=["feedback"])
