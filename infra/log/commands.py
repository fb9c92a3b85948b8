"""Commands of the log: the events of aggregates, chained and sealed, with all that is to be appended at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.ports import Done, Due, Tally
from domain.base.aggregate import NIL, Aggregate, Event, event_id
from domain.base.context import Context
from infra.crypto.keyring import KeyErased, Keyring, seal_with
from infra.log import codec, quotes
from infra.log.command import Command, NewEvent
from infra.log.hashing import context_bytes, digest_of, hash_of, microseconds

INLINE = 1_000_000
"""Bytes of an event that are sealed on the spot (a millisecond or two); more are sealed beside the event loop."""


class Commands:
    """Makes them; a subject that has no key yet gets one."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def of(
        self,
        collected: Sequence[tuple[Aggregate[Any], Sequence[Event]]],
        context: Context,
        inbox: str | None,
        work: Sequence[Due | Done],
        tallies: Sequence[Tally],
    ) -> tuple[Command, list[bytes], dict[UUID, AESGCM]]:
        """The command, the hash that each aggregate's chain ends with, and the keys that it brings."""
        tenant = context.tenant
        command = Command(
            tenant=tenant.bytes,
            events=[],
            actor=context.actor,
            correlation=context.correlation.bytes,
            causation=(context.causation or context.correlation).bytes,
            inbox=inbox,
            owed=with_causes(work, collected),
            settled=[item for item in work if isinstance(item, Done)],
            tallies=list(tallies),
        )
        chains = []
        new_keys: dict[UUID, AESGCM] = {}
        for aggregate, events in collected:
            chain, first, stream = aggregate.chain, True, aggregate.id.bytes
            for event in events:
                subject = aggregate.subject if event.PERSONAL else NIL
                key = self._keyring.cached(tenant, subject) or new_keys.get(subject)
                key = key or await self._make_key(aggregate, subject, command, new_keys)
                at = microseconds(event.timestamp)
                about = context_bytes(
                    command.tenant,
                    stream,
                    event.originator_version,
                    at,
                    command.correlation,
                    command.causation,
                    event.TOPIC,
                    context.actor,
                )
                if event.QUOTES:
                    plain = await quotes.encode(
                        event, about, tenant=tenant, subject=subject, key=key, keyring=self._keyring
                    )
                else:
                    plain = codec.encode(event)
                if len(plain) <= INLINE:
                    payload, digest = _sealed(key, subject, plain, about)
                else:
                    payload, digest = await asyncio.to_thread(_sealed, key, subject, plain, about)
                previous, chain = chain if first else None, hash_of(chain, about, digest)
                first = False
                command.events.append(
                    NewEvent(
                        stream, event.originator_version, previous, event.TOPIC, at, payload, digest, chain
                    )
                )
            chains.append(chain)
        return command, chains, new_keys

    async def _make_key(
        self, aggregate: Aggregate[Any], subject: UUID, command: Command, new_keys: dict[UUID, AESGCM]
    ) -> AESGCM:
        """One that the log has, else a new one: stored with the events, known to others of this process only once it is stored."""
        tenant = UUID(bytes=command.tenant)
        key = await self._find_key(aggregate, subject, tenant)
        if key is None:
            key, wrapped = await self._keyring.new_key(tenant, subject)
            new_keys[subject] = key
            command.keys.append(wrapped)
        return key

    async def _find_key(self, aggregate: Aggregate[Any], subject: UUID, tenant: UUID) -> AESGCM | None:
        """None for a subject that has none yet. Raises KeyErased."""
        if not aggregate.chain and subject == aggregate.id:
            return None
        key = (await self._keyring.load(tenant, [subject])).get(subject)
        if key is None and aggregate.chain and subject == aggregate.subject:
            raise KeyErased(f"the {aggregate.TOPIC} {aggregate.id} was erased")
        if key is None and subject not in (aggregate.id, NIL):
            # Streams share it: two of them may need it at once, and it may have been destroyed before.
            key = await self._keyring.make(tenant, subject)
        return key


def _sealed(key: AESGCM, subject: UUID, plain: bytes, about: bytes) -> tuple[bytes, bytes]:
    payload = seal_with(key, subject, plain, about)
    return payload, digest_of(payload)


def with_causes(
    work: Sequence[Due | Done], collected: Sequence[tuple[Aggregate[Any], Sequence[Event]]]
) -> list[tuple[Due, bytes]]:
    """Work comes of the last event of the aggregate whose id is its key; where there is none, of the last event of all."""
    owed = [item for item in work if isinstance(item, Due)]
    if not owed:
        return []
    last = {
        aggregate.id.hex: event_id(aggregate.id, events[-1].originator_version).bytes
        for aggregate, events in collected
        if events
    }
    return [(item, last.get(item.key) or next(reversed(last.values()))) for item in owed]
