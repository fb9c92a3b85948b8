"""Which models there are, until when, and what they cost: as shipped, with a tenant's own words over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Literal

import msgspec

from domain.base.aggregate import EPOCH
from domain.base.errors import Invalid, Refused
from domain.models.ceiling import Ceiling, ceiling_named
from domain.models.names import undated, variants
from domain.models.pricing import LONGEST_CONTEXT, Price, in_force

Kind = Literal[
    "chat",
    "embedding",
    "responses",
    "completion",
    "image",
    "audio",
    "video",
    "rerank",
    "moderation",
    "realtime",
    "other",
]
"""By the vendor's endpoint. Only "chat" and "embedding" can be asked from here; the others are known, so that nobody takes them for those."""

MOST_ABILITIES = 20
REMEMBERED = 1_000
"""Ids whose variants a catalogue keeps: what callers may name has no bound."""


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's model. `context_window` is in tokens, prompt and answer together; `max_output` in tokens, None: not known.

    `abilities`: what a request may use: "stream"; "system" (a system message); "reasoning" (it thinks before it answers, and takes
    max_completion_tokens and no temperature); "thinking" (it thinks too, and takes what others do); "tools", "unthinking_tools", "json", "json_schema", "images", "files" (domain/models/abilities.py). `dimensions` are those of an embedding model's vectors. `assumed`: the window is a
    careful guess, the vendor's figure was not at hand.
    """

    provider: str
    name: str
    kind: Kind = "chat"
    context_window: int
    max_output: int | None = None
    abilities: frozenset[str] = frozenset()
    retires_at: datetime | None = None
    successor: str | None = None
    """provider/name of what to take instead."""
    dimensions: int | None = None
    assumed: bool = False

    @property
    def id(self) -> str:
        """provider/name."""
        return f"{self.provider}/{self.name}"

    def retired(self, at: datetime) -> bool:
        return self.retires_at is not None and self.retires_at <= at

    def check(self) -> None:
        """Raises Invalid where this can't be a model."""
        for figure in (self.context_window, self.max_output, self.dimensions):
            if figure is not None and not 1 <= figure <= LONGEST_CONTEXT:
                raise Invalid(f"tokens and dimensions lie between 1 and {LONGEST_CONTEXT}")
        if len(self.abilities) > MOST_ABILITIES or any(not 1 <= len(each) <= 40 for each in self.abilities):
            raise Invalid(f"there are at most {MOST_ABILITIES} abilities, of 1 to 40 characters")
        named(self.id)
        if self.successor is not None:
            named(self.successor)
        if self.successor == self.id:
            raise Invalid("a model can't be its own successor")


