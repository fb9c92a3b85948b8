"""Enrichment: what the internet says of a product of which its tenant says little. One stream a product; the latest search is what counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID, uuid5

import msgspec

from domain.base.aggregate import NIL, Aggregate, CreatedEvent
from domain.models.completion import Attempt
from domain.models.pricing import total

FRESH, AGAIN = timedelta(hours=24), timedelta(hours=1)
"""For which what was found holds, or that nothing was; after which a search that failed is tried again."""

OLDEST = timedelta(days=30)
"""After which nobody goes by it any more, whatever became of later searches."""

Found = Literal["found", "nothing", "failed"]


class WebFact(msgspec.Struct, frozen=True, kw_only=True):
    """One statement, and the page that it is from. `site`: its host."""

    text: str
    site: str
    url: str


class EnrichmentState(msgspec.Struct):
    """`facts` as of `found_at`; `tried_at`: the latest search, of `outcome`."""

    product: UUID = NIL
    query: str = ""
    facts: tuple[WebFact, ...] = ()
    found_at: datetime | None = None
    tried_at: datetime | None = None
    wanted_at: datetime | None = None
    outcome: Found | None = None
    reason: str = ""
    cost: Decimal = Decimal(0)


class Enrichment(Aggregate[EnrichmentState]):
    """Nothing in it is personal: it is of what a tenant sells, and sealed under the tenant's key."""

    TOPIC = "enrichment"
    State = EnrichmentState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "enrichment.begun"
        PERSONAL: ClassVar[bool] = False
        product: UUID

        def apply(self, aggregate: Enrichment) -> None:
            aggregate.state.product = self.product

    class Wanted(Event, frozen=True, kw_only=True):
        """A question, or the tenant, has asked for what is not there (missing), or is old (stale)."""

        TOPIC: ClassVar[str] = "enrichment.wanted"
        PERSONAL: ClassVar[bool] = False
        product: UUID
        why: Literal["missing", "stale"]

        def apply(self, aggregate: Enrichment) -> None:
            aggregate.state.wanted_at = self.timestamp

    class Searched(Event, frozen=True, kw_only=True):
        """What came of a search. `by`: the model that made facts of the pages, as provider/model; None: they are what the pages' excerpts say.
        `attempts`: its calls, `cost` in USD."""

        TOPIC: ClassVar[str] = "enrichment.searched"
        MACHINE_MADE: ClassVar[bool] = True
        PERSONAL: ClassVar[bool] = False
        METERS: ClassVar[tuple[str, ...]] = ("attempts",)
        product: UUID
        query: str
        outcome: Found
        reason: str = ""
        facts: tuple[WebFact, ...] = ()
        by: str | None = None
        attempts: tuple[Attempt, ...] = ()
        cost: Decimal = Decimal(0)
        reservations: tuple[UUID, ...] = ()

        def apply(self, aggregate: Enrichment) -> None:
            state = aggregate.state
            if self.outcome == "found" or self.query != state.query:
                state.facts = self.facts
                state.found_at = self.timestamp if self.facts else None
            state.query, state.outcome, state.reason = self.query, self.outcome, self.reason
            state.tried_at, state.cost = self.timestamp, state.cost + self.cost

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def begin(cls, product: UUID, at: datetime) -> Enrichment:
        return cls.create(cls.Begun, id=enrichment_of(product), at=at, product=product)

    def want(self, query: str, at: datetime) -> None:
        """Nothing where a search is on its way, or not due."""
        state = self.state
        pending = state.wanted_at is not None and (state.tried_at is None or state.tried_at < state.wanted_at)
        if self.is_fresh(query, at) or (
            pending and state.wanted_at is not None and at - state.wanted_at < AGAIN
        ):
            return
        why: Literal["missing", "stale"] = "stale" if self.facts_for(query, at) else "missing"
        self.trigger(self.Wanted, at=at, product=state.product, why=why)

    def search(
        self,
        query: str,
        outcome: Found,
        *,
        reason: str = "",
        facts: Sequence[WebFact] = (),
        by: str | None = None,
        attempts: Sequence[Attempt] = (),
        reservations: Sequence[UUID] = (),
        at: datetime,
    ) -> None:
        """Put on record what came of a search, and what it cost."""
        self.trigger(
            self.Searched,
            at=at,
            product=self.state.product,
            query=query,
            outcome=outcome,
            reason=reason,
            facts=tuple(facts),
            by=by,
            attempts=tuple(attempts),
            cost=total(attempts),
            reservations=tuple(reservations),
        )

    def is_fresh(self, query: str, at: datetime) -> bool:
        """Whether the same need not be looked for again."""
        state = self.state
        if state.tried_at is None or state.query != query:
            return False
        return at - state.tried_at < (AGAIN if state.outcome == "failed" else FRESH)

    def facts_for(self, query: str, at: datetime) -> tuple[WebFact, ...]:
        """Also when they are stale, as long as there is nothing newer; none of a product that was called otherwise."""
        state = self.state
        if state.found_at is None or state.query != query or at - state.found_at > OLDEST:
            return ()
        return state.facts


_NAMESPACE = UUID("0b8f2c53-7a5e-4f0c-9d35-3f1c6a2f7b64")


def enrichment_of(product: UUID) -> UUID:
    """The stream of a product's enrichment."""
    return uuid5(_NAMESPACE, product.hex)
