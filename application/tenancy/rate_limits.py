"""A tenant's rate limits: set by itself, granted by the operator, and what holds."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.base.setting import change_setting, latest_setting, load_setting
from application.ports import Clock, Store
from domain.base.context import Context
from domain.tenancy.rate_limits import RateLimits, RateLimitsState, Rates


class SetRateLimits(msgspec.Struct, frozen=True, kw_only=True):
    """`granted`: by the deployment's operator; else the tenant bounds itself."""

    rates: Rates
    granted: bool = False


class RateLimitsSet(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is 0 when it was so already."""

    version: int
    position: int


async def set_rate_limits(
    command: SetRateLimits, context: Context, *, store: Store, clock: Clock
) -> RateLimitsSet:
    """Every process holds to them within a second. Raises Invalid."""
    command.rates.check()

    def decide(limits: RateLimits) -> None:
        if command.granted:
            limits.grant(command.rates, clock())
        else:
            limits.set(command.rates, clock())

    changed = await change_setting(RateLimits, decide, context, store=store, clock=clock)
    return RateLimitsSet(version=changed.version, position=changed.position)


async def rate_limits_of(tenant: UUID, *, store: Store) -> tuple[RateLimitsState, int]:
    """What was set and granted, as of now, and its version; 0: nothing ever was."""
    found = await load_setting(RateLimits, tenant, store=store)
    return (RateLimitsState(), 0) if found is None else (found.state, found.version)


async def rates_of(tenant: UUID, defaults: Rates, *, store: Store) -> Rates:
    """What holds, at most a second old."""
    found = await latest_setting(RateLimits, tenant, store=store)
    return defaults if found is None else found.state.effective(defaults)
