"""The kinds of work: one line each. A new kind is a use case, and a line here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from application.context import Context
from application.conversation import ANSWER_WORK, Answer, answer
from application.document import (
    PROCESS_WORK,
    REMOVE_WORK,
    DeleteDocument,
    ProcessDocument,
    process_document,
    remove_document,
)
from application.erasure import ERASE_WORK, Erase, erase
from application.ports import (
    Clock,
    Completers,
    Embedder,
    Eraser,
    Extractor,
    Files,
    Ids,
    Store,
    Vectors,
)
from domain.pricing import PriceTable


class Item(Protocol):
    """Work that is due."""

    @property
    def tenant(self) -> UUID: ...

    @property
    def kind(self) -> str: ...

    @property
    def key(self) -> str: ...


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """`attempts`: tries before it is parked. `lease`: seconds that a try is one worker's alone; renewed while it runs."""

    handler: Callable[[Item], Awaitable[datetime | None]]
    attempts: int = 8
    lease: float = 30.0


class Ports(Protocol):
    """What the handlers need."""

    @property
    def store(self) -> Store: ...
    @property
    def embedder(self) -> Embedder: ...
    @property
    def vectors(self) -> Vectors: ...
    @property
    def files(self) -> Files: ...
    @property
    def extractor(self) -> Extractor: ...
    @property
    def completers(self) -> Completers: ...
    @property
    def prices(self) -> PriceTable: ...
    @property
    def eraser(self) -> Eraser: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_answer(item: Item) -> None:
        await answer(
            Answer(conversation=UUID(item.key)),
            _context(item, p.ids),
            store=p.store,
            embedder=p.embedder,
            vectors=p.vectors,
            completers=p.completers,
            prices=p.prices,
            clock=p.clock,
        )

    async def do_process_document(item: Item) -> None:
        await process_document(
            ProcessDocument(document=UUID(item.key)),
            _context(item, p.ids),
            store=p.store,
            files=p.files,
            extractor=p.extractor,
            embedder=p.embedder,
            vectors=p.vectors,
            prices=p.prices,
            clock=p.clock,
        )

    async def do_remove_document(item: Item) -> None:
        command = DeleteDocument(document=UUID(item.key))
        await remove_document(command, _context(item, p.ids), files=p.files, vectors=p.vectors)

    async def do_erase(item: Item) -> None:
        await erase(Erase(subject=UUID(item.key)), _context(item, p.ids), eraser=p.eraser)

    return {
        ERASE_WORK: Kind(handler=do_erase, attempts=20, lease=60.0),
        ANSWER_WORK: Kind(handler=do_answer),
        PROCESS_WORK: Kind(handler=do_process_document, attempts=5, lease=60.0),
        REMOVE_WORK: Kind(handler=do_remove_document, attempts=20),
    }


def _context(item: Item, ids: Ids) -> Context:
    return Context(tenant=item.tenant, actor="system:worker", correlation=ids())
