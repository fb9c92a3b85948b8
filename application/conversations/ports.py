"""What an answer to a customer needs: all that it is made of, and whoever calls what is done for them. Answers that are made again have nobody for that."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from application.answers import ports as answers
from application.ports import ActionCaller
from domain.conversations.messages import Use


class Uses(Protocol):
    async def of(self, tenant: UUID, channel: str) -> Use:
        """What texts that come by this channel may be used for beside answering, at most a second old."""


class ReceivePorts(answers.Ports, Protocol):
    """What a message that is taken in needs."""

    @property
    def uses(self) -> Uses: ...


class Ports(answers.Ports, Protocol):
    @property
    def action_caller(self) -> ActionCaller: ...
