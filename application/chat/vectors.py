"""Vectors of texts: out of the cache by their content, and the rest of a model, in calls of as many as its server takes."""

from __future__ import annotations

import hashlib
import time
from array import array
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from application.chat.embedding_models import Asked
from application.ports import Cache, ProviderError
from domain.retrieval.embedding_model import LOCAL

CACHED = 64
"""Texts of a request whose vectors are looked for, and kept: those of whole libraries would leave no room for others'."""

LONGEST = 250_000
"""Characters of a call: OpenAI takes 300,000 tokens in one."""


class Vector(NamedTuple):
    """`tokens` of its text."""

    values: array[float]
    tokens: int


class Vectors:
    """`of`: the vector of each text that has one; `cached`: texts whose vectors came out of the cache."""

    def __init__(self, asked: Asked, tenant: UUID, cache: Cache, *, fresh: bool) -> None:
        self._asked, self._tenant, self._cache, self._fresh = asked, tenant, cache, fresh
        self.of: dict[str, Vector] = {}
        self.cached: set[str] = set()

    async def make(self, texts: Sequence[str]) -> None:
        """Of each text once. Raises ProviderError, BudgetRefusal."""
        wanted = list(dict.fromkeys(texts))
        if self._fresh or len(wanted) > CACHED or self._asked.space.id == LOCAL:
            await self._ask(wanted)
        elif len(wanted) == 1:
            await self._once(wanted[0])
        else:
            await self._missing(wanted)

    async def _once(self, text: str) -> None:
        """Of those who ask for the same at the same moment one pays."""

        async def made() -> bytes:
            await self._ask([text])
            return _packed(self.of[text])

        provider, started = self._asked.space.provider, time.perf_counter()
        kept, _ = await self._cache.once(self._tenant, "embeddings", self._key(text), made, group=provider)
        if text not in self.of:
            assert kept is not None
            self._take({text: kept}, started)

    async def _missing(self, texts: Sequence[str]) -> None:
        started = time.perf_counter()
        keys, provider = [self._key(text) for text in texts], self._asked.space.provider
        found, keep = await self._cache.found(self._tenant, "embeddings", keys, group=provider)
        self._take({text: kept for text, kept in zip(texts, found, strict=True) if kept is not None}, started)
        places = {text: place for place, text in enumerate(texts) if text not in self.of}
        await self._ask(list(places))
        await keep({place: _packed(self.of[text]) for text, place in places.items()})

    @property
    def cached_tokens(self) -> int:
        return sum(self.of[text].tokens for text in self.cached)

    def _take(self, kept: Mapping[str, bytes], started: float) -> None:
        for text, packed in kept.items():
            tokens, values = msgspec.msgpack.decode(packed, type=tuple[int, bytes])
            self.of[text] = Vector(array("f", values), tokens)
            self.cached.add(text)
        if kept:
            self._asked.callings[0].given_again(started)

    async def _ask(self, texts: Sequence[str]) -> None:
        most, batch, size = self._asked.most, list[str](), 0
        for text in texts:
            if batch and (len(batch) >= most or size + len(text) > LONGEST):
                await self._batch(batch)
                most, batch, size = self._asked.most, [], 0
            batch.append(text)
            size += len(text)
        if batch:
            await self._batch(batch)

    async def _batch(self, texts: Sequence[str]) -> None:
        """A server that takes fewer texts at once gets half as many, and from then on no more; those without a vector are asked for again."""
        try:
            embedded = await self._asked.embed(texts)
        except ProviderError as error:
            if error.outcome != "bad_request" or len(texts) == 1:
                raise
            await self._halves(texts)
            return
        count = self._asked.callings[0].embedder.count_tokens
        for text, vector in zip(texts, embedded.vectors, strict=True):
            if vector is not None:
                tokens = embedded.usage.input if len(texts) == 1 else count(text)
                self.of[text] = Vector(array("f", vector), tokens)
        missing = [text for text in texts if text not in self.of]
        if missing and len(texts) == 1:
            raise ProviderError("incomplete", "the server gave no vector for a text")
        if len(missing) == len(texts):
            await self._halves(texts)
        elif missing:
            await self._batch(missing)

    async def _halves(self, texts: Sequence[str]) -> None:
        half = -(-len(texts) // 2)
        await self._batch(texts[:half])
        self._asked.takes_fewer(half)
        await self._batch(texts[half:])

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(msgspec.msgpack.encode((self._asked.space.id, "api", text))).digest()


def _packed(vector: Vector) -> bytes:
    return msgspec.msgpack.encode((vector.tokens, vector.values.tobytes()))
