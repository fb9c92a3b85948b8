"""Passages embedded: in batches, each paid for once. What was paid for is kept, by the text, in the moment in which it has come; a call that
was killed before it was on record is put there by whoever comes next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import msgspec

from application.base.tasks import run_to_end
from application.budgets.hold import Hold, release
from application.ports import Progress, ProviderError, TellProgress, untold
from application.retrieval.embedding.call import Calling
from application.retrieval.embedding.metered import SHORTEST, MeteredEmbedder
from domain.base.context import Context
from domain.models.completion import Attempt
from domain.models.pricing import total
from domain.retrieval.embedding import Purpose
from domain.retrieval.embedding_model import LOCAL

AT_ONCE = 100
"""Texts of a batch, at most."""

SPLIT = frozenset({"context_too_long", "bad_request"})
"""Outcomes of a call with several texts that half of them may not have."""


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """Calls that are not on record yet."""

    purpose: Purpose
    attempts: tuple[Attempt, ...]
    document: UUID | None


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """Of one document, or entry."""

    document: UUID
    texts: Sequence[str]


class EmbeddedPassages(msgspec.Struct, frozen=True, kw_only=True):
    """`model` is the vector space; `reused`: how many of the texts had their vectors already."""

    model: str
    vectors: Sequence[Sequence[float]]
    reused: int = 0
    cost: Decimal = Decimal(0)
    """USD that were paid for them now."""


async def embed_passages(
    document: UUID,
    texts: Sequence[str],
    context: Context,
    embedder: MeteredEmbedder,
    *,
    model: str | None = None,
    told: TellProgress = untold,
) -> EmbeddedPassages:
    """Vectors of a document's passages, of the space that serves, or of `model`; `told` hears how many there are. Each call is on record by itself.

    Raises ProviderError, BudgetRefusal, Refused: what has come until then is kept.
    """
    model = await embedder.serving(context.tenant) if model is None else model
    if model == LOCAL:
        await record_unrecorded(context, embedder)
        local = list[Sequence[float]]()
        async with embedder.metering(context, "document", model=LOCAL) as meter:
            for start in range(0, len(texts), AT_ONCE):
                local += await meter.embed(texts[start : start + AT_ONCE], "document")
        return EmbeddedPassages(model=model, vectors=local)
    (keys,), batches = await _embedded(
        [Texts(document=document, texts=texts)], model, context, embedder, told
    )
    return EmbeddedPassages(
        model=model,
        vectors=[batches.vectors[key] for key in keys],
        reused=len(set(keys)) - batches.made,
        cost=batches.cost,
    )


async def embed_several(
    given: Sequence[Texts], context: Context, embedder: MeteredEmbedder, *, model: str
) -> None:
    """The same of several documents, in batches that they share; each has its vectors kept, for `embed_passages` to find. `model` is a provider's.

    Raises as that does.
    """
    if given:
        await _embedded(given, model, context, embedder)


async def _embedded(
    given: Sequence[Texts],
    model: str,
    context: Context,
    embedder: MeteredEmbedder,
    told: TellProgress = untold,
) -> tuple[list[list[UUID]], _Batches]:
    """The keys of each document's texts, and the batches, which have the vectors."""
    await record_unrecorded(context, embedder)
    tenant, identify = context.tenant, embedder.keyring.identify
    keys = [[await identify(tenant, "embedding", model, text) for text in each.texts] for each in given]
    texts: dict[UUID, str] = {}
    owners: dict[UUID, list[UUID]] = {}
    for each, own in zip(given, keys, strict=True):
        for key, text in zip(own, each.texts, strict=True):
            texts[key] = text
            if each.document not in (whose := owners.setdefault(key, [])):
                whose.append(each.document)
    batches = _Batches(owners, model, context, embedder)
    places = list(texts)
    await told(Progress(step="embedding", done=0, of=len(places)))
    missing: list[tuple[UUID, str]] = []
    for start in range(0, len(places), AT_ONCE):
        some = places[start : start + AT_ONCE]
        known = await batches.known(some)
        missing += [(key, texts[key]) for key in some if key not in known]
        while len(missing) >= AT_ONCE:
            await batches.embed(missing[:AT_ONCE])
            missing = missing[AT_ONCE:]
            await told(Progress(step="embedding", done=len(batches.vectors), of=len(places)))
    await batches.embed(missing)
    return keys, batches


async def record_unrecorded(context: Context, embedder: MeteredEmbedder) -> None:
    """Put on record what a process has paid for that was killed before it could."""
    for call, paid in await embedder.kept.unrecorded(context.tenant):
        known = msgspec.msgpack.decode(paid, type=Paid)
        await embedder.record(call, known.purpose, known.attempts, Hold(), context, known.document)
        await embedder.kept.recorded(context.tenant, call)


