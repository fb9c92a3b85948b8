from __future__ import annotations

from uuid import uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.base.aggregate import Event
from domain.base.errors import Invalid
from domain.gateway.complexity import Complexity
from domain.gateway.policy import RoutingPolicy, Target, Thresholds, Tiers
from domain.gateway.router import Router
from tests.domain.given import NOW, when


def target(model: str) -> Target:
    return Target(provider="p", model=model, reason=f"for {model}")


TIERS = Tiers(
    simple_queries=target("small"),
    default=target("usual"),
    complex_reasoning=target("thinking"),
    large_context=target("long"),
)
POLICY = RoutingPolicy(tiers=TIERS)


@pytest.mark.parametrize(
    ("score", "tokens", "tier", "model"),
    [
        (0.0, None, "simple", "p/small"),
        (0.2999, 100_000, "simple", "p/small"),
        (0.3, None, "default", "p/usual"),
        (0.7, None, "default", "p/usual"),
        (0.7001, None, "complex", "p/thinking"),
        (0.0, 100_001, "large_context", "p/long"),
        (1.0, 100_001, "large_context", "p/long"),
    ],
)
def test_the_context_decides_before_the_score(
    score: float, tokens: int | None, tier: str, model: str
) -> None:
    parts = {"keywords": score}
    found = POLICY.decide(4, Complexity(score=score, parts=parts), tokens)
    assert (found.tier, found.model, found.policy) == (tier, model, 4)
    assert found.by == ("large_context" if tier == "large_context" else "score")
    assert found.reason == f"for {model[2:]}"
    assert (found.score, found.parts, found.context_tokens) == (score, parts, tokens)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.integers(0, 10**6) | st.none())
def test_thresholds_are_the_tenants_own(low: float, high: float, score: float, tokens: int | None) -> None:
    low, high = sorted((low, high))
    limits = Thresholds(simple_below=low, complex_above=high, large_context_above=5_000)
    policy = RoutingPolicy(tiers=TIERS, thresholds=limits)
    policy.check()
    wanted = "simple" if score < low else "complex" if score > high else "default"
    if tokens is not None and tokens > 5_000:
        wanted = "large_context"
    assert policy.tier_of(score, tokens) == wanted


def test_thresholds_stand_in_order() -> None:
    with pytest.raises(Invalid, match="simple_below"):
        RoutingPolicy(tiers=TIERS, thresholds=Thresholds(simple_below=0.8, complex_above=0.7)).check()


@pytest.mark.parametrize(
    "change",
    [
        {"failover": ["gpt-4o"]},
        {"failover": ["a/b"] * 21},
        {"thresholds": {"simple_below": 1.5}},
        {"thresholds": {"large_context_above": 10}},
        {"tiers": {}},
        {"more": 1},
    ],
)
def test_what_is_not_of_the_form_of_a_policy_is_refused(change: dict[str, object]) -> None:
    facts = {**msgspec.to_builtins(POLICY), **change}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(facts, RoutingPolicy)


def test_a_policy_names_its_models_once_each() -> None:
    policy = msgspec.structs.replace(POLICY, failover=("p/usual", "q/other"))
    assert policy.tier_models == ("p/small", "p/usual", "p/thinking", "p/long")
    assert policy.models == (*policy.tier_models, "q/other")


def test_the_same_policy_is_set_once_and_each_version_can_come_back() -> None:
    router = Router.begin(uuid4(), NOW)
    assert names(when(router, lambda: router.configure(POLICY, NOW))) == ["Configured"]
    assert when(router, lambda: router.configure(POLICY, NOW)) == []
    other = RoutingPolicy(tiers=TIERS, failover=("q/other",))
    router.configure(other, NOW)
    assert router.version == 3
    (event,) = when(router, lambda: router.take_back(2, POLICY, NOW))
    assert isinstance(event, Router.Restored)
    assert (event.from_version, event.policy) == (2, POLICY)
    assert router.state.policy == POLICY
    assert when(router, lambda: router.take_back(2, POLICY, NOW)) == []
    router.take_back(1, None, NOW)
    assert router.state.policy is None
    with pytest.raises(Invalid, match="no version 9"):
        router.take_back(9, POLICY, NOW)


def names(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]
