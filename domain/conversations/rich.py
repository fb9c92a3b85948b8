"""Rich messages: buttons, a list, a card, a file. Each is checked against WhatsApp's limits before it is accepted anywhere.

Lengths are in UTF-16 units, as phones count them: an emoji is two of them or more, so nothing passes here that is refused there.
Limits: developers.facebook.com/docs/whatsapp/cloud-api, and Twilio's Content API where that is narrower.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from domain.base.errors import Invalid

T = TypeVar("T")

MOST_BUTTONS, MOST_ROWS = 3, 10
"""Quick replies in a session; rows of a list in all."""

LONGEST_BODY, LONGEST_HEADER = 1024, 60
LONGEST_BUTTON, LONGEST_BUTTON_ID = 20, 256
LONGEST_ROW, LONGEST_ROW_ID, LONGEST_DESCRIPTION = 24, 200, 72
LONGEST_URL = 1600
"""What one variable of a content template holds."""

MIB = 2**20
IMAGES = frozenset({"image/jpeg", "image/png"})
CAPTIONED = IMAGES | {"video/mp4", "video/3gpp"}
"""Kinds of files that have a caption; with others a text has to go by itself."""

LARGEST = {
    **dict.fromkeys(IMAGES, 5 * MIB),
    **dict.fromkeys(
        (
            "video/mp4",
            "video/3gpp",
            "audio/aac",
            "audio/amr",
            "audio/mp4",
            "audio/mpeg",
            "audio/ogg",
            "application/pdf",
            "application/msword",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "text/plain",
            "text/vcard",
        ),
        16 * MIB,
    ),
}
"""Media type → bytes: what Twilio takes for WhatsApp."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