@dataclass
class _Batches:
    """`vectors` by the keys of texts; `owners`: the documents that have each text; `made`: how many were paid for."""

    owners: Mapping[UUID, Sequence[UUID]]
    model: str
    context: Context
    embedder: MeteredEmbedder
    vectors: dict[UUID, Sequence[float]] = field(default_factory=dict)
    made: int = 0
    cost: Decimal = Decimal(0)

    @property
    def document(self) -> UUID | None:
        """The only one; None where there are several."""
        found = {document for some in self.owners.values() for document in some}
        return found.pop() if len(found) == 1 else None

    async def known(self, keys: Sequence[UUID]) -> Collection[UUID]:
        """Those that somebody has paid for; each document that has such a text keeps the vector as well."""
        tenant, kept = self.context.tenant, self.embedder.kept
        found = await kept.find(tenant, self.owners[keys[0]][0], self.model, keys)
        others: dict[UUID, dict[UUID, Sequence[float]]] = {}
        for key, (whose, vector) in found.items():
            self.vectors[key] = vector
            for document in self.owners[key]:
                if document != whose:
                    others.setdefault(document, {})[key] = vector
        if others:
            await kept.keep(tenant, self.model, others)
        return found.keys()

    async def embed(self, texts: Sequence[tuple[UUID, str]]) -> None:
        """In calls of as many as the server takes."""
        most = AT_ONCE
        while texts:
            most = min(most, (await self.embedder.embedders.find(self.context.tenant, self.model)).most)
            await self._batch(texts[:most])
            texts = texts[most:]

    async def _batch(self, texts: Sequence[tuple[UUID, str]]) -> None:
        id = self.embedder.ids()
        calling = await self.embedder.calling(self.model, self.context, Hold(), id)
        try:
            embedded = await calling.call([text for _, text in texts], "document")
        except ProviderError as error:
            await run_to_end(self._failed(id, calling))
            if error.outcome not in SPLIT or not await self._smaller(texts, error, calling):
                raise
            return
        except BaseException:
            await run_to_end(self._failed(id, calling))
            raise
        found = {
            key: vector
            for (key, _), vector in zip(texts, embedded.vectors, strict=True)
            if vector is not None
        }
        await run_to_end(self._paid(id, calling, found))
        missing = [each for each in texts if each[0] not in found]
        if missing and not await self._again(texts, missing, calling):
            raise ProviderError("incomplete", "the server gave no vector for a text")

    async def _smaller(
        self, texts: Sequence[tuple[UUID, str]], error: ProviderError, calling: Calling
    ) -> bool:
        """Two halves in the place of what was too much: of the texts, or of the only one's beginning. False: it can't be."""
        if len(texts) > 1:
            await self._halves(texts, calling)
            return True
        ((key, text),) = texts
        if error.outcome != "context_too_long" or len(text) // 2 < SHORTEST:
            return False
        await self._batch([(key, text[: len(text) // 2])])
        return True

    async def _halves(self, texts: Sequence[tuple[UUID, str]], calling: Calling) -> None:
        half = -(-len(texts) // 2)
        await self._batch(texts[:half])
        calling.embedder.most = min(calling.embedder.most, half)  # it was that, or is no worse for it
        await self._batch(texts[half:])

    async def _again(
        self,
        texts: Sequence[tuple[UUID, str]],
        missing: Sequence[tuple[UUID, str]],
        calling: Calling,
    ) -> bool:
        """Fewer vectors than texts: those that are missing are asked for again, fewer at once. False: nothing comes of it."""
        if len(texts) == 1:
            return False
        if len(missing) < len(texts):
            await self._batch(missing)
        else:
            await self._halves(texts, calling)
        return True

    async def _paid(self, id: UUID, calling: Calling, found: dict[UUID, Sequence[float]]) -> None:
        paid = Paid(purpose="document", attempts=tuple(calling.attempts), document=self.document)
        encoded = msgspec.msgpack.encode(paid)
        tenant, kept = self.context.tenant, self.embedder.kept
        by_document: dict[UUID, dict[UUID, Sequence[float]]] = {}
        for key, vector in found.items():
            for document in self.owners[key]:
                by_document.setdefault(document, {})[key] = vector
        await kept.keep(tenant, self.model, by_document, call=id, paid=encoded)
        self.vectors.update(found)
        self.made += len(found)
        self.cost += total(calling.attempts)
        await self.embedder.record(
            id, "document", calling.attempts, calling.hold, self.context, self.document
        )
        await kept.recorded(tenant, id)

    async def _failed(self, id: UUID, calling: Calling) -> None:
        if calling.attempts:
            await self.embedder.record(
                id, "document", calling.attempts, calling.hold, self.context, self.document
            )
        elif calling.hold.reservations:
            await release(
                calling.hold, id, self.context, store=self.embedder.store, clock=self.embedder.clock
            )
