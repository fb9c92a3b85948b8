"""Embedding models: texts to vectors, and vectors that were paid for, kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol
from uuid import UUID

import msgspec

from domain.models.completion import Usage

TextRole = Literal["document", "question"]
"""What a text is: some models make another vector of a question than of the passage that answers it."""


class Embedded(msgspec.Struct, frozen=True, kw_only=True):
    """Unit vectors in the order of the texts; None where the server gave none that could be told to be this text's. `served`: the model's
    name as the server has it."""

    vectors: Sequence[Sequence[float] | None]
    usage: Usage
    served: str
    raw_usage: dict[str, Any] = {}
    request_id: str | None = None


class Embedder(Protocol):
    """One model of a provider's, with one key.

    `sent` is called as soon as the request is on its way to the provider, which from then on may bill it, whatever becomes of it.
    """

    model: str
    """The id of its vector space (domain/retrieval/embedding_model.py)."""

    owner: UUID | None
    """The tenant whose own key it has; None: the deployment's."""

    most: int
    """Texts of one call, at most; made less where the server turns out to take fewer."""

    async def embed(self, texts: Sequence[str], role: TextRole, sent: Callable[[], None] = ...) -> Embedded:
        """One call, of one request. Raises ProviderError."""

    def count_tokens(self, text: str) -> int: ...

    def load(self) -> None:
        """Make ready now what would be made ready at the first use."""


class Embedders(Protocol):
    """The embedding models that there are."""

    @property
    def local(self) -> Embedder:
        """The built-in one."""

    async def find(self, tenant: UUID, model: str) -> Embedder:
        """Of the vector space `model`, with the tenant's own key where it has one. Raises Refused, which says what is missing."""

    async def default(self, tenant: UUID) -> str:
        """The vector space of a tenant that has chosen none, and has no vectors yet."""


class KeptEmbeddings(Protocol):
    """Vectors that were paid for, by what they were made of: per tenant, sealed, under the key of the document whose passages they are of.

    And calls that were paid for, until they are on record.
    """

    async def find(
        self, tenant: UUID, document: UUID, model: str, keys: Sequence[UUID]
    ) -> Mapping[UUID, tuple[UUID, Sequence[float]]]:
        """Key of a text → the document that has it, this one if it does, and its vector."""

    async def keep(
        self,
        tenant: UUID,
        model: str,
        vectors: Mapping[UUID, Mapping[UUID, Sequence[float]]],
        call: UUID | None = None,
        paid: bytes = b"",
    ) -> None:
        """In one transaction: the vectors by document and text, and what their `call` has cost, to be put on record. Those of a document that was erased are not
        kept, the call is."""

    async def unrecorded(self, tenant: UUID) -> Sequence[tuple[UUID, bytes]]:
        """Calls that are not known to be on record, with what was given to `keep`."""

    async def recorded(self, tenant: UUID, call: UUID) -> None:
        """It is on record: forget it."""
