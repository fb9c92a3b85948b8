"""Webhook parameters of Twilio → what came in. Pure. All parameters are kept, whether this version knows them or not.

What is documented and what was only seen: Twilio's guide "Twilio's request to your webhook URL", and payloads in public code.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

import msgspec

from domain.channels.incoming import Incoming, IncomingMessage, IncomingNotice, IncomingStatus
from domain.conversations.content import (
    Choice,
    Contacts,
    Flow,
    Location,
    Media,
    Part,
    Quote,
    Referral,
    Unknown,
)
from domain.conversations.messages import LONGEST_MESSAGE, Consent

NOTICES = frozenset(
    [
        "reaction",
        "system",
        "edit",
        "edited",
        "delete",
        "deleted",
        "revoke",
        "revoked",
        "user_changed_number",
        "user_changed_user_id",
        "ephemeral",
        "request_welcome",
    ]
)
"""Types of what is no message to answer, as Meta names them; Twilio's form of most is not documented."""

PLAIN = frozenset(
    [
        "text",
        "image",
        "video",
        "audio",
        "voice",
        "document",
        "sticker",
        "location",
        "contacts",
        "button",
        "interactive",
    ]
)
CALLS = "VOICE_CALL_REQUEST"
"""Stands for a text where a customer answered whether they may be called: a choice that no customer typed."""

OUT, IN = frozenset(["STOP", "STOPALL", "UNSUBSCRIBE", "OPTOUT"]), frozenset(["START", "UNSTOP"])
"""Twilio's own opt-out words that nobody says for anything else (it takes CANCEL, END and YES as well)."""

VCARD = ("text/vcard", "text/x-vcard", "text/directory")
ARRIVED = frozenset(("received", "receiving"))
"""Of messages to us."""

MEDIA = re.compile(r"MediaUrl([0-9]{1,3})")


def parse(pairs: Sequence[tuple[str, str]]) -> Incoming | None:
    """None for what names no message, or nobody from whom it comes."""
    raw = kept(pairs)
    sid = next((raw[name] for name in ("MessageSid", "SmsMessageSid", "SmsSid") if raw.get(name)), "")
    status = raw.get("MessageStatus") or raw.get("SmsStatus") or ""
    if sid and status and status.lower() not in ARRIVED:
        return IncomingStatus(
            sid=sid,
            account=raw.get("AccountSid", ""),
            status=status.lower(),
            code=raw.get("ErrorCode") or None,
            raw=raw,
        )
    address, sender = raw.get("From", "").strip(), raw.get("To", "").strip()
    if not sid or not address or not sender:
        return None
    channel, kind = channel_of(address), raw.get("MessageType", "").lower()
    about = raw.get("OriginalRepliedMessageSid") or None
    who: dict[str, Any] = {
        "id": sid,
        "account": raw.get("AccountSid", ""),
        "channel": channel,
        "address": address,
        "sender": sender,
        "aliases": tuple(_aliases(raw, channel, address)),
        "name": _name(raw),
        "raw": raw,
    }
    body = raw.get("Body", "")
    if CALLS in (body, raw.get("ButtonText")):
        said = raw.get("ButtonPayload", "")
        return IncomingNotice(kind="call_permission", about=about, text=said, **who)
    if kind in NOTICES:
        return IncomingNotice(kind=kind, about=about, text=body or raw.get("Emoji", ""), **who)
    parts = tuple(_parts(raw, kind))
    if not body.strip() and not any(part.said for part in parts):
        parts = (*parts, Unknown(kind=kind or "empty"))
    elif kind and kind not in PLAIN and not any(isinstance(part, Unknown) for part in parts):
        parts = (*parts, Unknown(kind=kind))
    return IncomingMessage(text=body[:LONGEST_MESSAGE], parts=parts, consent=_consent(raw), **who)


def kept(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """All of them by name; of a name that comes again the others as `name#2`, `name#3` …"""
    found: dict[str, str] = {}
    for name, value in pairs:
        free, number = name, 1
        while free in found:
            number += 1
            free = f"{name}#{number}"
        found[free] = value
    return found


def channel_of(address: str) -> str:
    """As Twilio's addresses begin: `whatsapp:…`; a bare number is one of SMS."""
    prefix, colon, _ = address.partition(":")
    return prefix.lower() if colon and re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,31}", prefix) else "sms"


