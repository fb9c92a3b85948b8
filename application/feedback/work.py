"""The work of feedback: what an operator's reply says of the agent's answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from application.base.work import context_of
from application.conversations.owing import CANDIDATE_WORK
from application.feedback.candidate import ProposeCandidate, propose_candidate
from application.ports import Clock, Ids, Item, Keyring, Kind, Store


class Ports(Protocol):
    """What the handlers need."""

    @property
    def store(self) -> Store: ...
    @property
    def keyring(self) -> Keyring: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_propose_candidate(item: Item) -> None:
        conversation, _, version = item.key.partition("/")
        command = ProposeCandidate(conversation=UUID(conversation), version=int(version))
        context = context_of(item, p.ids, "feedback")
        await propose_candidate(command, context, store=p.store, keyring=p.keyring, clock=p.clock)

    return {CANDIDATE_WORK: Kind(handler=do_propose_candidate, attempts=20)}
