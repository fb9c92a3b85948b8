"""Which model of which providers a call of the embeddings API asks: the one that is named, and where that fails the same model elsewhere."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from uuid import UUID

from application.answers.ports import Ports
from application.budgets.hold import Hold
from application.gateway.complete import LONGEST_WAIT, RETRIABLE, RETRIES
from application.models.catalogue import catalogue_of
from application.ports import Embedded, ProviderError
from application.retrieval.embedding.call import Calling
from domain.base.context import Context
from domain.base.errors import Invalid, NotFound, Refused
from domain.models.catalogue import Catalogue, Model
from domain.models.completion import Attempt
from domain.models.names import variants
from domain.retrieval.embedding_model import SHORTENED, VectorSpace, space_named
from domain.tenancy.tenant import Tenant

HERE = frozenset({"bad_request", "context_too_long", "refused"})
"""Outcomes that the same model elsewhere would have too: they lie in what is asked."""


@dataclass(frozen=True)
class Asked:
    """Calls of one model, of the providers that have it, in order; all are on one record."""

    callings: Sequence[Calling]

    @property
    def space(self) -> VectorSpace:
        return self.callings[0].space

    @property
    def attempts(self) -> list[Attempt]:
        return self.callings[0].attempts

    @property
    def hold(self) -> Hold:
        return self.callings[0].hold

    @property
    def most(self) -> int:
        """Texts of one call."""
        return min(calling.embedder.most for calling in self.callings)

    def takes_fewer(self, most: int) -> None:
        for calling in self.callings:
            calling.embedder.most = min(calling.embedder.most, most)

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """By the first that can. The next is asked at once; only the last is tried again, with a pause. Raises ProviderError, BudgetRefusal."""
        for calling in self.callings[:-1]:
            try:
                return await calling.call(texts, "document")
            except ProviderError as error:
                if error.outcome in HERE:
                    raise
        for tries in count():
            try:
                return await self.callings[-1].call(texts, "document")
            except ProviderError as error:
                if (pause := _pause_after(error, tries)) is None:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError("unreachable")


def _pause_after(error: ProviderError, tries: int) -> float | None:
    """Seconds after which it is tried again; None: it is not."""
    again = error.outcome in RETRIABLE if error.again is None else error.again
    pause = error.retry_after
    if pause is None:
        pause = random.uniform(0.5, 1) * min(0.5 * 2**tries, LONGEST_WAIT)
    return pause if again and tries < RETRIES and pause <= LONGEST_WAIT else None


async def models_of(name: str, dimensions: int | None, id: UUID, context: Context, ports: Ports) -> Asked:
    """Raises Forbidden, NotFound for a model that nobody has, Refused for one that can't be asked, Invalid for dimensions that it can't make."""
    tenant = await ports.store.latest(Tenant, context.tenant, tenant=context.tenant)
    tenant.check_active()
    catalogue = await catalogue_of(context.tenant, store=ports.store, shipped=ports.embedder.catalogue)
    hold = Hold()
    callings: list[Calling] = []
    refused: Refused | None = None
    for space in _spaces(name, dimensions, catalogue, ports.clock()):
        try:
            callings.append(await ports.embedder.calling(space.id, context, hold, id))
        except Refused as error:
            refused = refused or error
    if not callings:
        assert refused is not None
        raise refused
    for calling in callings[1:]:
        calling.attempts = callings[0].attempts
    return Asked(callings)


def _spaces(name: str, dimensions: int | None, catalogue: Catalogue, at: datetime) -> list[VectorSpace]:
    """The named one first. One that is not in the catalogue may be there all the same where its provider is named."""
    first, *others = _named(name.strip(), catalogue, at)
    catalogue.check_offered(first)
    catalogue.check(first, at, "embedding")
    provider, own, _ = space_named(first)
    known = catalogue.find(provider, own)
    _check_dimensions(dimensions, first, known)
    makes = None if known is None else known.dimensions
    wanted = None if dimensions == makes else dimensions
    found = [VectorSpace(provider, own, wanted)]
    for other in others:
        model = catalogue.get(other)
        if model is not None and model.dimensions == makes and (not wanted or SHORTENED in model.abilities):
            found.append(VectorSpace(model.provider, model.name, wanted))
    return found


def _named(name: str, catalogue: Catalogue, at: datetime) -> list[str]:
    """provider/name of all that it may be. Raises NotFound."""
    alone = name
    if "/" in name:
        first = catalogue.canonical(name)
        alone = first.partition("/")[2]
    there = [each for each in catalogue.models() if each.kind == "embedding"]
    for variant in variants(alone.lower()):
        same = [each for each in there if each.name.lower() == variant]
        if same:
            alive = [each.id for each in same if not each.retired(at)] or [same[0].id]
            return [first, *(each for each in alive if each != first)] if "/" in name else alive
    if "/" in name:
        return [first]
    raise NotFound(
        f"there is no embedding model {name[:100]!r}; GET /v1/models lists them, and a provider's other models are called provider/model",
        code="model_not_found",
    )


def _check_dimensions(dimensions: int | None, name: str, known: Model | None) -> None:
    """Raises Invalid."""
    if dimensions is None or known is None or known.dimensions is None or dimensions == known.dimensions:
        return
    if SHORTENED not in known.abilities:
        text = f"{name} makes vectors of {known.dimensions} dimensions, and no others; leave it out"
    elif dimensions > known.dimensions:
        text = f"{name} makes vectors of at most {known.dimensions} dimensions"
    else:
        return
    raise Invalid(f"dimensions: {text}", errors=[{"field": "$.dimensions", "message": text}])
