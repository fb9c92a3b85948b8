"""The kinds of work: one line each. A new kind is a use case, and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.base.erase import Erase, erase
from application.budgets.budget import ALERT_WORK, raise_alerts
from application.budgets.settle import RESERVATION_WORK, expire_reservation
from application.chat.end_user import ERASE_USER_WORK
from application.conversations.conversation import ANSWER_WORK, Answer, answer
from application.flags.flag import ROLLOUT_WORK, LookAtRollout, look_at_rollout
from application.gateway.providers import Providers
from application.operations.projections import raise_projection_alert
from application.ports import (
    PROCESS_WORK,
    PROJECTION_ALERT_WORK,
    Clock,
    Eraser,
    Extractor,
    Files,
    Idle,
    Ids,
    Item,
    Keyring,
    Kind,
    Metrics,
    Signer,
    Store,
    Vectors,
)
from application.privacy.forget import ERASE_WORK, EraseUser, erase_user
from application.privacy.retention import RETENTION_WORK, KeepRetention, keep_retention
from application.retrieval.document import (
    REMOVE_WORK,
    DeleteDocument,
    ProcessDocument,
    process_document,
    remove_document,
)
from application.retrieval.embedding import MeteredEmbedder
from application.tenancy.removal import ERASE_TENANT_WORK, erase_tenant
from domain.base.context import Context, correlation
from domain.models.catalogue import Catalogue

PATIENCE = 300.0
"""Seconds for which a worker waits for room in a tenant's budget before it tries again later."""


class Ports(Protocol):
    """What the handlers need."""

    @property
    def store(self) -> Store: ...
    @property
    def keyring(self) -> Keyring: ...
    @property
    def embedder(self) -> MeteredEmbedder: ...
    @property
    def vectors(self) -> Vectors: ...
    @property
    def files(self) -> Files: ...
    @property
    def extractor(self) -> Extractor: ...
    @property
    def providers(self) -> Providers: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def eraser(self) -> Eraser: ...
    @property
    def checkpoints(self) -> Signer: ...
    @property
    def idle(self) -> Idle: ...
    @property
    def metrics(self) -> Metrics: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_answer(item: Item) -> None:
        more = True
        while more:
            given = await answer(
                Answer(conversation=UUID(item.key), patience=PATIENCE),
                _context(item, p.ids),
                store=p.store,
                embedder=p.embedder,
                vectors=p.vectors,
                providers=p.providers,
                clock=p.clock,
                ids=p.ids,
            )
            more = given is not None and given.more

    async def do_process_document(item: Item) -> None:
        await process_document(
            ProcessDocument(document=UUID(item.key)),
            _context(item, p.ids),
            store=p.store,
            keyring=p.keyring,
            files=p.files,
            extractor=p.extractor,
            vectors=p.vectors,
            catalogue=p.catalogue,
            clock=p.clock,
        )

    async def do_remove_document(item: Item) -> None:
        command = DeleteDocument(document=UUID(item.key))
        await remove_document(
            command,
            _context(item, p.ids),
            eraser=p.eraser,
            cache=p.providers.cache,
            files=p.files,
            vectors=p.vectors,
        )

    async def do_erase(item: Item) -> None:
        command, context = Erase(subject=UUID(item.key)), _context(item, p.ids)
        await erase(command, context, eraser=p.eraser, cache=p.providers.cache)

    async def do_erase_user(item: Item) -> None:
        command, context = EraseUser(user=UUID(item.key)), _context(item, p.ids)
        await erase_user(
            command, context, store=p.store, eraser=p.eraser, cache=p.providers.cache, clock=p.clock
        )

    async def do_erase_tenant(item: Item) -> datetime | None:
        return await erase_tenant(
            _context(item, p.ids, "removal"),
            store=p.store,
            eraser=p.eraser,
            signer=p.checkpoints,
            cache=p.providers.cache,
            files=p.files,
            clock=p.clock,
        )

    async def do_expire_reservation(item: Item) -> datetime | None:
        return await expire_reservation(UUID(item.key), _context(item, p.ids), store=p.store, clock=p.clock)

    async def do_raise_alerts(item: Item) -> None:
        await raise_alerts(item.key, _context(item, p.ids), store=p.store, clock=p.clock)

    async def do_raise_projection_alert(item: Item) -> None:
        context = _context(item, p.ids, "projector")
        await raise_projection_alert(item.key, context, store=p.store, clock=p.clock)

    async def do_retention(item: Item) -> datetime | None:
        command = KeepRetention(at=p.clock())
        context = _context(item, p.ids, "retention")
        return await keep_retention(command, context, store=p.store, idle=p.idle, clock=p.clock)

    async def do_look_at_rollout(item: Item) -> datetime | None:
        return await look_at_rollout(
            LookAtRollout(flag=item.key),
            _context(item, p.ids, "rollout"),
            store=p.store,
            metrics=p.metrics,
            clock=p.clock,
        )

    return {
        RETENTION_WORK: Kind(handler=do_retention, attempts=1000, lease=60.0),
        RESERVATION_WORK: Kind(handler=do_expire_reservation, attempts=20),
        ALERT_WORK: Kind(handler=do_raise_alerts),
        PROJECTION_ALERT_WORK: Kind(handler=do_raise_projection_alert, attempts=20),
        ROLLOUT_WORK: Kind(handler=do_look_at_rollout, attempts=1000),
        ERASE_WORK: Kind(handler=do_erase, attempts=20, lease=60.0),
        ERASE_TENANT_WORK: Kind(handler=do_erase_tenant, attempts=100, lease=60.0),
        ERASE_USER_WORK: Kind(handler=do_erase_user, attempts=20, lease=60.0),
        ANSWER_WORK: Kind(handler=do_answer),
        PROCESS_WORK: Kind(handler=do_process_document, attempts=5, lease=60.0, heavy=True),
        REMOVE_WORK: Kind(handler=do_remove_document, attempts=20),
    }


def _context(item: Item, ids: Ids, part: str = "worker") -> Context:
    """What comes of work goes on with what the work came of."""
    context = Context(
        tenant=item.tenant,
        actor=f"system:{part}",
        correlation=item.correlation or ids(),
        causation=item.causation,
    )
    correlation.set(str(context.correlation))
    return context
