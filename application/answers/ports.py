"""What an answer needs: a completion, passages to rest on, and names that cannot be read."""

from __future__ import annotations

from typing import Protocol

from application.gateway import ports as gateway
from application.ports import Keyring, Offers, Typing
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.retrieve import Retriever
from application.retrieval.sources.asking import InTime


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
    def typing(self) -> Typing: ...
