"""Embedding models of Gemini on Google's SDK (google-genai), with a key of the Gemini API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from google import genai
from google.genai import types

from application.ports import Counter, Embedded, TextRole
from domain.models.completion import Usage
from domain.retrieval.embedding_model import VectorSpace
from infra.outgoing.client import Outgoing, telling
from infra.providers.counts import count_of
from infra.providers.embedding.vectors import placed, unit_vectors
from infra.providers.gemini.completer import unused_client
from infra.providers.gemini.forms import faults
from infra.providers.incoming import unheard

MOST = 100
"""Texts of one batch, which is what Google takes."""

TASKS = {"document": "RETRIEVAL_DOCUMENT", "question": "RETRIEVAL_QUERY"}
"""What gemini-embedding-001 and its like are told a text is."""

WORDED = {"document": "title: none | text: {}", "question": "task: search result | query: {}"}
"""And gemini-embedding-2, within the text itself (ai.google.dev/gemini-api/docs/embeddings)."""


class GeminiEmbedder:
    def __init__(
        self,
        space: VectorSpace,
        *,
        key: str | None,
        base_url: str,
        http: Outgoing,
        counter: Counter,
        owner: UUID | None = None,
        seconds: float = 60.0,
    ) -> None:
        self.model, self.owner, self.most = space.id, owner, MOST
        self._space, self._counter, self._seconds = space, counter, seconds
        self._worded = space.name.startswith("gemini-embedding-2")
        options = types.HttpOptions(
            base_url=base_url,
            api_version="v1beta",
            timeout=None,
            httpx_async_client=http,
            httpx_client=unused_client(),
        )
        self._models = genai.Client(api_key=key, vertexai=False, http_options=options).aio.models

    async def embed(
        self, texts: Sequence[str], role: TextRole, sent: Callable[[], None] = unheard
    ) -> Embedded:
        if not texts:
            return Embedded(vectors=[], usage=Usage(), served=self._space.name)
        config = types.EmbedContentConfig(
            output_dimensionality=self._space.dimension, task_type=None if self._worded else TASKS[role]
        )
        # One content a text: of plain texts gemini-embedding-2 makes one vector for all of them together.
        contents: Any = [types.Content(parts=[types.Part(text=self._said(text, role))]) for text in texts]
        with faults(self._seconds):
            async with asyncio.timeout(self._seconds):
                with telling(sent):
                    answer = await self._models.embed_content(
                        model=self._space.name, contents=contents, config=config
                    )
            given = [None if each is None else each.values for each in answer.embeddings or ()]
            counted = answer.usage_metadata and answer.usage_metadata.prompt_token_count
        vectors = placed(given, [None] * len(given), len(texts))
        return Embedded(
            vectors=unit_vectors(vectors, self._space.dimension),
            usage=self._usage(counted, texts),
            served=self._space.name,
            raw_usage={"prompt_token_count": counted} if count_of(counted) else {},
        )

    def count_tokens(self, text: str) -> int:
        return self._counter.count(text, self._space.name)

    def load(self) -> None:
        pass

    def _said(self, text: str, role: TextRole) -> str:
        text = text if text.strip() else "."
        return WORDED[role].replace("{}", text) if self._worded else text

    def _usage(self, counted: Any, texts: Sequence[str]) -> Usage:
        """Google's count where it tells one, else our own."""
        if tokens := count_of(counted):
            return Usage(input=tokens)
        own = sum(map(self.count_tokens, texts))
        return Usage(input=own, source=self._counter.source(self._space.name))
