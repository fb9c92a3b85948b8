"""Documents: taken in, processed into searchable chunks by work, removed."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from uuid import UUID

import msgspec

from application.base.amend import amend
from application.ports import (
    PROCESS_WORK,
    Clock,
    Due,
    Extractor,
    Files,
    Incoming,
    Keyring,
    NamedDocuments,
    Store,
)
from application.retrieval.replacing import name_key_of, replace_with
from domain.base.context import Context
from domain.base.errors import Erased, Invalid, NotFound
from domain.retrieval.document import LARGEST, Document


class UploadDocument(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    content: Incoming
    replace: bool = False
    """Once it is completed, all before it that have its name are deleted."""


class Uploaded(msgspec.Struct, frozen=True, kw_only=True):
    """`duplicate`: this very content is there already, as this document. `name_key` is a keyed hash of the name."""

    document: UUID
    name_key: UUID
    position: int
    duplicate: bool


class ReprocessDocument(msgspec.Struct, frozen=True, kw_only=True):
    document: UUID


async def upload_document(
    command: UploadDocument,
    context: Context,
    *,
    store: Store,
    keyring: Keyring,
    files: Files,
    extractor: Extractor,
    named: NamedDocuments,
    clock: Clock,
) -> Uploaded:
    """Keep a file and owe its processing. Its type is told by its content. Raises Invalid; Refused where it can't replace."""
    content = command.content
    if content.size > LARGEST:
        raise Invalid(f"the file has {content.size} bytes; at most {LARGEST} are taken")
    media_type = await extractor.sniff(content.beginning(extractor.sample), content.size)
    content_hash, name = content.digest, safe_name(command.name)
    name_key = await name_key_of(context.tenant, name, keyring)

    def decide(known: Document | None) -> Document:
        if known is not None:
            raise Erased if known.state.status == "deleted" else _AlreadyThere
        return Document.upload(
            document,
            name=name,
            media_type=media_type,
            size=content.size,
            content_hash=content_hash,
            name_key=name_key,
            replaces=command.replace,
            at=clock(),
        )

    async def known(document: UUID) -> Uploaded:
        position = 0
        if command.replace:
            position = await replace_with(document, name_key, context, clock(), store=store, named=named)
        return Uploaded(document=document, name_key=name_key, position=position, duplicate=True)

    while True:
        document, there = await _place(context.tenant, content_hash, store=store, keyring=keyring)
        if there:
            return await known(document)
        try:
            # The file comes first: one without its event is harmless and written over, an event without its file is a lie.
            await files.write(context.tenant, document, content.pieces())
            work = [Due(kind=PROCESS_WORK, key=document.hex, due_at=clock())]
            _, saved = await store.change(Document, document, decide, context=context, work=work)
        except _AlreadyThere:  # a twin of this request was quicker
            return await known(document)
        except Erased:  # and the twin's document is deleted already
            await files.delete(context.tenant, document)
            continue
        return Uploaded(document=document, name_key=name_key, position=saved.position, duplicate=False)


async def reprocess_document(
    command: ReprocessDocument, context: Context, *, store: Store, clock: Clock
) -> int:
    """Process again, as after a failure. Returns the position. Raises NotFound, Refused while it is being processed."""
    _, saved = await amend(
        Document,
        command.document,
        lambda document: document.reprocess(clock()),
        context=context,
        store=store,
        work=[Due(kind=PROCESS_WORK, key=command.document.hex, due_at=clock())],
    )
    return saved.position


def safe_name(name: str) -> str:
    """A file's name without folders and control characters."""
    last = PureWindowsPath(PurePosixPath(name.replace("\x00", "")).name).name
    clean = "".join(character for character in last if character.isprintable()).strip().strip(".")
    return clean[:200] or "unnamed"


class _AlreadyThere(Exception):
    """The document exists."""


async def _place(tenant: UUID, content_hash: str, *, store: Store, keyring: Keyring) -> tuple[UUID, bool]:
    """The id for this content, and whether it is there. Deleted documents are passed over: each has an id of its own."""
    generation = 0
    while True:
        document = await keyring.identify(tenant, "document", content_hash, str(generation))
        generation += 1
        try:
            known = await store.load(Document, document, tenant=tenant)
        except Erased:
            continue
        except NotFound:
            return document, False
        if known.state.status != "deleted":
            return document, True
