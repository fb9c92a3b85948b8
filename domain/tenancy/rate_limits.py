"""Rate limits of a tenant: how many requests of each kind a minute, of which some may come at once.

What the deployment gives to everybody is a setting; the operator may grant a tenant other rates, and a tenant may bound itself further.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from domain.base.aggregate import NIL, CreatedEvent
from domain.base.errors import Invalid
from domain.base.one_per_tenant import OnePerTenant

LARGEST = 1_000_000
BURST, LEAST_BURST = 1 / 6, 20
"""The part of a minute's rate that may come at once, and how many at least."""


class Rates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many a minute; 0: without a limit; null: what holds otherwise.

    `requests`: of all the tenant's keys; `requests_per_key`: of one of them. `answers`: messages, completions and embeddings. `messages_per_customer`:
    of one address on a channel. `uploads`: documents uploaded or processed again. `ratings_per_interaction`: of one answer;
    `ratings_per_address`: sent from one address without a key.
    """

    requests: int | None = None
    requests_per_key: int | None = None
    answers: int | None = None
    messages_per_customer: int | None = None
    uploads: int | None = None
    searches: int | None = None
    ratings_per_interaction: int | None = None
    ratings_per_address: int | None = None

    def check(self) -> None:
        """Raises Invalid."""
        for name, rate in self.given.items():
            if rate is not None and not 0 <= rate <= LARGEST:
                raise Invalid(f"{name} is a number a minute from 0 (no limit) to {LARGEST}, or null")

    @property
    def given(self) -> Mapping[str, int | None]:
        return {name: getattr(self, name) for name in LIMITS}

    def over(self, others: Rates) -> Rates:
        """These, and where they say nothing the others."""
        return Rates(
            **{name: others.given[name] if rate is None else rate for name, rate in self.given.items()}
        )

    def bounded(self, by: Rates) -> Rates:
        """The smaller of each."""
        return Rates(**{name: smaller(rate, by.given[name]) for name, rate in self.given.items()})


LIMITS = Rates.__struct_fields__


def smaller(a: int | None, b: int | None) -> int | None:
    """Of two rates, where 0 and null are none."""
    return min((rate for rate in (a, b) if rate), default=0)


def burst_of(rate: int) -> float:
    """How many may come at once."""
    return max(LEAST_BURST, rate * BURST)


class RateLimitsState(msgspec.Struct):
    own: Rates = Rates()
    granted: Rates = Rates()

    def effective(self, defaults: Rates) -> Rates:
        """What holds: what was granted, else the deployment's `defaults`, and of that no more than the tenant itself has set."""
        return self.own.bounded(self.granted.over(defaults))


class RateLimits(OnePerTenant[RateLimitsState]):
    """One per tenant. Nothing in it is personal."""

    TOPIC = "rate_limits"
    State = RateLimitsState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Created(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "rate_limits.created"
        PERSONAL: ClassVar[bool] = False

    class Set(Event, frozen=True, kw_only=True):
        """The tenant bounds itself."""

        TOPIC: ClassVar[str] = "rate_limits.set"
        class_version: ClassVar[int] = 2
        PERSONAL: ClassVar[bool] = False
        rates: Rates

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """What is new in the second version holds by default."""

        def apply(self, aggregate: RateLimits) -> None:
            aggregate.state.own = self.rates

    class Granted(Event, frozen=True, kw_only=True):
        """The deployment's operator gives this tenant other rates than the rest."""

        TOPIC: ClassVar[str] = "rate_limits.granted"
        class_version: ClassVar[int] = 2
        PERSONAL: ClassVar[bool] = False
        rates: Rates

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """What is new in the second version holds by default."""

        def apply(self, aggregate: RateLimits) -> None:
            aggregate.state.granted = self.rates

    @property
    def subject(self) -> UUID:
        return NIL

    def set(self, rates: Rates, at: datetime) -> None:
        rates.check()
        if rates != self.state.own:
            self.trigger(self.Set, at=at, rates=rates)

    def grant(self, rates: Rates, at: datetime) -> None:
        rates.check()
        if rates != self.state.granted:
            self.trigger(self.Granted, at=at, rates=rates)