class Option(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something to choose. `id` comes back when it was chosen; by default that is the title."""

    title: str
    id: str = ""
    description: str | None = None

    @property
    def key(self) -> str:
        return self.id or self.title


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A button of a card that opens a page."""

    title: str
    url: str


class _Rich(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    def check(self) -> None:
        """Raises Invalid, which names the limit."""
        if (problem := self.problem()) is not None:
            raise Invalid(problem)

    def problem(self) -> str | None:
        """What WhatsApp would refuse it for; None: nothing."""
        return next(self._problems(), None)

    def _problems(self) -> Iterator[str]:
        raise NotImplementedError


class QuickReplies(_Rich, frozen=True, kw_only=True, tag="quick_replies"):
    """Up to three buttons under a text."""

    body: str
    options: tuple[Option, ...]

    def _problems(self) -> Iterator[str]:
        yield from _text("the body", self.body, LONGEST_BODY)
        yield from _number("buttons", len(self.options), MOST_BUTTONS)
        for option in self.options:
            yield from _line("a button's title", option.title, LONGEST_BUTTON)
            yield from _line("a button's id", option.key, LONGEST_BUTTON_ID)
            if option.description is not None:
                yield "a button has no description; use a list"
        yield from _unique("buttons' titles", self.options, lambda option: option.title)
        yield from _unique("buttons' ids", self.options, lambda option: option.key)


class Choices(_Rich, frozen=True, kw_only=True, tag="choices"):
    """A list of up to ten rows that `button` opens."""

    body: str
    button: str
    options: tuple[Option, ...]

    def _problems(self) -> Iterator[str]:
        yield from _text("the body", self.body, LONGEST_BODY)
        yield from _line("the list's button", self.button, LONGEST_BUTTON)
        yield from _number("rows", len(self.options), MOST_ROWS)
        for option in self.options:
            yield from _line("a row's title", option.title, LONGEST_ROW)
            yield from _line("a row's id", option.key, LONGEST_ROW_ID)
            if option.description is not None:
                yield from _line("a row's description", option.description, LONGEST_DESCRIPTION)
        yield from _unique("rows' titles", self.options, lambda option: option.title)
        yield from _unique("rows' ids", self.options, lambda option: option.key)


class Card(_Rich, frozen=True, kw_only=True, tag="card"):
    """A product or a service: a picture, a text, up to three buttons, which are all links or all replies."""

    body: str
    title: str | None = None
    media: str | None = None
    media_type: str | None = None
    options: tuple[Option, ...] = ()
    links: tuple[Link, ...] = ()

    def _problems(self) -> Iterator[str]:
        yield from _text("the body", self.body, LONGEST_BODY)
        if self.title is not None:
            yield from _line("the title", self.title, LONGEST_HEADER)
        if self.title is not None and self.media is not None:
            yield "a card has a title or a picture above its text, not both"
        if self.media is not None:
            yield from _address("the card's picture", self.media)
            if self.media_type not in IMAGES:
                yield f"a card's picture is one of {', '.join(sorted(IMAGES))}, not {self.media_type}"
        if not (self.title or self.media or self.options or self.links):
            yield "a card has a title, a picture or a button beside its body; send a text"
        if self.options and self.links:
            yield "a card's buttons are all replies or all links"
        if len(self.options) + len(self.links) > MOST_BUTTONS:
            yield from _number("buttons", len(self.options) + len(self.links), MOST_BUTTONS)
        for option in self.options:
            yield from _line("a button's title", option.title, LONGEST_BUTTON)
            yield from _line("a button's id", option.key, LONGEST_BUTTON_ID)
            if option.description is not None:
                yield "a button has no description; use a list"
        for link in self.links:
            yield from _line("a button's title", link.title, LONGEST_BUTTON)
            yield from _address("a button's link", link.url)
        titles = [each.title for each in self.options] + [each.title for each in self.links]
        yield from _unique("buttons' titles", titles, lambda title: title)
        yield from _unique("buttons' ids", self.options, lambda option: option.key)


class Attachment(_Rich, frozen=True, kw_only=True, tag="attachment"):
    """A file at a public address. `size` in bytes, where it is known."""

    url: str
    media_type: str
    size: int | None = None
    caption: str | None = None

    def _problems(self) -> Iterator[str]:
        yield from _address("the file", self.url)
        largest = LARGEST.get(self.media_type)
        if largest is None:
            yield f"WhatsApp takes no file of the type {self.media_type[:100]}; it takes {', '.join(sorted(LARGEST))}"
        elif self.size is not None and not 0 < self.size <= largest:
            yield f"the file has {self.size} bytes; {self.media_type} has 1 to {largest}"
        if self.caption is not None:
            yield from _text("the caption", self.caption, LONGEST_BODY)
            if self.media_type not in CAPTIONED:
                yield f"a file of the type {self.media_type[:100]} has no caption; send the text by itself"


Rich = QuickReplies | Choices | Card | Attachment


def units(text: str) -> int:
    """UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _text(what: str, text: str, most: int) -> Iterator[str]:
    if not text.strip():
        yield f"{what} is empty; it has 1 to {most} characters"
    if (length := units(text)) > most:
        yield f"{what} has {length} characters (UTF-16 units); WhatsApp takes at most {most}"


def _line(what: str, text: str, most: int) -> Iterator[str]:
    yield from _text(what, text, most)
    if _CONTROL.search(text):
        yield f"{what} has a line break or a control character; WhatsApp takes one line"


def _number(what: str, count: int, most: int) -> Iterator[str]:
    if not 1 <= count <= most:
        yield f"there are {count} {what}; WhatsApp takes 1 to {most}"


def _unique(what: str, items: Sequence[T], of: Callable[[T], str]) -> Iterator[str]:
    if len({of(item).strip() for item in items}) < len(items):
        yield f"{what} must differ from each other"


def _address(what: str, url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        good = parts.scheme == "https" and bool(parts.hostname) and parts.username is None
    except ValueError:
        good = False
    if not good or not url.isascii() or not url.isprintable() or " " in url:
        yield f"{what} needs a public address that begins with https://, in ASCII without white space"
    elif len(url) > LONGEST_URL:
        yield f"{what} has an address of {len(url)} characters; at most {LONGEST_URL} are taken"
