"""Media of a conversation: which of the files that came with its messages were fetched from the channel's vendor."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID, uuid5

import msgspec

from domain.base.aggregate import NIL, Aggregate, CreatedEvent

LARGEST = 16_000_000
"""Bytes of a file: more goes through no channel of ours."""

INERT = frozenset(
    (
        "application/pdf",
        "application/msword",
        "application/rtf",
        "application/octet-stream",
        "image/jpeg",
        "image/png",
        "image/webp",
        "image/gif",
        "image/heic",
        "image/heif",
        "image/tiff",
        "text/plain",
        "text/csv",
        "text/vcard",
        "text/x-vcard",
        "text/directory",
        "text/calendar",
    )
)
"""Types that are taken, with those that begin as INERT_BEGINNINGS: none that a browser runs, as HTML and SVG are."""

INERT_BEGINNINGS = (
    "audio/",
    "video/",
    "application/vnd.ms-",
    "application/vnd.openxmlformats-officedocument.",
    "application/vnd.oasis.opendocument.",
)


class MediaFile(msgspec.Struct, frozen=True, kw_only=True):
    """`refused`: why it is not kept; None: it is."""

    content_type: str = ""
    size: int = 0
    refused: str | None = None


class MediaState(msgspec.Struct):
    """`taken`: the version up to which the conversation's files are all settled."""

    conversation: UUID = NIL
    taken: int = 0
    files: dict[UUID, MediaFile] = {}


class ConversationMedia(Aggregate[MediaState]):
    """One per conversation. No event holds a word of the customer's: the files are sealed under the conversation's key, and go with it."""

    TOPIC = "media"
    State = MediaState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "media.begun"
        PERSONAL: ClassVar[bool] = False
        conversation: UUID

        def apply(self, aggregate: ConversationMedia) -> None:
            aggregate.state.conversation = self.conversation

    class Fetched(Event, frozen=True, kw_only=True):
        """It is kept, with the type that the vendor gave it, and can be read."""

        TOPIC: ClassVar[str] = "media.fetched"
        PERSONAL: ClassVar[bool] = False
        media: UUID
        content_type: str
        size: int
        taken: int

        def apply(self, aggregate: ConversationMedia) -> None:
            aggregate._settle(
                self.media, MediaFile(content_type=self.content_type, size=self.size), self.taken
            )

    class Refused(Event, frozen=True, kw_only=True):
        """It is not kept, for good."""

        TOPIC: ClassVar[str] = "media.refused"
        PERSONAL: ClassVar[bool] = False
        media: UUID
        reason: str
        taken: int

        def apply(self, aggregate: ConversationMedia) -> None:
            aggregate._settle(self.media, MediaFile(refused=self.reason), self.taken)

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def begin(cls, conversation: UUID, at: datetime) -> ConversationMedia:
        return cls.create(cls.Begun, id=media_of_conversation(conversation), at=at, conversation=conversation)

    def fetched(self, media: UUID, content_type: str, size: int, taken: int, at: datetime) -> None:
        """`taken`: the version of the conversation up to which all files are settled with this one."""
        if media not in self.state.files:
            self.trigger(self.Fetched, at=at, media=media, content_type=content_type, size=size, taken=taken)

    def refuse(self, media: UUID, reason: str, taken: int, at: datetime) -> None:
        if media not in self.state.files:
            self.trigger(self.Refused, at=at, media=media, reason=reason, taken=taken)

    def _settle(self, media: UUID, file: MediaFile, taken: int) -> None:
        self.state.files = {**self.state.files, media: file}
        self.state.taken = max(self.state.taken, taken)


def media_of_conversation(conversation: UUID) -> UUID:
    """The id follows from the conversation's."""
    return uuid5(conversation, ConversationMedia.TOPIC)


def is_inert(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind in INERT or kind.startswith(INERT_BEGINNINGS)