class Catalogue:
    """Models and prices by provider/name. What is not here is looked for in `base`, the shipped one. Names are found in any case.

    Of several prices that hold at a moment the one that was set last counts; `former` are those that never hold any more, by their
    ids. `providers`: the names that there are, and whether all models of each are here (a vendor has others too); empty: not known.
    `as_of`: the day up to which the shipped one knows; None: not told. `version` is that of the tenant's overrides (0: as shipped); `name` stands beside every sum that was computed with it.
    """

    def __init__(
        self,
        models: Mapping[str, Model],
        prices: Mapping[str, Sequence[Price]],
        *,
        former: Mapping[str, Price] | None = None,
        base: Catalogue | None = None,
        providers: Mapping[str, bool] | None = None,
        version: int = 0,
        name: str = "catalogue",
        ceiling: Ceiling | None = None,
        as_of: date | None = None,
    ) -> None:
        self._models, self._prices, self._former = models, prices, former or {}
        self._base, self.version, self.name, self.as_of = base, version, name, as_of
        known: Mapping[str, bool] = {} if base is None else base._providers
        self._providers: Mapping[str, bool] = known if providers is None else providers
        self._ceiling = ceiling
        self._named: dict[str, Sequence[str]] = {}

    def under(self, ceiling: Ceiling | None) -> Catalogue:
        """The same, where `ceiling` is the price of what has none."""
        if ceiling is None:
            return self
        return Catalogue({}, {}, base=self, version=self.version, name=self.name, ceiling=ceiling)

    def find(self, provider: str, name: str) -> Model | None:
        """None for one that is not on the list: a server of one's own may have it all the same."""
        return self.get(f"{provider}/{name}")

    def get(self, id: str) -> Model | None:
        """As `find`, by provider/name. A variant, as gpt-4o-2024-11-20 or azure/gpt-4o, is found as the model that it is one of."""
        for each in self._variants(id):
            if (model := self._get(each)) is not None:
                return model
        return None

    def models(self) -> list[Model]:
        """All, retired ones too, by provider and name."""
        there = {} if self._base is None else {model.id: model for model in self._base.models()}
        return [model for _, model in sorted((there | dict(self._models)).items())]

    def price(self, provider: str, name: str, at: datetime) -> Price | None:
        """In force at `at`; a variant without a price of its own costs what its model does. None where nobody has told one."""
        found = self._price(provider, name, at)
        return self._ceiling.price(provider, name, at) if found is None and self._ceiling else found

    def price_of(self, id: str, at: datetime) -> Price | None:
        """As `price`, by provider/name, and of nothing but this very name."""
        found = in_force(self._prices.get(id, ()), at)
        return self._base.price_of(id, at) if found is None and self._base is not None else found

    def charged(self, provider: str, requested: str, served: str | None, at: datetime) -> Price | None:
        """What a call is charged by: the price of the model that served it. Where that is unknown, of the one that was asked for."""
        found = self._price(provider, served, at) if served else None
        return found or self.price(provider, requested, at)

    def canonical(self, id: str) -> str:
        """provider/name as the catalogue writes it, of an id in any case and with blanks around it; an unknown one without these."""
        provider, slash, name = id.strip().partition("/")
        provider = provider.strip().lower()
        id = f"{provider}{slash}{name.strip()}"
        for each in (id, undated(id)):
            if known := self._folded(each.lower()):
                return provider + known[len(provider) :] + id[len(each) :].lower()
        return id

    def prices(self) -> list[Price]:
        """All that were ever set, those too that others have taken the place of; the shipped ones first."""
        shipped = [] if self._base is None else self._base.prices()
        own = (price for key in sorted(self._prices) for price in self._prices[key])
        return [*shipped, *self._former.values(), *own]

    def price_named(self, id: str) -> Price | None:
        """The price of this id, whether it is in force or not."""
        for price in self._prices.get(id.rpartition("@")[0], ()):
            if price.id == id:
                return price
        found = self._former.get(id) or (self._base.price_named(id) if self._base is not None else None)
        return found or ceiling_named(id, EPOCH)

    def can(self, model_id: str, needs: frozenset[str]) -> bool:
        """Whether a model has these abilities. Of an unknown one nobody knows: its vendor is asked."""
        model = self.get(model_id)
        return model is None or needs <= model.abilities

    def check(self, model_id: str, at: datetime, kind: Kind | None = None) -> None:
        """Raises Refused for a model that is retired at `at`, with its successor, or of another kind. An unknown one passes."""
        model = self.get(model_id)
        if model is None:
            return
        if model.retires_at is not None and model.retired(at):
            successor = self.successor(model, at)
            instead = f"use {successor}" if successor else "choose another one"
            raise Refused(
                f"the model {model_id} was retired on {model.retires_at.date().isoformat()}; {instead}",
                model=model_id,
                retired_at=model.retires_at.isoformat(),
                successor=successor,
            )
        if kind is not None and model.kind != kind:
            raise Refused(
                f"{model_id} answers at {model.kind} endpoints, not at those for {kind}; choose another model",
                model=model_id,
            )

    def successor(self, model: Model, at: datetime) -> str | None:
        """provider/name of what to take instead at `at`: its successor, or that one's where it is retired too. None: nobody has said."""
        passed, named = {model.id}, model.successor
        while named is not None and named not in passed:
            following = self.get(named)
            if following is None or not following.retired(at):
                return named
            passed.add(named)
            named = following.successor
        return None

    def check_offered(self, model_id: str) -> None:
        """Raises Refused for a model of a provider that there is not, or of one whose models are all known, with the names there are."""
        provider = model_id.partition("/")[0]
        if self._providers and provider not in self._providers:
            there = ", ".join(self._providers)
            raise Refused(f"there is no provider {provider[:60]!r}; there are {there}", model=model_id)
        if self._providers.get(provider) and self.get(model_id) is None:
            there = ", ".join(model.id for model in self.models() if model.provider == provider)
            raise Refused(f"there is no model {model_id[:200]!r}; there are {there}", model=model_id)

    def cheapest(self, ids: Sequence[str], at: datetime) -> str:
        """Of these models the one whose input and output, half and half, cost least; of equals the first.

        One without a price counts as the dearest; retired ones only where there is nothing else. Raises Invalid for none.
        """
        if not ids:
            raise Invalid("name at least one model")
        alive = [id for id in ids if (model := self.get(id)) is None or not model.retired(at)]

        def blended(id: str) -> Decimal:
            provider, _, name = id.partition("/")
            price = self.price(provider, name, at)
            return Decimal("Infinity") if price is None else price.input + price.output

        return min(alive or ids, key=blended)

    def _price(self, provider: str, name: str, at: datetime) -> Price | None:
        for id in self._variants(f"{provider}/{name}"):
            if (found := self.price_of(id, at)) is not None:
                return found
        return None

    def _variants(self, id: str) -> Sequence[str]:
        """The names under which an id may be known, in the case in which they are. They follow from the id alone, and are kept: an answer
        asks for those of its models again and again."""
        if (found := self._named.get(id)) is None:
            if len(self._named) >= REMEMBERED:
                self._named.clear()
            found = self._named[id] = tuple(self._made_variants(id))
        return found

    def _made_variants(self, id: str) -> Iterator[str]:
        provider, _, name = id.partition("/")
        for each in variants(name):
            variant = f"{provider}/{each}"
            yield variant
            if (known := self._folded(variant.lower())) and known != variant:
                yield known

    def _folded(self, folded: str) -> str | None:
        """The id that is `folded` when it is in lower case; of several the shipped one."""
        known = None if self._base is None else self._base._folded(folded)
        return known or self._by_folded.get(folded)

    @cached_property
    def _by_folded(self) -> dict[str, str]:
        return {id.lower(): id for id in (*self._prices, *self._models)}

    def _get(self, id: str) -> Model | None:
        found = self._models.get(id)
        return self._base._get(id) if found is None and self._base is not None else found


def named(id: str) -> tuple[str, str]:
    """Provider and name of provider/name. Raises Invalid."""
    provider, _, name = id.partition("/")
    if not provider or not name or len(id) > 200 or not id.isprintable() or set("@ ") & set(id):
        raise Invalid(f"{id[:200]!r} is not of the form provider/model, as openai/gpt-6-luna")
    return provider, name
