"""The policy that a tenant has by default, and how it gives way to what was decided."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from domain.gateway.default_policy import ProviderTiers, policy_by_default
from domain.gateway.router import Router

NOW = datetime(2026, 11, 28, tzinfo=UTC)
A = ProviderTiers(provider="a", simple="small", default="usual", complex="large", large_context="wide")
B = ProviderTiers(provider="b", simple="small", default="usual", complex="large", large_context="wide")


def test_tiers_are_the_first_providers_and_failover_goes_by_tier() -> None:
    policy = policy_by_default([A, B])
    assert policy is not None
    assert policy.tier_models == ("a/small", "a/usual", "a/large", "a/wide")
    assert policy.failover == ("a/usual", "b/usual", "a/small", "b/small")
    targets = (policy.tiers.of(tier) for tier in ("simple", "default", "complex", "large_context"))
    assert all(target.reason.startswith("by default: ") for target in targets)
    policy.check()


def test_without_a_provider_there_is_none() -> None:
    assert policy_by_default([]) is None


def test_it_follows_the_keys_until_something_is_decided() -> None:
    router = Router.begin(uuid4(), NOW)
    router.default(policy_by_default([A]), NOW)
    router.default(policy_by_default([A]), NOW)
    assert router.version == 2
    assert router.state.by_default
    router.default(policy_by_default([A, B]), NOW)
    router.default(None, NOW)
    assert (router.version, router.state.policy, router.state.by_default) == (4, None, False)
    router.default(policy_by_default([B]), NOW)
    policy = router.state.policy
    assert policy is not None
    router.configure(policy, NOW)  # the same, but now somebody wants it
    assert (router.version, router.state.by_default) == (6, False)
    router.default(policy_by_default([A]), NOW)
    assert router.state.policy == policy


def test_going_back_is_a_decision_too() -> None:
    router = Router.begin(uuid4(), NOW)
    router.default(policy_by_default([A]), NOW)
    router.take_back(1, None, NOW)
    router.default(policy_by_default([A]), NOW)
    assert router.state.policy is None
