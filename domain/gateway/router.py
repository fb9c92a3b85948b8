"""What a tenant has decided about routing: its policy, version by version."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from domain.base.aggregate import CreatedEvent
from domain.base.errors import Invalid
from domain.base.one_per_tenant import OnePerTenant
from domain.gateway.policy import RoutingPolicy


class RouterState(msgspec.Struct):
    policy: RoutingPolicy | None = None
    """None: every question goes to the agent configuration's default model."""

    decided: bool = False
    """Whether the tenant has said what its policy is; until then it may have one by default."""

    @property
    def by_default(self) -> bool:
        return self.policy is not None and not self.decided


class Router(OnePerTenant[RouterState]):
    """One per tenant; its version is the policy's version."""

    TOPIC = "routing"
    State = RouterState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Created(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "routing.created"

    class Configured(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "routing.configured"
        policy: RoutingPolicy

        def apply(self, aggregate: Router) -> None:
            aggregate.state.policy, aggregate.state.decided = self.policy, True

    class Defaulted(Event, frozen=True, kw_only=True):
        """The policy that follows from the providers that there are keys of; None: there is none any more."""

        TOPIC: ClassVar[str] = "routing.defaulted"
        policy: RoutingPolicy | None

        def apply(self, aggregate: Router) -> None:
            aggregate.state.policy = self.policy

    class Restored(Event, frozen=True, kw_only=True):
        """The policy of `from_version` holds again; None: there was none then."""

        TOPIC: ClassVar[str] = "routing.restored"
        from_version: int
        policy: RoutingPolicy | None

        def apply(self, aggregate: Router) -> None:
            aggregate.state.policy, aggregate.state.decided = self.policy, True

    def configure(self, policy: RoutingPolicy, at: datetime) -> None:
        policy.check()
        if policy != self.state.policy or self.state.by_default:
            self.trigger(self.Configured, at=at, policy=policy)

    def default(self, policy: RoutingPolicy | None, at: datetime) -> None:
        """Take a policy that nobody has asked for, as long as the tenant has decided nothing itself."""
        if not self.state.decided and policy != self.state.policy:
            self.trigger(self.Defaulted, at=at, policy=policy)

    def take_back(self, version: int, policy: RoutingPolicy | None, at: datetime) -> None:
        """Put the policy of an earlier version in force again."""
        if version > self.version:
            raise Invalid(f"there is no version {version} yet; the present one is {self.version}")
        if policy != self.state.policy or self.state.by_default:
            self.trigger(self.Restored, at=at, from_version=version, policy=policy)
