"""The embedding model of a tenant: whose vectors its questions are compared with. One stream a tenant.

Vectors can be compared only where one model made them, with one dimension: its vector space. The id of a space is `provider/name`, or
`provider/name@dimension` where the model is asked for shorter vectors than it makes by itself.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal, NamedTuple

import msgspec

from domain.base.aggregate import CreatedEvent
from domain.base.errors import Invalid, Refused
from domain.base.one_per_tenant import OnePerTenant
from domain.models.catalogue import named

LOCAL = "local/wordllama-256"
"""The space of the built-in model."""

SHORTENED = "dimensions"
"""Ability of an embedding model that gives vectors of the dimension that it is asked for."""

NARROW = 1024
"""Dimensions that one is asked for unless others are wanted: the index for exact search has room for them (infra/schema/210_vectors.sql)."""

CHANGE_WORK = "change_embedding_model"

WIDEST = 4_000
"""Dimensions of a vector, at most."""


class ModelMissing(Refused):
    """The embedding model can't be asked: a key or a price is missing."""


By = Literal["default", "tenant"]


class VectorSpace(NamedTuple):
    """`dimension` None: what the model makes by itself."""

    provider: str
    name: str
    dimension: int | None = None

    @property
    def id(self) -> str:
        return self.model if self.dimension is None else f"{self.model}@{self.dimension}"

    @property
    def model(self) -> str:
        """provider/name, as in the catalogue."""
        return f"{self.provider}/{self.name}"


def space_named(id: str) -> VectorSpace:
    """Raises Invalid."""
    model, at, dimension = id.partition("@")
    provider, name = named(model)
    if not at:
        return VectorSpace(provider, name)
    if not (dimension.isascii() and dimension.isdecimal() and 1 <= int(dimension) <= WIDEST):
        raise Invalid(
            f"{dimension[:20]!r} is no dimension; give 1 to {WIDEST}, as openai/text-embedding-3-small@512"
        )
    return VectorSpace(provider, name, int(dimension))


class EmbeddingModelState(msgspec.Struct):
    serving: str | None = None
    """The space whose vectors are searched; None: the built-in model's."""

    dimension: int = 256
    served_at: datetime | None = None
    coming: str | None = None
    """The space that all passages are being embedded in, to serve then."""

    coming_dimension: int = 0
    delayed_by: str = ""
    """Why that waits; empty where it does not."""

    delayed_since: datetime | None = None


class EmbeddingModel(OnePerTenant[EmbeddingModelState]):
    """What it has never been told is the built-in model's."""

    TOPIC = "embedding_model"
    State = EmbeddingModelState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Created(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "embedding_model.created"

    class Served(Event, frozen=True, kw_only=True):
        """From now on vectors of the space `model`, of `dimension` each, are searched. `by`: as the deployment has it by default, or as was wished."""

        TOPIC: ClassVar[str] = "embedding_model.served"
        model: str
        dimension: int
        by: By

        def apply(self, aggregate: EmbeddingModel) -> None:
            aggregate.state = EmbeddingModelState(
                serving=self.model, dimension=self.dimension, served_at=self.timestamp
            )

    class ChangeBegun(Event, frozen=True, kw_only=True):
        """All passages are embedded in the space `model`; until that is done those serve that serve."""

        TOPIC: ClassVar[str] = "embedding_model.change_begun"
        model: str
        dimension: int

        def apply(self, aggregate: EmbeddingModel) -> None:
            state = aggregate.state
            state.coming, state.coming_dimension = self.model, self.dimension
            state.delayed_by, state.delayed_since = "", None

    class ChangeDelayed(Event, frozen=True, kw_only=True):
        """It is gone on with by and by. `reason` is for a person."""

        TOPIC: ClassVar[str] = "embedding_model.change_delayed"
        reason: str

        def apply(self, aggregate: EmbeddingModel) -> None:
            state = aggregate.state
            state.delayed_by, state.delayed_since = self.reason, state.delayed_since or self.timestamp

    class ChangeCancelled(Event, frozen=True, kw_only=True):
        """What serves goes on to."""

        TOPIC: ClassVar[str] = "embedding_model.change_cancelled"

        def apply(self, aggregate: EmbeddingModel) -> None:
            state = aggregate.state
            state.coming, state.delayed_by, state.delayed_since = None, "", None

    def change(self, model: str, dimension: int, at: datetime) -> None:
        """To another model, where there are passages; back to the one that serves, where a change is under way."""
        if model == (self.state.serving or LOCAL):
            if self.state.coming is not None:
                self.trigger(self.ChangeCancelled, at=at)
        elif model != self.state.coming:
            self.trigger(self.ChangeBegun, at=at, model=model, dimension=dimension)

    def delay(self, reason: str, at: datetime) -> None:
        """The change can't be gone on with now. What was told already is not told again."""
        if self.state.coming is not None and self.state.delayed_by != reason:
            self.trigger(self.ChangeDelayed, at=at, reason=reason)

    def serve(self, model: str, dimension: int, by: By, at: datetime) -> None:
        if (self.state.serving or LOCAL) != model or self.state.coming is not None:
            self.trigger(self.Served, at=at, model=model, dimension=dimension, by=by)
