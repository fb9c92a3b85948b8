"""Rating prompts: the customer is asked, by buttons, whether an answer helped, and presses one. No model is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from domain.agents.configuration import AgentConfiguration
from domain.agents.rating_words import RatingWords
from domain.conversations.rich import Option, QuickReplies
from domain.conversations.state import ConversationPart
from domain.flags.feature import bucket_of

RatingChoice = Literal["yes", "no", "stop"]
"""It helped, it did not, or the customer wants to be asked no more."""

CHANNELS = frozenset({"whatsapp"})
"""Those that have buttons."""

_BUTTON = "rating"


class RatingPrompts(ConversationPart):
    """What is said here stands beside the conversation: it answers no message, and no prompt holds it."""

    class Event(ConversationPart.Event, frozen=True, kw_only=True):
        pass

    class RatingAsked(Event, frozen=True, kw_only=True):
        """The customer is asked whether the answer of `interaction` helped; `rich` are the buttons."""

        TOPIC: ClassVar[str] = "conversation.rating_asked"
        interaction: UUID
        rich: QuickReplies

    class RatingChosen(Event, frozen=True, kw_only=True):
        """The customer has pressed a button of such a question: `choice`, which reads `title`. It is no message, and nothing answers it but
        `reply`, if anything. `message`: the channel's id of it; the rest as in `MessageReceived`."""

        TOPIC: ClassVar[str] = "conversation.rating_chosen"
        interaction: UUID
        choice: RatingChoice
        message: str
        title: str
        reply: str | None
        sender: str | None = None
        origin: str | None = None
        raw: dict[str, str] = msgspec.field(default_factory=dict)

        def apply(self, aggregate: RatingPrompts) -> None:
            state = aggregate.state
            state.sender, state.origin, state.heard_at = self.sender, self.origin, self.timestamp
            if self.choice == "stop":
                state.unasked = self.timestamp

    @property
    def may_ask_rating(self) -> bool:
        """Whether there is somebody to ask, by buttons, and nothing of theirs waits."""
        state = self.state
        return (
            self.delivers
            and state.channel in CHANNELS
            and state.unasked is None
            and state.opted_out is None
            and state.handoff is None
            and self.pending is None
        )

    def ask_rating(self, interaction: UUID, token: str, words: RatingWords, at: datetime) -> None:
        """Ask whether an answer that was just given helped. `token` gives the right to say so."""
        self.trigger(self.RatingAsked, at=at, interaction=interaction, rich=rating_question(token, words))

    def choose_rating(
        self,
        interaction: UUID,
        choice: RatingChoice,
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
        facts = {"sender": sender, "origin": address if address != self.state.address else None}
        self.trigger(
            self.RatingChosen,
            at=at,
            interaction=interaction,
            choice=choice,
            message=message,
            title=title,
            reply=reply if self.state.handoff is None else None,
            raw=dict(raw),
            **facts,
        )


def is_asked_about(interaction: UUID, configuration: AgentConfiguration) -> bool:
    """Whether the customer is to be asked about an answer: for one interaction always the same."""
    if configuration.feedback == "sometimes":
        return bucket_of("feedback", str(interaction)) <= configuration.feedback_percentage
    return configuration.feedback == "always"


def rating_question(token: str, words: RatingWords) -> QuickReplies:
    """With a button for each choice, whose id says what it is of."""
    titles: tuple[tuple[RatingChoice, str], ...] = (
        ("yes", words.yes),
        ("no", words.no),
        ("stop", words.stop),
    )
    options = tuple(Option(title=title, id=f"{_BUTTON}:{token}:{choice}") for choice, title in titles)
    return QuickReplies(body=words.question, options=options)


def rating_button(id: str | None) -> tuple[str, RatingChoice] | None:
    """The token and the choice of a button that was pressed; None: it is another one's."""
    name, _, rest = (id or "").partition(":")
    token, _, choice = rest.rpartition(":")
    if name != _BUTTON or not token:
        return None
    match choice:
        case "yes" | "no" | "stop":
            return token, choice
        case _:
            return None
