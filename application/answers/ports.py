"""What an answer needs: a completion, passages to rest on, and names that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from application.gateway import ports as gateway
from application.ports import Keyring, Offers, Typing
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.retrieve import Retriever
from application.retrieval.sources.asking import InTime
from domain.answers.suggesting.known import By, Known


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """An offer that an answer may be about: its id, or what it is called."""

    offer: UUID | str
    by: By


class Suggesting(Protocol):
    """What may be suggested behind an answer."""

    async def known(self, tenant: UUID, conversation: UUID, named: Sequence[Named]) -> Known:
        """Of these offers, and of what the customer has bought lately. Raises Unavailable."""


class Ports(gateway.Ports, Protocol):
    @property
    def keyring(self) -> Keyring: ...
    @property
    def embedder(self) -> MeteredEmbedder: ...
    @property
    def retriever(self) -> Retriever: ...
    @property
    def in_time(self) -> InTime: ...
    @property
    def offers(self) -> Offers: ...
    @property
    def suggesting(self) -> Suggesting: ...
    @property
    def typing(self) -> Typing: ...
