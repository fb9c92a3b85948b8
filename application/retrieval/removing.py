"""A document is deleted, and what was made of it is removed."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.base.amend import amend
from application.base.erase import Erase, erase
from application.ports import (
    PROCESS_WORK,
    Cache,
    Chunks,
    Clock,
    Done,
    Due,
    Eraser,
    Files,
    Remains,
    Store,
    Vectors,
)
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.embedding.passages import record_unrecorded
from domain.base.context import Context
from domain.retrieval.document import Document

REMOVE_WORK = "remove_document"


class NotRemoved(Exception):
    """Something of a deleted document is there although it was removed; the text says what. The work comes again, and is told when it is parked."""


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """What there still is: its key, by which its texts could be read, its file, and rows of the index."""

    key: bool
    file: bool
    index: Remains

    @property
    def removed(self) -> bool:
        """Nothing."""
        return not (self.key or self.file or self.index)


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
    chunks: Chunks,
) -> None:
    """Erase a deleted document: destroy its key, remove all that it sealed, and look that nothing of it is left. Safe to repeat. Raises NotRemoved."""
    await record_unrecorded(context, embedder)  # what a killed process has paid for it
    await erase(Erase(subject=command.document), context, eraser=eraser, cache=cache)
    await vectors.delete(context.tenant, command.document)
    await files.delete(context.tenant, command.document)
    left = await removal_of(command.document, context.tenant, eraser=eraser, files=files, chunks=chunks)
    if not left.removed:
        raise NotRemoved(f"of a deleted document there is still {left}")


async def removal_of(
    document: UUID, tenant: UUID, *, eraser: Eraser, files: Files, chunks: Chunks
) -> Removal:
    """What there still is of a deleted document, looked at now. Raises Unavailable where its files' place can't be asked."""
    destroyed = document in await eraser.erased(tenant, [document])
    return Removal(
        key=not destroyed,
        file=await files.has(tenant, document),
        index=await chunks.remains(tenant, document),
    )
