"""A document is deleted, and what was made of it is removed."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.base.amend import amend
from application.base.erase import Erase, erase
from application.ports import (
    PROCESS_WORK,
    Cache,
    Clock,
    Done,
    Due,
    Eraser,
    Files,
    Store,
    Vectors,
)
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.embedding.passages import record_unrecorded
from domain.base.context import Context
from domain.retrieval.document import Document

REMOVE_WORK = "remove_document"


class DeleteDocument(msgspec.Struct, frozen=True, kw_only=True):
    document: UUID


async def delete_document(
    command: DeleteDocument, context: Context, *, store: Store, vectors: Vectors, clock: Clock
) -> int:
    """Delete, for good: nothing of it is found from now on, and it is erased by work that follows. Returns the position. Raises NotFound."""
    work: list[Due | Done] = [
        Done(kind=PROCESS_WORK, key=command.document.hex),
        Due(kind=REMOVE_WORK, key=command.document.hex, due_at=clock()),
    ]
    _, saved = await amend(
        Document,
        command.document,
        lambda document: document.delete(clock()),
        context=context,
        store=store,
        work=work,
    )
    await vectors.delete(context.tenant, command.document)  # again by the work, should this not be reached
    return saved.position


async def remove_document(
    command: DeleteDocument,
    context: Context,
    *,
    eraser: Eraser,
    cache: Cache,
    files: Files,
    embedder: MeteredEmbedder,
    vectors: Vectors,
) -> None:
    """Erase a deleted document: destroy its key, and remove all that it sealed. Safe to repeat."""
    await record_unrecorded(context, embedder)  # what a killed process has paid for it
    await erase(Erase(subject=command.document), context, eraser=eraser, cache=cache)
    await vectors.delete(context.tenant, command.document)
    await files.delete(context.tenant, command.document)
