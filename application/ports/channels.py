"""Channels that deliver: a message goes out, and the vendor tells what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from application.ports.faults import Fault
from domain.conversations.rich import Rich


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """By which a message goes out: from `sender`, or from one that the `service` chooses."""

    tenant: UUID
    account: str
    token: str
    sender: str
    service: str | None = None

    def __repr__(self) -> str:
        return f"Account(account={self.account!r}, sender={self.sender!r})"


class Approved(msgspec.Struct, frozen=True, kw_only=True):
    """A text in an approved template, which may go out at any time. `content` is the vendor's id of the template. `variables`: what they say,
    by name; None: the text is its variable `1`."""

    content: str
    text: str
    variables: Mapping[str, str] | None = None


class OutgoingMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`attempt`: its name, which the vendor's callback brings back. `template`: the vendor's id of the form's template, where it has one."""

    to: str
    words: str | Rich | Approved
    attempt: str
    template: str | None = None


class SentMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`status` is the vendor's word."""

    sid: str
    status: str


class ListedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What the vendor's list says of a message that went out, with how many files."""

    sid: str
    status: str
    code: str | None
    text: str
    at: datetime
    files: int = 0


class NotTaken(Fault):
    """The channel did not take it, and says so. `code`: the vendor's; `passing`: the same may be taken later, after `after` seconds if
    it says when. `lost`: the template that was named is not there any more."""

    def __init__(
        self, code: str, *, passing: bool = False, after: float | None = None, lost: bool = False
    ) -> None:
        self.code, self.passing, self.after, self.lost = code, passing, after, lost
        super().__init__(f"the channel refused it with {code}")


class FateUnknown(Fault):
    """The channel was called, and nobody knows whether it has taken it. `why` holds no personal text."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"nobody knows whether the channel has taken it: {why}")


class Channel(Protocol):
    """One vendor."""

    async def send(self, message: OutgoingMessage, account: Account) -> SentMessage:
        """Once, whatever happens. Raises NotTaken, FateUnknown."""

    def shape(self, rich: Rich) -> str | None:
        """Names the template that the form needs, which holds no word of it; None: it needs none."""

    async def make(self, rich: Rich, account: Account) -> str:
        """Makes the template of the form's shape; its id. Raises NotTaken; passing where there was no answer."""

    async def recent(self, account: Account, to: str, since: datetime) -> Sequence[ListedMessage]:
        """What the vendor's list has of messages to `to` since then: some may be missing for a while. Raises NotTaken."""

    async def typing(self, account: Account, message: str) -> None:
        """Show the customer who sent `message`, the vendor's id, that an answer is being made. Raises NotTaken."""


class Typing(Protocol):
    """Shows a customer that an answer is being made."""

    def show(self, tenant: UUID, sender: str, message: str) -> None:
        """Who sent `message`, the vendor's id, to our address `sender`. At once: it is done beside, or not at all."""


class SendObserver(Protocol):
    """Is told of every call of a channel, for the metrics."""

    def sent(self, form: str, outcome: str) -> None: ...
