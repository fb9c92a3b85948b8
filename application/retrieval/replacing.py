"""A document takes the place of those before it that have its name, in the moment in which it answers itself."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from application.ports import PROCESS_WORK, Done, Due, Keyring, NamedDocuments, Store, Tally
from application.retrieval.removing import REMOVE_WORK
from domain.base.context import Context
from domain.base.errors import Conflict, Erased, Refused
from domain.retrieval.document import Document


async def name_key_of(tenant: UUID, name: str, keyring: Keyring) -> UUID:
    """By which documents of a name are found, while the name itself is sealed."""
    return await keyring.identify(tenant, "document name", unicodedata.normalize("NFC", name))


async def replaced_by(document: Document, tenant: UUID, named: NamedDocuments) -> Sequence[UUID]:
    """Those that go when it is completed. Raises Unavailable while the read model can't tell."""
    if not document.state.replaces or document.state.name_key is None:
        return ()
    return await named.find(tenant, document.state.name_key, before=document.id)


async def deleted(
    replaced: Sequence[UUID], tenant: UUID, at: datetime, store: Store
) -> tuple[list[Document], list[Due | Done]]:
    """The documents that go, to be saved with what takes their place, and the work that follows."""
    gone: list[Document] = []
    work: list[Due | Done] = []
    for id in replaced:
        try:
            document = await store.load(Document, id, tenant=tenant)
        except Erased:
            continue
        if document.state.status != "deleted":
            document.delete(at)
            gone.append(document)
            work += [Done(kind=PROCESS_WORK, key=id.hex), Due(kind=REMOVE_WORK, key=id.hex, due_at=at)]
    return gone, work


async def save_in_place(
    document: Document,
    replaced: Sequence[UUID],
    context: Context,
    at: datetime,
    tallies: Sequence[Tally],
    *,
    store: Store,
    work: Sequence[Due | Done],
) -> None:
    """Save a completed document, and with it that those whose place it took are deleted. Raises Conflict."""
    gone, following = await deleted(replaced, context.tenant, at, store)
    try:
        await store.save(document, *gone, context=context, work=[*work, *following], tallies=tallies)
    except Conflict:
        if await is_gone(document, context.tenant, store):
            await _restore(replaced, context, at, store)
        raise


async def is_gone(document: Document, tenant: UUID, store: Store) -> bool:
    """Whether it was deleted meanwhile."""
    try:
        return (await store.load(Document, document.id, tenant=tenant)).state.status == "deleted"
    except Erased:
        return True


async def _restore(replaced: Sequence[UUID], context: Context, at: datetime, store: Store) -> None:
    """Have those processed again whose place was taken by one that was deleted in the same moment."""
    for id in replaced:
        try:
            document = await store.load(Document, id, tenant=context.tenant)
        except Erased:
            continue
        if document.state.status in ("completed", "failed"):
            document.reprocess(at)
            work = [Due(kind=PROCESS_WORK, key=id.hex, due_at=at)]
            await store.save(document, context=context, work=work)


async def replace_with(
    document: UUID, name_key: UUID, context: Context, at: datetime, *, store: Store, named: NamedDocuments
) -> int:
    """The same content was there before it was to take a place: those of the name go at once. Returns the position, 0 where nothing went.

    Raises Refused unless it answers already, or will take the place itself.
    """
    there = (await store.load(Document, document, tenant=context.tenant)).state
    if there.status in ("pending", "processing") and there.replaces and there.name_key == name_key:
        return 0
    if there.status != "completed":
        raise Refused(
            f"this very content is there already, as document {document}, and is {there.status}, not completed; "
            "nothing was replaced: wait for it, or process it again, and send it once more"
        )
    twins = [id for id in await named.find(context.tenant, name_key) if id != document]
    gone, work = await deleted(twins, context.tenant, at, store)
    return (await store.save(*gone, context=context, work=work)).position if gone else 0
