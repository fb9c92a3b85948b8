"""Knowledge entries: written, changed, deleted, restored, erased. From the moment of a change nothing is found that the entry said before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import msgspec

from application.base.amend import amend
from application.base.erase import ERASE_WORK
from application.ports import INDEX_WORK, Clock, Done, Due, Ids, Keyring, Store, Vectors, Work
from domain.base.context import Context
from domain.retrieval.knowledge import Knowledge, same
from domain.retrieval.knowledge_entry import KnowledgeEntry


class CreateEntry(msgspec.Struct, frozen=True, kw_only=True):
    knowledge: Knowledge


class UpdateEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`knowledge` takes the place of all that it says."""

    entry: UUID
    knowledge: Knowledge


class DeleteEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`erase`: for good, instead of so that it may be restored."""

    entry: UUID
    erase: bool = False


class RestoreEntry(msgspec.Struct, frozen=True, kw_only=True):
    entry: UUID


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """`position` 0: it said so already."""

    entry: KnowledgeEntry
    position: int


async def create_entry(
    command: CreateEntry, context: Context, *, store: Store, keyring: Keyring, clock: Clock, ids: Ids
) -> Written:
    """Raises Invalid."""
    knowledge = command.knowledge.cleaned()
    category_key = await category_key_of(context.tenant, knowledge.category, keyring)
    entry = KnowledgeEntry.write(ids(), knowledge, category_key, clock())
    saved = await store.save(entry, context=context, work=indexing(clock)(entry))
    return Written(entry=entry, position=saved.position)


async def update_entry(
    command: UpdateEntry,
    context: Context,
    *,
    store: Store,
    keyring: Keyring,
    vectors: Vectors,
    clock: Clock,
) -> Written:
    """Raises Invalid, NotFound, Conflict."""
    knowledge = command.knowledge.cleaned()
    category_key = await category_key_of(context.tenant, knowledge.category, keyring)

    def decide(entry: KnowledgeEntry) -> None:
        entry.update(knowledge, category_key, clock())

    return await _change(command.entry, decide, context, store=store, vectors=vectors, clock=clock)


async def delete_entry(
    command: DeleteEntry, context: Context, *, store: Store, vectors: Vectors, clock: Clock
) -> Written:
    """Raises NotFound, Conflict."""

    def decide(entry: KnowledgeEntry) -> None:
        (entry.erase if command.erase else entry.delete)(clock())

    return await _change(command.entry, decide, context, store=store, vectors=vectors, clock=clock)


async def restore_entry(
    command: RestoreEntry, context: Context, *, store: Store, vectors: Vectors, clock: Clock
) -> Written:
    """It says what it said, and answers again, if it did. Raises NotFound, Conflict."""

    def decide(entry: KnowledgeEntry) -> None:
        entry.bring_back(clock())

    return await _change(command.entry, decide, context, store=store, vectors=vectors, clock=clock)


def indexing(clock: Clock, later: timedelta = timedelta(0)) -> Callable[[KnowledgeEntry], Work]:
    """The work that a change of an entry makes due; what was due for the change before is settled. `later`: where something else is to do it before."""

    def work(entry: KnowledgeEntry) -> Work:
        settled = Done(kind=INDEX_WORK, key=key_of(entry.id, entry.version - 1))
        if entry.state.status == "erased":
            return [settled, Due(kind=ERASE_WORK, key=entry.id.hex, due_at=clock())]
        due_at = clock() + later
        return [settled, Due(kind=INDEX_WORK, key=key_of(entry.id, entry.version), due_at=due_at)]

    return work


def key_of(entry: UUID, revision: int) -> str:
    """Each change has work of its own, so that the end of one does not settle the next."""
    return f"{entry.hex}/{revision}"


async def category_key_of(tenant: UUID, category: str | None, keyring: Keyring) -> UUID | None:
    """By which entries of a category are found, while the category itself is sealed."""
    return await keyring.identify(tenant, "knowledge category", same(category)) if category else None


async def _change(
    entry: UUID,
    decide: Callable[[KnowledgeEntry], object],
    context: Context,
    *,
    store: Store,
    vectors: Vectors,
    clock: Clock,
) -> Written:
    changed, saved = await amend(
        KnowledgeEntry, entry, decide, context=context, store=store, work=indexing(clock)
    )
    if saved.position:
        # Should this not be reached, the work does it. That may have been quicker, and what it has put in place stays.
        await vectors.delete(context.tenant, entry, before=changed.version)
    return Written(entry=changed, position=saved.position)
