"""What a tenant's catalogue has beside the shipped one: models of its own, prices of its own, and what was corrected, for good on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from domain.base.aggregate import CreatedEvent
from domain.base.errors import Invalid, Refused
from domain.base.one_per_tenant import OnePerTenant
from domain.models.catalogue import Catalogue, Model, named
from domain.models.pricing import Price

MOST_MODELS, MOST_PRICES = 5_000, 20_000
"""That one tenant sets; a whole price file has some hundred of each."""


class CatalogueState(msgspec.Struct):
    models: dict[str, Model] = {}
    """By provider/name."""

    prices: dict[str, list[Price]] = {}
    """By provider/name, in the order in which they were set: of several that hold the last one counts."""

    corrected: dict[str, str] = {}
    """Id of a price → id of the last one that was set to correct it."""

    imported_at: datetime | None = None


class CatalogueOverrides(OnePerTenant[CatalogueState]):
    """One per tenant. Nothing in it is ever taken back: whatever was charged can be computed again."""

    TOPIC = "catalogue"
    State = CatalogueState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "catalogue.begun"

    class ModelSet(Event, frozen=True, kw_only=True):
        """A model was added, or is another one than as shipped."""

        TOPIC: ClassVar[str] = "catalogue.model_set"
        class_version: ClassVar[int] = 2
        model: Model

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version knew no models of other endpoints than those for chat and embeddings: there are none by default."""

        def apply(self, aggregate: CatalogueOverrides) -> None:
            aggregate.state.models[self.model.id] = self.model

    class PriceSet(Event, frozen=True, kw_only=True):
        """A price from a day on, or for a time in which none was known."""

        TOPIC: ClassVar[str] = "catalogue.price_set"
        class_version: ClassVar[int] = 2
        price: Price

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version knew no prices of service tiers: there are none by default."""

        def apply(self, aggregate: CatalogueOverrides) -> None:
            aggregate.state.prices.setdefault(self.price.names, []).append(self.price)

    class PriceCorrected(Event, frozen=True, kw_only=True):
        """The price `corrects` was wrong, or this one was learnt late: from its `since` on, this one holds. What was charged stays."""

        TOPIC: ClassVar[str] = "catalogue.price_corrected"
        class_version: ClassVar[int] = 2
        corrects: str
        price: Price
        reason: str

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version knew no prices of service tiers: there are none by default."""

        def apply(self, aggregate: CatalogueOverrides) -> None:
            aggregate.state.prices.setdefault(self.price.names, []).append(self.price)
            aggregate.state.corrected[self.corrects] = self.price.id

    class Imported(Event, frozen=True, kw_only=True):
        """Models and prices that a file had otherwise; `digest` is the file's SHA-256."""

        TOPIC: ClassVar[str] = "catalogue.imported"
        class_version: ClassVar[int] = 2
        source: str
        digest: str
        models: tuple[Model, ...]
        prices: tuple[Price, ...]

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version knew no prices of service tiers, and no models of other endpoints: there are none by default."""

        def apply(self, aggregate: CatalogueOverrides) -> None:
            state = aggregate.state
            state.models.update({model.id: model for model in self.models})
            for price in self.prices:
                state.prices.setdefault(price.names, []).append(price)
            state.imported_at = self.timestamp

    def over(self, shipped: Catalogue) -> Catalogue:
        """The tenant's catalogue."""
        return Catalogue(
            self.state.models,
            self.state.prices,
            base=shipped,
            version=self.version,
            name=f"{shipped.name}, overrides of version {self.version}",
        )

    def end_of(self, price: Price) -> datetime | None:
        """When another one takes the place of `price`, or it ends by itself."""
        own = self.state.prices.get(price.names, [])
        later = own[own.index(price) + 1 :] if price in own else own
        ends = [each.since for each in later if each.since > price.since]
        return min([*ends, *([price.until] if price.until else [])], default=None)

    def set_model(self, model: Model, at: datetime) -> None:
        model.check()
        self._room(models=1)
        if self.state.models.get(model.id) != model:
            self.trigger(self.ModelSet, at=at, model=model)

    def set_price(self, price: Price, shipped: Catalogue, at: datetime) -> None:
        """From `price.since` on, which ends the open one before it. Raises Refused where it would change what was charged already, or
        overlap another one of the tenant's that was announced."""
        price = self._revised(price)
        self._room(prices=1)
        past = msgspec.structs.replace(price, until=min(price.until or at, at)) if price.since < at else None
        for known in self.over(shipped).prices():
            if known.names != price.names:
                continue
            if past is not None and known.overlaps(past):
                raise Refused(
                    f"{known.id} was in force then; a price for the past is a correction of it, with a reason",
                    price=known.id,
                )
            succeeds = known.until is None and known.since < price.since
            if known.overlaps(price) and not succeeds and known in self.state.prices.get(price.names, ()):
                raise Refused(
                    f"{known.id} holds at the same time; let one end before the other begins, or correct it",
                    price=known.id,
                )
        self.trigger(self.PriceSet, at=at, price=price)

    def correct_price(
        self, corrects: str, price: Price, reason: str, shipped: Catalogue, at: datetime
    ) -> None:
        """Put `price` in the place of the price `corrects`, for as long as it says, the past too."""
        wrong = self.over(shipped).price_named(corrects)
        if wrong is None:
            raise Invalid(f"there is no price {corrects[:200]!r} here to correct")
        if wrong.names != price.names:
            raise Invalid(f"{corrects} is not a price of {price.names}")
        for known in (wrong, *self.state.prices.get(price.names, ())[-1:]):
            if (known.terms, known.since, known.until) == (price.terms, price.since, price.until):
                raise Invalid(f"this is what {known.id} says already")
        if not wrong.overlaps(price):
            raise Invalid(f"{corrects} does not hold at that time; set the price instead")
        if not 1 <= len(reason := reason.strip()) <= 500:
            raise Invalid("a reason has 1 to 500 characters")
        self._room(prices=1)
        facts = {"corrects": corrects, "price": self._revised(price), "reason": reason}
        self.trigger(self.PriceCorrected, at=at, **facts)

    def take_in(
        self, *, source: str, digest: str, models: Sequence[Model], prices: Sequence[Price], at: datetime
    ) -> None:
        """Record what a file has otherwise; nothing where it has nothing."""
        for model in models:
            model.check()
        revised = tuple(self._revised(price) for price in prices)
        self._room(len(models), len(revised))
        if models or revised:
            facts = {"source": source, "digest": digest, "models": tuple(models), "prices": revised}
            self.trigger(self.Imported, at=at, **facts)

    def _room(self, models: int = 0, prices: int = 0) -> None:
        """Raises Refused where it would be more than one tenant can need."""
        if len(self.state.models) + models > MOST_MODELS:
            raise Refused(f"a tenant sets at most {MOST_MODELS} models")
        if sum(map(len, self.state.prices.values())) + prices > MOST_PRICES:
            raise Refused(f"a tenant sets at most {MOST_PRICES} prices")

    def _revised(self, price: Price) -> Price:
        """With an id that none has had. Raises Invalid for what can't be a price."""
        named(price.names)
        price.check()
        return msgspec.structs.replace(price, revision=str(self.version + 1))
