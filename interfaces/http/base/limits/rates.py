"""Rate limits: how many requests of each kind a minute. What is more is refused at once, before its body is read, and says when to come again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar.connection import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from application.ports import Rate
from application.tenancy.rate_limits import rates_of
from domain.base.errors import RateLimited
from domain.tenancy.rate_limits import Rates, burst_of
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import caller_in
from interfaces.http.base.gate import without_key

WHAT = {
    "requests": "requests",
    "requests_per_key": "requests with this key",
    "answers": "messages and completions",
    "messages_per_customer": "messages of this customer",
    "uploads": "documents",
    "searches": "searches",
    "ratings_per_interaction": "ratings of this interaction",
    "ratings_per_address": "ratings from this address",
}


class Rated(ASGIMiddleware):
    """Those of the tenant, of its key, and of the kind that a route names (`rate` in its options). The operator's are not counted."""

    scopes = (ScopeType.HTTP,)
    should_bypass_for_scope = staticmethod(without_key)

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: Request[Any, Any, Any] = Request(scope, receive)
        handler = request.route_handler
        if (principal := caller_in(request).principal) is not None:
            named = [("requests", ""), ("requests_per_key", principal.key)]
            if (kind := handler.opt.get("rate")) is not None:
                named.append((kind, ""))
            await take(principal.tenant, named, self._services)
        await next_app(scope, receive, send)


async def take(tenant: UUID, named: Sequence[tuple[str, str]], services: Services) -> None:
    """One of each limit: (its name, whose it is within the tenant). Raises RateLimited."""
    rates = (await rates_of(tenant, defaults_of(services), store=services.store)).given
    wanted = [(name, rate, whose) for name, whose in named if (rate := rates[name])]
    over = services.rate_limiter.take(
        [Rate(f"{tenant.hex}:{name}:{whose}", rate / 60, burst_of(rate)) for name, rate, whose in wanted]
    )
    if over is not None:
        name, rate, _ = wanted[over.place]
        raise RateLimited(
            f"more than {rate} {WHAT[name]} a minute came, which is the limit; try again when Retry-After says",
            limit=name,
            retry_after=over.wait,
        )


async def take_customers(tenant: UUID, channel: str, address: str, services: Services) -> None:
    """One of a customer's messages. Raises RateLimited."""
    whose = await services.keyring.identify(tenant, "rate", channel, address)
    await take(tenant, [("messages_per_customer", str(whose))], services)


async def take_ratings(tenant: UUID, interaction: UUID, address: str | None, services: Services) -> None:
    """One of an answer's ratings; `address`: from which it comes, where that is all that is known of who sends it. Raises RateLimited."""
    named = [("ratings_per_interaction", interaction.hex)]
    if address is not None:
        whose = await services.keyring.identify(tenant, "rate", "address", address)
        named.append(("ratings_per_address", str(whose)))
    await take(tenant, named, services)


def defaults_of(services: Services) -> Rates:
    """What the deployment gives to everybody."""
    settings = services.settings
    return Rates(**{name: getattr(settings, f"rate_{name}") for name in WHAT})
