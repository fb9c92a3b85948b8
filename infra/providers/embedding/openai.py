"""Embedding models of OpenAI, and of every server that speaks its API (Together, vLLM, Ollama, llama.cpp …), on the vendor's SDK.

What comes is read by us: the SDK takes a vector for granted that a server left out, and all of them in the order in which they come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from application.ports import Counter, Embedded, ProviderError, TextRole
from domain.models.completion import Usage
from domain.retrieval.embedding_model import VectorSpace
from infra.outgoing.client import Outgoing
from infra.providers.counts import count_of, kept_usage, plain_name
from infra.providers.embedding.vectors import placed, unit_vectors
from infra.providers.incoming import unheard
from infra.providers.openai.faults import faults
from infra.providers.openai.requests import Requests

MOST = 100
"""Texts of one call. OpenAI takes 2,048, with 300,000 tokens together; servers of one's own often 32: they say so, and get fewer."""


class _Datum(msgspec.Struct):
    index: Any = None
    embedding: list[float] | str | None = None


class _Answer(msgspec.Struct):
    """Everything may be missing, or of another form."""

    data: list[_Datum | None] | None = None
    model: Any = None
    usage: Any = None
    id: Any = None
    error: Any = None


_decode = msgspec.json.Decoder(_Answer).decode


class OpenAIEmbedder:
    """`binary`: vectors are asked for in base64, a third of the bytes; servers of one's own may not know it."""

    def __init__(
        self,
        space: VectorSpace,
        *,
        key: str | None,
        base_url: str,
        http: Outgoing,
        counter: Counter,
        owner: UUID | None = None,
        binary: bool = False,
        seconds: float = 60.0,
    ) -> None:
        self.model, self.owner, self.most = space.id, owner, MOST
        self._space, self._counter, self._seconds = space, counter, seconds
        self._encoding = "base64" if binary else "float"
        self._requests = Requests("/embeddings", key=key, base_url=base_url, http=http, owner=owner)

    async def embed(
        self, texts: Sequence[str], role: TextRole, sent: Callable[[], None] = unheard
    ) -> Embedded:
        if not texts:
            return Embedded(vectors=[], usage=Usage(), served=self._space.name)
        with faults(self._seconds):
            async with asyncio.timeout(self._seconds):
                content = await self._asked(texts, sent)
            answer = _decode(content)
        if answer.error:
            raise ProviderError("unavailable", "the server answered with an error")
        data = [each or _Datum() for each in answer.data or ()]
        vectors = placed([each.embedding for each in data], [each.index for each in data], len(texts))
        raw = answer.usage if isinstance(answer.usage, dict) else {}
        return Embedded(
            vectors=unit_vectors(vectors, self._space.dimension),
            usage=self._usage(raw, texts),
            served=plain_name(answer.model if isinstance(answer.model, str) else None) or self._space.name,
            raw_usage=kept_usage(raw),
            request_id=plain_name(answer.id if isinstance(answer.id, str) else None) or None,
        )

    def count_tokens(self, text: str) -> int:
        return self._counter.count(text, self._space.name)

    def load(self) -> None:
        pass

    async def _asked(self, texts: Sequence[str], sent: Callable[[], None]) -> bytes:
        """The body of the answer. Raises ProviderError, httpx2.HTTPError."""
        shorter = {} if self._space.dimension is None else {"dimensions": self._space.dimension}
        body = {
            "model": self._space.name,
            # An empty text is an error with most.
            "input": [text if text.strip() else "." for text in texts],
            "encoding_format": self._encoding,
            **shorter,
        }
        return (await self._requests.send(body, sent)).content

    def _usage(self, raw: dict[str, Any], texts: Sequence[str]) -> Usage:
        """The server's count where it can be true, else our own."""
        for name in ("prompt_tokens", "total_tokens"):
            if tokens := count_of(raw.get(name)):
                return Usage(input=tokens)
        own = sum(map(self.count_tokens, texts))
        return Usage(input=own, source=self._counter.source(self._space.name))
