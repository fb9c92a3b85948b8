"""What comes in by a channel, whatever the channel is: a message, a status of what we have sent, or a notice."""

from __future__ import annotations

import msgspec

from domain.conversations.content import Part
from domain.conversations.messages import Consent


class IncomingMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's message. `id`: the vendor's; `account`: that it came by. `address` is the customer's, `sender` is ours.

    `aliases`: other addresses of the same customer's. `raw`: all that the vendor sent, whether it is known or not.
    """

    id: str
    account: str
    channel: str
    address: str
    sender: str
    aliases: tuple[str, ...] = ()
    name: str | None = None
    text: str = ""
    parts: tuple[Part, ...] = ()
    consent: Consent | None = None
    raw: dict[str, str] = {}


class IncomingNotice(msgspec.Struct, frozen=True, kw_only=True):
    """What is no message, as a reaction: kept, and not answered. `about`: the message that it is about."""

    id: str
    account: str
    channel: str
    address: str
    sender: str
    aliases: tuple[str, ...] = ()
    name: str | None = None
    kind: str
    about: str | None = None
    text: str = ""
    raw: dict[str, str] = {}


class IncomingStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a message of ours. `status` is the vendor's word, `code` its error."""

    sid: str
    account: str
    status: str
    code: str | None = None
    raw: dict[str, str] = {}


Incoming = IncomingMessage | IncomingNotice | IncomingStatus