def _aliases(raw: Mapping[str, str], channel: str, address: str) -> Iterator[str]:
    """The business-scoped id stands beside a phone number, or in its place (`whatsapp:DE.4815…`)."""
    for name in ("ExternalUserId", "ExternalUserIdentifier"):
        if value := raw.get(name, "").strip():
            alias = value if ":" in value else f"{channel}:{value}"
            if alias != address:
                yield alias
            return


def _name(raw: Mapping[str, str]) -> str | None:
    if name := raw.get("ProfileName", "").strip():
        return name[:200]
    try:
        context = msgspec.json.decode(raw.get("ChannelMetadata") or "null")["data"]["context"]
        return str(context["ProfileName"])[:200] or None
    except (msgspec.DecodeError, UnicodeError, KeyError, TypeError, RecursionError):
        return None


def _parts(raw: Mapping[str, str], kind: str) -> Iterator[Part]:
    yield from _media(raw, kind)
    if "Latitude" in raw or "Longitude" in raw:
        yield _location(raw)
    if raw.get("ListId") or raw.get("ListTitle"):
        title = raw.get("ListTitle") or raw.get("Body") or raw["ListId"]
        description = raw.get("ListDescription") or None
        yield Choice(kind="list", id=raw.get("ListId") or None, title=title, description=description)
    elif raw.get("ButtonText") or raw.get("ButtonPayload"):
        title = raw.get("ButtonText") or raw.get("Body") or raw["ButtonPayload"]
        yield Choice(kind="button", id=raw.get("ButtonPayload") or None, title=title)
    if data := raw.get("InteractiveData") or raw.get("FlowData"):
        yield Flow(data=data, provider_data=raw.get("FlowData") or None)
    if message := raw.get("OriginalRepliedMessageSid"):
        yield Quote(message=message, sender=raw.get("OriginalRepliedMessageSender") or None)
    if any(
        value and name.startswith("Referral") for name, value in raw.items() if name != "ReferralNumMedia"
    ):
        yield _referral(raw)


def _media(raw: Mapping[str, str], kind: str) -> Iterator[Part]:
    """By their numbers, whatever NumMedia says."""
    numbers = [match[1] for name in raw if (match := MEDIA.fullmatch(name)) and raw[name]]
    cards = []
    for number in sorted(numbers, key=int):
        url = raw[f"MediaUrl{number}"]
        content_type = raw.get(f"MediaContentType{number}", "").strip().lower() or "application/octet-stream"
        name = raw.get(f"MediaFilename{number}") or raw.get(f"MediaFileName{number}") or None
        # By chance: made of the address it would tell of a message that was erased.
        found = Media(id=uuid4(), url=url, content_type=content_type, name=name)
        if content_type.partition(";")[0] in VCARD or kind == "contacts":
            cards.append(found)
        else:
            yield found
    if cards:
        yield Contacts(cards=tuple(cards))


def _location(raw: Mapping[str, str]) -> Part:
    try:
        latitude, longitude = float(raw.get("Latitude", "")), float(raw.get("Longitude", ""))
    except ValueError:
        return Unknown(kind="location")
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        return Unknown(kind="location")
    return Location(
        latitude=latitude,
        longitude=longitude,
        label=raw.get("Label") or None,
        address=raw.get("Address") or None,
    )


def _referral(raw: Mapping[str, str]) -> Referral:
    def given(name: str) -> str | None:
        return raw.get(f"Referral{name}") or None

    return Referral(
        headline=given("Headline"),
        body=given("Body"),
        source_type=given("SourceType"),
        source_id=given("SourceId"),
        source_url=given("SourceUrl"),
        media_url=given("MediaUrl"),
        media_type=given("MediaContentType"),
        click_id=given("CtwaClid"),
    )


def _consent(raw: Mapping[str, str]) -> Consent | None:
    """As Twilio says it, or by the customer's one word."""
    word = (raw.get("OptOutType") or raw.get("Body", "")).strip().rstrip(".!").upper()
    return "out" if word in OUT else "in" if word in IN else None
