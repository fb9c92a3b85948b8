"""Texts in an event that belong to other subjects: each is sealed with its own subject's key, within the event's payload.

So a deleted document's passages go from all prompts with its key, and nothing has to be looked for or written anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.base.aggregate import Event, Quote
from infra.crypto.keyring import Keyring, seal_with, subject_of, unseal_with
from infra.log import codec
from infra.log.codec import Sealed


class SealedQuotes(NamedTuple):
    """What is lent to the event with number `nth`, still sealed; `context` is the event's."""

    nth: int
    sealed: Sequence[Sealed]
    context: bytes


async def encode(
    event: Event, context: bytes, *, tenant: UUID, subject: UUID, key: AESGCM, keyring: Keyring
) -> bytes:
    """The payload of an event, which `key` is about to seal for `subject`. What is lent by nobody known stays the event's own."""
    bare, lent = event.detach()
    lenders = {each.subject for each in lent}
    keys = await keyring.load(tenant, lenders) if lent else {}
    gone = await keyring.destroyed(tenant, lenders - keys.keys()) if len(keys) < len(lenders) else ()
    sealed = []
    for number, each in enumerate(lent):
        if each.subject in gone or each.texts is None:
            sealed.append((each.place, b""))
            continue
        under = (keys[each.subject], each.subject) if each.subject in keys else (key, subject)
        sealed.append(
            (each.place, seal_with(*under, codec.encode_texts(each.texts), _about(context, number)))
        )
    return codec.encode(bare, sealed)


async def give_back(
    events: list[Event | None], borrowed: Sequence[SealedQuotes], *, tenant: UUID, keyring: Keyring
) -> None:
    """Put what is lent into the events; of subjects that were erased there is nothing left. Raises Tampered."""
    lenders = {subject_of(data) for each in borrowed for _, data in each.sealed if data}
    found = await keyring.load(tenant, [UUID(bytes=lender) for lender in lenders])
    keys = {subject.bytes: key for subject, key in found.items()}
    for nth, sealed, context in borrowed:
        lent = []
        for number, (place, data) in enumerate(sealed):
            key = keys.get(data[1:17])
            texts = codec.decode_texts(unseal_with(key, data, _about(context, number))) if key else None
            lent.append(Quote(place=place, texts=texts))
        event = events[nth]
        events[nth] = event and event.attach(lent)


def _about(context: bytes, number: int) -> bytes:
    return b"".join((context, b"lent", number.to_bytes(4, "big")))
