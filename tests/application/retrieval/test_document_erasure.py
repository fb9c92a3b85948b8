"""A deleted document leaves nothing that can be read, anywhere."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from application.answers.compose import CANARY as CANARY_DIGITS
from application.ports import Extracted, IdempotencyKey, Kept, TellProgress, untold
from application.retrieval.removing import DeleteDocument, NotRemoved, remove_document
from domain.agents.chunk_sizes import ChunkSizes
from domain.answers.canary import with_canary
from domain.base.errors import Erased, NotFound
from domain.conversations.conversation import Conversation
from domain.retrieval.document import Document
from domain.retrieval.passages import GONE
from infra.audit.export import Exporter
from infra.backup.making import make
from infra.crypto.rotating import Rotator
from infra.postgres.database import Database
from tests.application.conftest import Shop
from tests.application.privacy.traces import CANARY, read_models, talk
from tests.application.retrieval.remains import rows_with
from tests.application.retrieval.uploads import delete, found, process, upload
from tests.cells import cell
from tests.contents import whole

CONTENT = f"The {CANARY} is open from nine to five.".encode()
NAME = f"{CANARY}.txt"


async def remove(shop: Shop, document: UUID) -> None:
    """What the work does."""
    await remove_document(
        DeleteDocument(document=document),
        shop.context,
        eraser=shop.parts.eraser,
        cache=shop.parts.cache,
        files=shop.parts.files,
        embedder=shop.parts.embedder,
        vectors=shop.parts.vectors,
        chunks=shop.parts.chunks,
    )


async def erased(shop: Shop) -> UUID:
    """A document that was processed, kept in a snapshot, and deleted."""
    uploaded = await upload(shop, CONTENT, NAME)
    known = await process(shop, uploaded.document)
    await shop.parts.store._snapshots.save(known, shop.context.tenant)
    await delete(shop, uploaded.document)
    await remove(shop, uploaded.document)
    return uploaded.document


async def test_no_table_holds_its_key_or_anything_that_its_key_sealed(shop: Shop) -> None:
    kept = Kept(200, [], CONTENT)
    key = IdempotencyKey(shop.context.tenant, "key:first", "k")
    await shop.parts.idempotency.begin(key, b"f")
    await shop.parts.idempotency.finish(key, kept)
    document = await erased(shop)
    await read_models(shop)
    assert rows_with(shop, CANARY) == []
    assert rows_with(shop, f"\\x01{document.bytes.hex()}") == []
    with psycopg.connect(str(shop.parts.settings.database_url)) as superuser:
        for query in (
            "SELECT count(*) FROM retrace.subject_keys WHERE tenant = %s AND subject = %s",
            "SELECT count(*) FROM retrace.snapshots WHERE tenant = %s AND stream = %s",
            "SELECT count(*) FROM retrace.chunks WHERE tenant = %s AND document = %s",
            "SELECT count(*) FROM retrace.vectors WHERE tenant = %s AND document = %s",
        ):
            assert superuser.execute(query, [shop.context.tenant, document]).fetchone() == (0,)
        query = "SELECT count(*) FROM retrace.idempotency WHERE tenant = %s"
        assert superuser.execute(query, [shop.context.tenant]).fetchone() == (0,)


async def test_its_events_tell_only_figures_and_that_it_was_deleted(shop: Shop) -> None:
    document = await erased(shop)
    events = await shop.events(document)
    left = [type(recorded.event) for recorded in events if recorded.event is not None]
    assert left == [Document.Processed, Document.Deleted]
    with pytest.raises(Erased):
        await shop.parts.store.load(Document, document, tenant=shop.context.tenant)
    with pytest.raises(NotFound):
        await delete(shop, document)
    with pytest.raises(NotFound):
        await whole(shop.parts.files.read(shop.context.tenant, document))
    assert await process_again(shop, document) is None


async def process_again(shop: Shop, document: UUID) -> Document | None:
    try:
        return await process(shop, document)
    except Erased:  # there is nothing to load after it has done nothing
        return None


async def test_the_log_verifies_and_neither_an_export_nor_a_backup_holds_it(
    shop: Shop, tmp_path: Path
) -> None:
    tenant = shop.context.tenant
    uploaded = await upload(shop, CONTENT, NAME)
    await process(shop, uploaded.document)
    await shop.parts.checkpoints.make(tenant)
    await delete(shop, uploaded.document)
    await remove(shop, uploaded.document)
    signed = await shop.parts.checkpoints.make(tenant)
    assert signed is not None
    assert (await shop.parts.verify(tenant)).findings == []
    lines = [
        line async for line in Exporter(shop.parts.database, shop.parts.checkpoints).whole(tenant, signed)
    ]
    blank = [
        line for line in lines if f'"stream": "{uploaded.document}"' in line and '"payload": null' in line
    ]
    assert len(blank) == 2, "uploaded and processing started"
    url, settings = str(shop.parts.settings.database_url), shop.parts.settings
    async with Database(cell(url), role="retrace_keeper", size=1) as keeper:
        await make(
            tmp_path / "backup",
            url=url,
            files=shop.parts.files.blobs,
            tenants=[tenant],
            checkpoints=shop.parts.checkpoints,
            rotator=Rotator(keeper, settings.master()),
        )
    for folder in (settings.data, tmp_path / "backup"):
        for path in folder.rglob("*"):
            assert uploaded.document.hex not in path.name.replace("-", "")
            assert not path.is_file() or CANARY.encode() not in path.read_bytes()


async def test_read_models_keep_no_title_and_are_rebuilt_to_the_same_rows(shop: Shop) -> None:
    other = await upload(shop, b"Another one.", "other.txt")
    await process(shop, other.document)
    uploaded = await upload(shop, CONTENT, NAME)
    await process(shop, uploaded.document)
    before = await read_models(shop)
    await delete(shop, uploaded.document)
    await remove(shop, uploaded.document)
    after = await read_models(shop)
    assert after["costs"] == before["costs"]
    assert before["costs"], "the figures are there"
    assert CANARY not in str(before["documents"]), "its name is in the log only"
    assert CANARY not in str(after["documents"])
    assert len(after["documents"]) == 2
    assert await read_models(shop, anew=True) == after


async def test_a_removal_that_leaves_something_is_not_done(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploaded = await upload(shop, CONTENT, NAME)
    await process(shop, uploaded.document)
    await delete(shop, uploaded.document)

    async def nothing(tenant: UUID, subject: UUID) -> None: ...

    with monkeypatch.context() as patched:
        patched.setattr(shop.parts.files, "delete", nothing)
        with pytest.raises(NotRemoved, match="file=True"):
            await remove(shop, uploaded.document)
    await remove(shop, uploaded.document)


class Meanwhile:
    """An extractor at the end of whose work something happens."""

    def __init__(self, shop: Shop, do: Any) -> None:
        self._extractor, self._do = shop.parts.extractor, do

    async def extract(
        self,
        content: AsyncIterable[bytes],
        media_type: str,
        *,
        sizes: ChunkSizes,
        embed: bool = True,
        told: TellProgress = untold,
    ) -> Extracted:
        extracted = await self._extractor.extract(content, media_type, sizes=sizes, embed=embed, told=told)
        await self._do()
        return extracted


async def test_one_that_is_deleted_while_it_is_processed_leaves_no_passage(shop: Shop) -> None:
    uploaded = await upload(shop, CONTENT, NAME)
    key = shop.parts.keyring.cached(shop.context.tenant, uploaded.document)
    assert key is not None

    async def vanish() -> None:
        await delete(shop, uploaded.document)
        await remove(shop, uploaded.document)
        # As in another process, which has not heard of it yet.
        shop.parts.keyring.remember(shop.context.tenant, uploaded.document, key)

    extractor: Any = Meanwhile(shop, vanish)
    shop.parts = dataclasses.replace(shop.parts, extractor=extractor)
    assert await process_again(shop, uploaded.document) is None
    assert rows_with(shop, f"\\x01{uploaded.document.bytes.hex()}") == []


async def test_a_twin_that_comes_after_the_deletion_leaves_no_file_of_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first: list[UUID] = []
    write = shop.parts.files.write

    async def slow(tenant: UUID, document: UUID, content: AsyncIterable[bytes]) -> None:
        monkeypatch.setattr(shop.parts.files, "write", write)
        uploaded = await upload(shop, CONTENT, NAME)
        assert uploaded.document == document
        first.append(document)
        await delete(shop, document)
        await remove(shop, document)
        await write(tenant, document, content)

    monkeypatch.setattr(shop.parts.files, "write", slow)
    twin = await upload(shop, CONTENT, NAME)
    assert twin.document not in first
    assert not twin.duplicate
    with pytest.raises(NotFound):
        await whole(shop.parts.files.read(shop.context.tenant, first[0]))
    await process(shop, twin.document)
    assert await found(shop) == [CONTENT.decode()]


async def test_no_new_key_is_made_for_what_was_erased_however_they_race(shop: Shop) -> None:
    tenant, keyring = shop.context.tenant, shop.parts.keyring

    async def write(subject: UUID) -> None:
        with suppress(Erased):
            await keyring.seal(tenant, subject, b"text", b"context")

    for _ in range(20):
        subject = uuid4()
        await keyring.seal(tenant, subject, b"text", b"context")
        writing = []
        for _ in range(6):
            keyring.forget(tenant, subject)
            writing.append(write(subject))
        await asyncio.gather(shop.parts.eraser.erase(tenant, subject), *writing)
        keyring.forget(tenant, subject)
        assert await keyring.load(tenant, [subject]) == {}
        with pytest.raises(Erased):
            await keyring.seal(tenant, subject, b"text", b"context")


async def prompted(shop: Shop, conversation: UUID) -> list[Conversation.Prompted]:
    events = [recorded.event for recorded in await shop.events(conversation)]
    assert None not in events
    return [event for event in events if isinstance(event, Conversation.Prompted)]


async def test_its_passages_go_from_the_prompts_of_conversations_and_those_of_others_stay(shop: Shop) -> None:
    """The exact prompt is on record, and each passage in it belongs to its document."""
    uploaded = await upload(shop, CONTENT, NAME)
    await process(shop, uploaded.document)
    other = await upload(shop, b"On Sundays the shop is open as well.", "sundays.txt")
    await process(shop, other.document)
    conversation = await talk(shop, "When are you open?")
    (before,) = await prompted(shop, conversation)
    word = await shop.parts.keyring.identify(shop.context.tenant, "canary", str(before.interaction))
    assert shop.provider.asked[-1].prompt == with_canary(before.prompt, word.hex[:CANARY_DIGITS])
    assert {item.title for item in before.retrieved} == {NAME, "sundays.txt"}
    await delete(shop, uploaded.document)
    await remove(shop, uploaded.document)
    (after,) = await prompted(shop, conversation)
    assert CANARY not in str(after)
    assert "On Sundays the shop is open as well." in after.prompt[0].text
    assert {item.title for item in after.retrieved} == {GONE, "sundays.txt"}
    assert [item.document for item in after.retrieved] == [item.document for item in before.retrieved]
    assert await shop.parts.checkpoints.make(shop.context.tenant)
    assert (await shop.parts.verify(shop.context.tenant)).findings == []
    assert await talk(shop, "And when do you close?") == conversation, "it goes on"
    assert CANARY not in str(shop.provider.asked[-1])


async def test_a_passage_whose_document_goes_while_the_answer_is_made_is_not_recorded(shop: Shop) -> None:
    uploaded = await upload(shop, CONTENT, NAME)
    await process(shop, uploaded.document)

    async def vanish() -> None:
        await delete(shop, uploaded.document)
        await remove(shop, uploaded.document)

    shop.provider.meanwhile = vanish
    conversation = await talk(shop, "When are you open?")
    assert CANARY in str(shop.provider.asked[-1])
    assert CANARY not in str(await prompted(shop, conversation))
