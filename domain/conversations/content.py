"""Contents of a message beside its text: media, a location, contacts, a choice that was offered, a filled-in form.

A channel's adapter makes them of what its vendor sends (W8); here they are the same whatever the channel is. What a reader of the
conversation sees of them, a model or a person, is `said`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal
from uuid import UUID

import msgspec

LONGEST_FORM = 2_000
"""Characters of a filled-in form that are said; the log keeps all."""


class Content(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Base of the parts. `said`: in a few words, empty where it says nothing by itself."""

    @property
    def said(self) -> str:
        return ""


class Media(Content, frozen=True, kw_only=True, tag="media"):
    """A file: image, sound, video, document. `id` names it in the tenant; `url` is the vendor's, from which it is fetched by work."""

    id: UUID
    url: str
    content_type: str
    name: str | None = None

    @property
    def said(self) -> str:
        kind = self.content_type.partition("/")[0].lower()
        kind = kind if kind in ("image", "audio", "video") else "document"
        return f"[{kind} {self.name}]" if self.name else f"[{kind}]"


class Location(Content, frozen=True, kw_only=True, tag="location"):
    """Degrees, as WGS 84 has them."""

    latitude: float
    longitude: float
    label: str | None = None
    address: str | None = None

    @property
    def said(self) -> str:
        named = ", ".join(text for text in (self.label, self.address) if text)
        return f"[location {self.latitude}, {self.longitude}{': ' if named else ''}{named}]"


class Contacts(Content, frozen=True, kw_only=True, tag="contacts"):
    """Contact cards, each a vCard to be fetched."""

    cards: tuple[Media, ...]

    @property
    def said(self) -> str:
        return "[contact card]" if len(self.cards) == 1 else f"[{len(self.cards)} contact cards]"


class Choice(Content, frozen=True, kw_only=True, tag="choice"):
    """A button that was pressed, or a row of a list. `id` is what its sender called it, `title` what the customer saw."""

    kind: Literal["button", "list"]
    id: str | None
    title: str
    description: str | None = None

    @property
    def said(self) -> str:
        return self.title


class Quote(Content, frozen=True, kw_only=True, tag="quote"):
    """The earlier message that this one replies to, by the channel's own id; `sender` wrote it."""

    message: str
    sender: str | None = None


class Referral(Content, frozen=True, kw_only=True, tag="referral"):
    """The advertisement, or post, that the customer came from."""

    headline: str | None = None
    body: str | None = None
    source_type: str | None = None
    source_id: str | None = None
    source_url: str | None = None
    media_url: str | None = None
    media_type: str | None = None
    click_id: str | None = None

    @property
    def said(self) -> str:
        about = ": ".join(text for text in (self.headline, self.body) if text)
        return f"[came from {self.source_type or 'an advertisement'}{': ' if about else ''}{about}]"


class Flow(Content, frozen=True, kw_only=True, tag="flow"):
    """A filled-in form: JSON text of names and values, and what the provider itself had sent."""

    data: str
    provider_data: str | None = None

    @property
    def said(self) -> str:
        return f"[form: {self.data[:LONGEST_FORM]}]"


class Unknown(Content, frozen=True, kw_only=True, tag="unknown"):
    """What this version knows nothing more of than the vendor's word for it; all that came is kept with the message."""

    kind: str

    @property
    def said(self) -> str:
        return f"[{self.kind or 'unknown'}: can't be shown here]"


Part = Media | Location | Contacts | Choice | Quote | Referral | Flow | Unknown


def said(text: str, parts: Sequence[Part]) -> str:
    """A message in one text: as it is where it has no parts, else with them, as "[image: my receipt]" or "[location 52.5, 13.4] here"."""
    if not parts:
        return text
    if text.strip() and len(shown := [part for part in parts if part.said]) == 1 and _captioned(shown[0]):
        return f"{shown[0].said[:-1]}: {text}]"
    told = [part.said for part in parts if part.said and part.said.strip() != text.strip()]
    return " ".join([*told, text] if text.strip() else told)


def media_of(parts: Sequence[Part]) -> Iterator[Media]:
    """The files among them, contact cards too."""
    for part in parts:
        if isinstance(part, Media):
            yield part
        elif isinstance(part, Contacts):
            yield from part.cards


def _captioned(part: Part) -> bool:
    return isinstance(part, Media)
