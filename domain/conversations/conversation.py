"""A customer's conversation with the agent: messages in, answers out, each answer with all that led to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.conversations.answers import Answers
from domain.conversations.campaigning import Campaigning
from domain.conversations.handoff import Handoffs
from domain.conversations.messages import Messages
from domain.conversations.rating_prompts import RatingPrompts
from domain.conversations.state import ConversationPart, ConversationState
from domain.conversations.summaries import Summaries


class Conversation(Messages, Answers, Handoffs, Summaries, RatingPrompts, Campaigning):
    """One per customer and channel, for good: closed and reopened, never doubled. Only after an erasure does another one begin.

    Each event is nested in its part, and named here as the conversation's: the library would make another class of it.
    """

    TOPIC = "conversation"
    State = ConversationState
    Event = ConversationPart.Event  # type: ignore[assignment]  # of all parts, so that their events are taken as they are

    if not TYPE_CHECKING:  # a type checker sees them as classes by inheritance, and would see variables here
        Started = Messages.Started
        MessageReceived = Messages.MessageReceived
        NoticeReceived = Messages.NoticeReceived
        OptedOut = Messages.OptedOut
        OptedIn = Messages.OptedIn
        Said = Messages.Said
        Closed = Messages.Closed
        Reopened = Messages.Reopened
        Forgotten = Messages.Forgotten

        Disclosed = Answers.Disclosed
        Prompted = Answers.Prompted
        Metered = Answers.Metered
        AnswerBegun = Answers.AnswerBegun
        Answered = Answers.Answered
        AnswerFailed = Answers.AnswerFailed

        HandedOver = Handoffs.HandedOver
        Claimed = Handoffs.Claimed
        Replied = Handoffs.Replied
        Released = Handoffs.Released
        HandoffExpired = Handoffs.HandoffExpired

        Summarised = Summaries.Summarised
        SummaryMetered = Summaries.SummaryMetered

        RatingAsked = RatingPrompts.RatingAsked
        RatingChosen = RatingPrompts.RatingChosen

        Campaigned = Campaigning.Campaigned
        CampaignPressed = Campaigning.CampaignPressed
        CampaignClicked = Campaigning.CampaignClicked
