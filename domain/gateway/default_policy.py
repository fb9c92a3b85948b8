"""The routing policy that a tenant has by default, once there is a provider's key. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from domain.gateway.policy import RoutingPolicy, Target, Tiers


class ProviderTiers(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's current models by tier, as the provider names them."""

    provider: str
    simple: str
    default: str
    complex: str
    large_context: str


def policy_by_default(providers: Sequence[ProviderTiers]) -> RoutingPolicy | None:
    """The tiers of the first provider; failover goes by tier: each provider's default model, then each one's simple one.

    None where there is no provider.
    """
    if not providers:
        return None
    first = providers[0]

    def target(model: str, why: str) -> Target:
        return Target(provider=first.provider, model=model, reason=f"by default: {why}")

    tiers = Tiers(
        simple_queries=target(first.simple, "quick and cheap, for plain questions"),
        default=target(first.default, "for most questions"),
        complex_reasoning=target(first.complex, "the strongest, for demanding questions"),
        large_context=target(first.large_context, "has room for a large context"),
    )
    failover = [f"{each.provider}/{each.default}" for each in providers]
    failover += [f"{each.provider}/{each.simple}" for each in providers]
    return RoutingPolicy(tiers=tiers, failover=tuple(dict.fromkeys(failover)))
