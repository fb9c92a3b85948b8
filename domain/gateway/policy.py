"""A tenant's routing policy: which model for which kind of question. Pure.

What decides, the first that applies:

| by | when | the model is |
|---|---|---|
| pinned | the request names a model | that one |
| experiment | the customer's arm of one has a model, a policy or a default model | the arm's |
| deployment | their arm of one has | the arm's |
| budget | the budget is gone and degrades | the cheapest of the tiers |
| large_context | the context has more than 100,000 tokens | that of `large_context` |
| score | there is a policy: < 0.3 simple, > 0.7 complex, else default | that of the tier |
| configuration | there is none | the agent configuration's default |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from domain.base.errors import Invalid
from domain.base.patterns import MODEL, MODEL_ID, PROVIDER
from domain.gateway.complexity import Complexity
from domain.gateway.decision import Routing, Tier

Share = Annotated[float, Meta(ge=0, le=1)]
ModelId = Annotated[str, Meta(min_length=3, max_length=300, pattern=MODEL_ID)]
"""provider/name."""


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model of a tier, and why it is that one: `reason` stands on each interaction that it answers."""

    provider: Annotated[str, Meta(min_length=1, max_length=60, pattern=PROVIDER)]
    model: Annotated[str, Meta(min_length=1, max_length=200, pattern=MODEL)]
    reason: Annotated[str, Meta(min_length=1, max_length=500)]

    @property
    def id(self) -> str:
        """provider/model."""
        return f"{self.provider}/{self.model}"


class Thresholds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Scores from 0 to 1, context in tokens. What lies on a threshold is `default`."""

    simple_below: Share = 0.3
    complex_above: Share = 0.7
    large_context_above: Annotated[int, Meta(ge=1_000, le=100_000_000)] = 100_000


class Tiers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    simple_queries: Target
    default: Target
    complex_reasoning: Target
    large_context: Target

    def of(self, tier: Tier) -> Target:
        targets = {"simple": self.simple_queries, "complex": self.complex_reasoning}
        targets |= {"default": self.default, "large_context": self.large_context}
        return targets[tier]


class RoutingPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`failover`: who is asked next, in order, when the chosen model fails; None: the agent configuration's fallback models."""

    tiers: Tiers
    thresholds: Thresholds = Thresholds()
    failover: Annotated[tuple[ModelId, ...], Meta(max_length=20)] | None = None

    @property
    def tier_models(self) -> tuple[str, ...]:
        """provider/model of all tiers, each once, those for plain questions first."""
        tiers = self.tiers
        all = (tiers.simple_queries, tiers.default, tiers.complex_reasoning, tiers.large_context)
        return tuple(dict.fromkeys(target.id for target in all))

    @property
    def models(self) -> tuple[str, ...]:
        """All that it names."""
        return tuple(dict.fromkeys((*self.tier_models, *(self.failover or ()))))

    def renamed(self, written: Callable[[str], str]) -> RoutingPolicy:
        """With each provider/model as `written` writes it."""

        def target(of: Target) -> Target:
            provider, _, model = written(of.id).partition("/")
            return msgspec.structs.replace(of, provider=provider, model=model)

        names = Tiers.__struct_fields__
        tiers = Tiers(**{name: target(getattr(self.tiers, name)) for name in names})
        failover = None if self.failover is None else tuple(map(written, self.failover))
        return msgspec.structs.replace(self, tiers=tiers, failover=failover)

    def check(self) -> None:
        """Raises Invalid where the thresholds do not go together."""
        if self.thresholds.simple_below > self.thresholds.complex_above:
            raise Invalid("thresholds.simple_below must not be more than thresholds.complex_above")

    def tier_of(self, score: float, context_tokens: int | None) -> Tier:
        """`context_tokens` None: surely not more than the limit."""
        limits = self.thresholds
        if context_tokens is not None and context_tokens > limits.large_context_above:
            return "large_context"
        if score < limits.simple_below:
            return "simple"
        return "complex" if score > limits.complex_above else "default"

    def decide(self, version: int, found: Complexity, context_tokens: int | None) -> Routing:
        """The routing of a question as complex as `found`; `version` is this policy's."""
        tier = self.tier_of(found.score, context_tokens)
        target = self.tiers.of(tier)
        return Routing(
            model=target.id,
            reason=target.reason,
            by="large_context" if tier == "large_context" else "score",
            tier=tier,
            score=found.score,
            parts=found.parts,
            scoring=found.version,
            context_tokens=context_tokens,
            policy=version,
        )


def by_configuration(default_model: str) -> Routing:
    """Where there is no policy."""
    return Routing(model=default_model, reason="the configuration's default model")


def pinned_by_request(model: str, version: int) -> Routing:
    return Routing(model=model, reason="pinned by the request", by="pinned", policy=version)
