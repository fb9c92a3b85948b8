"""How the providers do at this moment, and the word that one is to be asked again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from application.gateway.health import ResetHealth, health_of, reset_health
from application.ports import Place
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.gateway.health import Lately, State, Window
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page
from interfaces.http.base.position import written


class ProviderHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The last minute of a model, seen by all processes. `own`: with this tenant's key, else with the deployment's.

    `success_rate` is 0 to 1, latencies are of successful calls in ms, within 5 %; null where there are too few for them. Of one that is not healthy `since` says since when, `until` how
    long it is left alone, `reason` why; `probing`: the next call, or one that is under way, shows whether it is back.
    """

    provider: str
    model: str
    own: bool
    state: State
    calls: int
    success_rate: float | None
    p50_ms: float | None
    p95_ms: float | None
    since: datetime | None
    until: datetime | None
    reason: str | None


class ResetIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without `model` all models of the provider."""

    provider: Annotated[str, Meta(min_length=1, max_length=100)]
    model: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


@get("/v1/providers/health", scope="analytics:view")
async def read(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Page[ProviderHealth]:
    """The models that were called within an hour, on one page."""
    found = await health_of(
        principal.tenant, health=services.health, store=services.store, catalogue=services.catalogue
    )
    now = services.clock().timestamp()
    shown = [shown_health(place, lately, now) for place, lately in found.items()]
    return Page(sorted(shown, key=lambda each: (each.provider, each.model, each.own)), None)


@post("/v1/providers/health/reset", status_code=200, scope="integrations:manage")
async def reset(
    data: JSONBody[ResetIn],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    context: NamedDependency[Context],
) -> Response[Page[ProviderHealth]]:
    """Forget how a provider, or one of its models, did: it is asked again at once, by everybody here. Who said so is on record.

    `items` are the models that were meant and were called lately; where there are none nothing is recorded.
    """
    places = await health_of(
        principal.tenant, health=services.health, store=services.store, catalogue=services.catalogue
    )
    done = await reset_health(
        ResetHealth(provider=data.provider, model=data.model),
        context,
        places=places,
        health=services.health,
        store=services.store,
        clock=services.clock,
    )
    now = services.clock().timestamp()
    shown = [shown_health(place, Lately(), now) for place in done.places]
    return Response(Page(shown, None), headers=await written(services, context.tenant, done.position))


def shown_health(place: Place, lately: Lately, now: float) -> ProviderHealth:
    window, sick = Window.of(lately, now), bool(lately.until)
    return ProviderHealth(
        provider=place.provider,
        model=place.model,
        own=place.owner is not None,
        state=lately.state(now),
        calls=window.calls,
        success_rate=window.success_rate,
        p50_ms=window.percentile(0.5),
        p95_ms=window.percentile(0.95),
        since=datetime.fromtimestamp(lately.since, UTC) if sick else None,
        until=datetime.fromtimestamp(lately.until, UTC) if sick else None,
        reason=lately.reason if sick else None,
    )


ROUTER = Router("/", route_handlers=[read, reset], tags=["providers"])
