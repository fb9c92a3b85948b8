"""Which messages of a channel make up what a conversation says to its customer, and the words of each. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec

from domain.answers.citing import with_disclosure
from domain.base.aggregate import Event
from domain.channels.outgoing import LONGEST_TEXT, Form, Outgoing, Taken
from domain.conversations.campaigning import TemplateWords
from domain.conversations.conversation import Conversation
from domain.conversations.fitting import covers
from domain.conversations.forms import as_text
from domain.conversations.parts import spans
from domain.conversations.rich import Attachment, Card, Choices, QuickReplies, Rich
from domain.retrieval.markers import without_markers

FORMS: dict[type[Rich], Form] = {
    QuickReplies: "quick_replies",
    Choices: "choices",
    Card: "card",
    Attachment: "attachment",
}


HEARD = (Conversation.MessageReceived, Conversation.RatingChosen, Conversation.CampaignPressed)
"""What came from the customer, to one of our addresses."""


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer is to get by an event of a conversation. `optional`: where the channel does not take it as it is, nothing goes out.
    `campaign`: of which it is a message, perhaps in a `template`: nobody has asked for it."""

    interaction: UUID | None
    text: str
    rich: Rich | None
    optional: bool = False
    campaign: UUID | None = None
    template: TemplateWords | None = None


def spoken(event: Event | None, part: int = 0) -> Spoken | None:
    """None where it is nothing that the customer gets. `part`: of a campaign's messages."""
    if isinstance(event, Conversation.Answered):  # whoever reads it there can't look up what is cited
        text = without_markers(event.text) if event.shown is None else event.shown
        return Spoken(interaction=event.interaction, text=f"{text}{event.suggested}", rich=event.rich)
    if isinstance(event, Conversation.Said):
        return Spoken(interaction=event.interaction, text=event.text, rich=event.rich)
    if isinstance(event, Conversation.Replied):
        last = event.interactions[-1] if event.interactions else None
        return Spoken(interaction=last, text=event.text, rich=event.rich)
    if isinstance(event, Conversation.RatingAsked):
        return Spoken(interaction=event.interaction, text=event.rich.body, rich=event.rich, optional=True)
    if isinstance(event, Conversation.RatingChosen) and event.reply is not None:
        return Spoken(interaction=None, text=event.reply, rich=None, optional=True)
    if isinstance(event, Conversation.CampaignPressed) and event.reply is not None:
        return Spoken(interaction=None, text=event.reply, rich=None)
    if isinstance(event, Conversation.Campaigned):
        one = event.parts[part]
        return Spoken(
            interaction=None, text=one.text, rich=one.rich, campaign=event.campaign, template=one.template
        )
    return None


def take(events: Iterable[Event], taken: int, sender: str | None) -> Taken:
    """What a conversation's events after version `taken` have to go out. What was said to a customer who came by no channel stays there.

    A disclosure is told with the agent's next answer, whatever a person or a fixed text says in between; one that is untold from before
    comes first in `events`.
    """
    outgoing: list[Outgoing] = []
    disclosed: tuple[int, str] | None = None
    untold: int | None = None
    for event in events:
        if isinstance(event, HEARD):
            sender = event.sender
        if isinstance(event, Conversation.Disclosed):
            disclosed = (event.originator_version, event.text)
        elif (said := spoken(event)) is not None:
            taken = event.originator_version
            version, disclosure = None, None
            if disclosed is not None and isinstance(event, Conversation.Answered):
                (version, disclosure), disclosed = disclosed, None
            untold = None if disclosed is None else disclosed[0]
            if sender is not None and isinstance(event, Conversation.Campaigned):
                outgoing += _campaign(event, event.originator_version)
            elif sender is not None:
                outgoing += _messages(said, event.originator_version, version, disclosure)
    return Taken(outgoing=tuple(outgoing), taken=taken, sender=sender, untold=untold)


def instead(outgoing: Outgoing, said: Spoken) -> tuple[Outgoing, ...]:
    """The parts of a text that says what a form would have; none of what is optional."""
    assert said.rich is not None
    if said.optional:
        return ()
    return tuple(
        msgspec.structs.replace(outgoing, form="text", plain=True, begin=begin, end=end)
        for begin, end in spans(as_text(said.rich), LONGEST_TEXT)
    )


def narrower(outgoing: Outgoing, text: str, most: int) -> tuple[Outgoing, ...]:
    """The parts of a part's `text`, of at most `most` UTF-16 units each."""
    return tuple(
        msgspec.structs.replace(outgoing, begin=outgoing.begin + begin, end=outgoing.begin + end)
        for begin, end in spans(text, most)
    )


def words(outgoing: Outgoing, said: Spoken, disclosure: str | None) -> str | Rich:
    """What the message holds; of the event at its version, and of the disclosure at `disclosed`."""
    if outgoing.form not in ("text", "template"):
        assert said.rich is not None
        return said.rich
    text = as_text(said.rich) if outgoing.plain and said.rich is not None else told(said, disclosure)
    return text[outgoing.begin : outgoing.end]


def told(said: Spoken, disclosure: str | None) -> str:
    """All that goes out as text: not what a form says as well."""
    rich = said.rich
    text = "" if rich is not None and covers(rich, said.text) else said.text
    return text if disclosure is None else with_disclosure(disclosure, text).strip()


def _messages(said: Spoken, version: int, disclosed: int | None, disclosure: str | None) -> list[Outgoing]:
    parts = [
        Outgoing(version=version, interaction=said.interaction, disclosed=disclosed, begin=begin, end=end)
        for begin, end in spans(told(said, disclosure), LONGEST_TEXT)
    ]
    if said.rich is not None:
        parts.append(Outgoing(version=version, interaction=said.interaction, form=FORMS[type(said.rich)]))
    return parts


def _campaign(event: Conversation.Campaigned, version: int) -> list[Outgoing]:
    """Each part is one message: it was checked to be."""
    last = len(event.parts) - 1
    return [
        Outgoing(
            version=version,
            interaction=None,
            form="template" if part.template else "text" if part.rich is None else FORMS[type(part.rich)],
            end=len(part.text) if part.rich is None else 0,
            campaign=event.campaign,
            part=number,
            more=number < last,
        )
        for number, part in enumerate(event.parts)
    ]
