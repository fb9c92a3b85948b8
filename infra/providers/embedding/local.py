"""The built-in embedding model as others are asked: no key, no network. Implements `application.ports.Embedder`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

from application.ports import Embedded, TextRole
from domain.models.completion import Usage
from infra.providers.incoming import unheard


class Model(Protocol):
    """As `infra/retrieval/embedding.py` has it."""

    model: str

    async def embed(self, texts: Sequence[str]) -> list[list[float]]: ...
    def count_tokens(self, text: str) -> int: ...
    def load(self) -> None: ...


class LocalEmbedder:
    owner: UUID | None = None

    def __init__(self, model: Model) -> None:
        self._model = model
        self.model, self.most = model.model, 10_000

    async def embed(
        self, texts: Sequence[str], role: TextRole, sent: Callable[[], None] = unheard
    ) -> Embedded:
        vectors = await self._model.embed(texts)
        usage = Usage(input=sum(map(self._model.count_tokens, texts)))
        return Embedded(vectors=vectors, usage=usage, served=self.model.partition("/")[2])

    def count_tokens(self, text: str) -> int:
        return self._model.count_tokens(text)

    def load(self) -> None:
        self._model.load()
