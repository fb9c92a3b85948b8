"""Search over what was said, word for word: through the log itself, from its end backwards, so far at a time.

No read model holds a word of a customer's, not even as a keyed hash: that would tell how often each occurs, would have to be erased with
every customer, and could not find a part of a word, or a word of a language that does not part them. What is erased is found no more at once.
"""

from __future__ import annotations

import asyncio
import time
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import msgspec

from application.ports import Store, Wanted
from domain.base.errors import Invalid
from domain.base.recorded import Recorded
from domain.base.times import in_utc
from domain.conversations.content import said
from domain.conversations.conversation import Conversation

FIRST, WINDOW = 250, 5_000
"""Positions that are read at once: few at first, for a word that many have said; then twice as many each time, at most the second."""

MOST_POSITIONS = 50_000
"""Of the log that one request looks through; a list goes on from there with its cursor."""

AT_ONCE = 100
"""Texts that are looked at before others have their turn."""

SAID = (
    Conversation.MessageReceived,
    Conversation.Answered,
    Conversation.Replied,
    Conversation.Said,
    Conversation.Campaigned,
)
TOPICS = tuple(event.TOPIC for event in SAID)


class SearchTexts(msgspec.Struct, frozen=True, kw_only=True):
    """All words of `text`, in any order, as parts of words too. `until` a position: the newest that is looked at."""

    text: str
    since: datetime | None = None
    before: datetime | None = None
    until: int
    limit: int
    most: int | None = None
    """Positions to look through; None: as many as a request may."""
    patience: float | None = None
    """Seconds after which no more positions are read; None: only `most` ends it. Customers whose key is not at hand take time."""


class FoundTexts(msgspec.Struct, frozen=True):
    """The newest first. Of positions after `reached` there are no others; 0: nor of any. `back_to`: the time of the oldest text that was looked at."""

    events: list[Recorded]
    reached: int
    back_to: datetime | None


async def search_texts(query: SearchTexts, tenant: UUID, *, store: Store) -> FoundTexts:
    """Raises Invalid for a text without a word."""
    words = normal(query.text).split()
    if not words:
        raise Invalid("there is nothing to look for; send a word")
    since = in_utc("since", query.since)
    wanted = Wanted(topics=TOPICS, until=in_utc("until", query.before))
    found: list[Recorded] = []
    most = MOST_POSITIONS if query.most is None else query.most
    reached, back_to, window, began = query.until, None, min(FIRST, WINDOW), time.monotonic()
    while reached > 0 and query.until - reached < most:
        late = query.patience is not None and time.monotonic() - began > query.patience
        if late and reached < query.until:
            break
        after, window = max(0, reached - window), min(2 * window, WINDOW)
        looked_at: list[Recorded] = []
        async for part in store.find(tenant, wanted, after=after, until=reached):
            looked_at += part.events
        for number, recorded in enumerate(reversed(looked_at)):
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
            if since is not None and recorded.recorded_at < since:
                return FoundTexts(found, 0, back_to)
            back_to = recorded.recorded_at
            if any(all(word in text for word in words) for text in _texts(recorded)):
                found.append(recorded)
                if len(found) == query.limit:
                    return FoundTexts(found, recorded.position - 1, back_to)
        reached = after
    return FoundTexts(found, reached, back_to)


def normal(text: str) -> str:
    """For comparing: compatible forms are one, and so are capitals and small letters."""
    return unicodedata.normalize("NFKC", text).casefold()


def _texts(recorded: Recorded) -> Iterator[str]:
    match recorded.event:
        case Conversation.MessageReceived() as event:
            yield normal(said(event.text, event.parts))
        case (
            Conversation.Answered()
            | Conversation.Replied()
            | Conversation.Said()
            | Conversation.Campaigned() as event
        ):
            yield normal(event.text)
