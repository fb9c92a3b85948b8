"""Campaign messages in a conversation: what a customer got without having asked, and which button of it they pressed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.conversations.forms import as_text
from domain.conversations.rich import Rich
from domain.conversations.state import ConversationPart


class TemplateWords(msgspec.Struct, frozen=True, kw_only=True):
    """An approved template by its name in the account's settings, and what its variables say."""

    name: str
    variables: dict[str, str] = {}


class CampaignPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message of the channel: a text, a form, or a template, whose `text` is what it says."""

    text: str = ""
    rich: Rich | None = None
    template: TemplateWords | None = None

    @property
    def said(self) -> str:
        return self.text if self.rich is None else as_text(self.rich)


class Campaigning(ConversationPart):
    """What a campaign says answers no message; the agent knows of it when the customer comes back to it."""

    class Event(ConversationPart.Event, frozen=True, kw_only=True):
        pass

    class Campaigned(Event, frozen=True, kw_only=True):
        """The customer is to get these messages of `campaign`, once and for all."""

        TOPIC: ClassVar[str] = "conversation.campaigned"
        campaign: UUID
        parts: tuple[CampaignPart, ...]

        @property
        def text(self) -> str:
            """All of it that can be read."""
            return "\n\n".join(part.said for part in self.parts)

        def apply(self, aggregate: Campaigning) -> None:
            aggregate._remember("assistant", self.text)

    class CampaignPressed(Event, frozen=True, kw_only=True):
        """The customer has pressed a button of a campaign's, which reads `title`. It is no message, and nothing answers it but `reply`, if
        anything. `message`: the channel's id of it; the rest as in `MessageReceived`."""

        TOPIC: ClassVar[str] = "conversation.campaign_pressed"
        campaign: UUID
        message: str
        title: str
        reply: str | None = None
        sender: str | None = None
        origin: str | None = None
        raw: dict[str, str] = msgspec.field(default_factory=dict)

        def apply(self, aggregate: Campaigning) -> None:
            state = aggregate.state
            state.sender, state.origin, state.heard_at = self.sender, self.origin, self.timestamp

    class CampaignClicked(Event, frozen=True, kw_only=True):
        """Counts a press, or a page that was opened: the `button`'s place in the message, from 0, and what it does. Nothing in it is personal."""

        TOPIC: ClassVar[str] = "conversation.campaign_clicked"
        PERSONAL: ClassVar[bool] = False
        campaign: UUID
        button: int
        action: str

        def apply(self, aggregate: Campaigning) -> None:
            """Nothing is to be done."""

    def campaign(self, campaign: UUID, parts: Sequence[CampaignPart], at: datetime) -> None:
        """Say what a campaign has to say. That it is once is its saver's to see to, by an inbox key."""
        self._alive()
        self.trigger(self.Campaigned, at=at, campaign=campaign, parts=tuple(parts))

    def click(self, campaign: UUID, button: int, action: str, at: datetime) -> None:
        self._alive()
        self.trigger(self.CampaignClicked, at=at, campaign=campaign, button=button, action=action)

    def press(
        self,
        campaign: UUID,
        *,
        message: str,
        title: str,
        reply: str | None,
        at: datetime,
        sender: str | None,
        address: str,
        raw: Mapping[str, str],
    ) -> None:
        """Keep what was pressed. While a person is to answer, that one alone says something."""
        self._alive()
        facts = {
            "sender": sender,
            "origin": address if address != self.state.address else None,
            "raw": dict(raw),
        }
        reply = reply if self.state.handoff is None else None
        self.trigger(
            self.CampaignPressed, at=at, campaign=campaign, message=message, title=title, reply=reply, **facts
        )
