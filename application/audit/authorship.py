"""Did we write this? From the log, years later too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from application.audit.explain_call import call_events
from application.audit.explain_interaction import answering, interaction_events
from application.ports import Authorship, Locator, Store, Writing
from domain.agents.agent import Agent
from domain.agents.disclosures import DISCLOSURES
from domain.audit.authorship import candidates, fingerprint
from domain.base.errors import Invalid, NotFound
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.models.completion import Attempt, answered_by

MOST = 20
"""Answers that are told of one text: of "Yes." there may be thousands."""


class Lookup(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two. `sha256`: 64 hexadecimal digits, of the answer's text in UTF-8, without the disclosure."""

    text: str | None = None
    sha256: str | None = None


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of ours with that text. `position` is the event's that proves it, `hash` that event's.

    Of a call of the completions API `interaction` is its id, and there is no conversation.
    """

    interaction: UUID
    conversation: UUID | None
    position: int
    version: int
    written_at: datetime
    provider: str | None
    model: str | None
    hash: str


async def written(
    command: Lookup, tenant: UUID, *, store: Store, locator: Locator, authorship: Authorship
) -> tuple[Written, ...]:
    """The newest answers that have this text; white space, case and markers as [1] do not count. Raises Invalid."""
    found = await authorship.find(tenant, await _marks(command, tenant, store), MOST)
    told = [await _told(writing, tenant, store, locator) for writing in found]
    return tuple(item for item in told if item is not None)


async def _marks(command: Lookup, tenant: UUID, store: Store) -> frozenset[bytes]:
    if (command.text is None) == (command.sha256 is None):
        raise Invalid("give text or sha256, one of the two")
    if command.sha256 is not None:
        try:
            digest = bytes.fromhex(command.sha256)
        except ValueError:
            digest = b""
        if len(digest) != 32:
            raise Invalid("sha256 has 64 hexadecimal digits")
        return frozenset([fingerprint(tenant, digest)])
    assert command.text is not None
    if not command.text.strip():
        raise Invalid("the text is empty; give what is to be looked up")
    return candidates(tenant, command.text, await _disclosures(tenant, store))


async def _disclosures(tenant: UUID, store: Store) -> set[str]:
    """All that this tenant's customers were ever told before a first answer."""
    found = set(DISCLOSURES.values())
    async for recorded in store.stream(tenant, Agent.id_of(tenant)):
        if isinstance(recorded.event, Agent.Configured | Agent.Restored):
            configuration = recorded.event.configuration
            found |= {configuration.disclosure, *configuration.disclosures.values()}
    return found


async def _told(writing: Writing, tenant: UUID, store: Store, locator: Locator) -> Written | None:
    """None: it was erased meanwhile."""
    answered = await store.event(tenant, writing.position)
    conversation: UUID | None = None
    attempts: Sequence[Attempt] = ()
    if isinstance(answered.event, Conversation.Answered):
        interaction, conversation = answered.event.interaction, answered.stream
        try:
            place = await locator.locate(tenant, interaction)
        except NotFound:
            return None
        metered = answering(await interaction_events(tenant, place, interaction, store=store))
        attempts = metered.attempts if metered else ()
    elif isinstance(answered.event, Call.Answered | Call.Ended):
        interaction = answered.stream
        for recorded in await call_events(tenant, interaction, store=store):
            if isinstance(recorded.event, Call.Metered):
                attempts = recorded.event.attempts
    else:
        return None
    model = answered_by(attempts)
    return Written(
        interaction=interaction,
        conversation=conversation,
        position=answered.position,
        version=answered.version,
        written_at=answered.recorded_at,
        provider=model.provider if model else None,
        model=(model.served or model.model) if model else None,
        hash=answered.hash.hex(),
    )
