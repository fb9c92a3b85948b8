"""Answers followed for their figures: a fold of a tenant's events, one after the other. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.feedback.actions import ACTIONS
from domain.feedback.following import FOLLOWED, Following, complete, follow
from domain.feedback.rating import Rating
from domain.feedback.signals import Signals
from domain.insight.answer import Answer, asked_last, places_of, waited_for
from domain.models.completion import answered_by

EVENTS: tuple[type[Event], ...] = (
    *FOLLOWED,
    Conversation.Forgotten,
    Call.Metered,
    Rating.Rated,
    *ACTIONS,
)
"""All that the fold goes by."""

_FOLLOWED = frozenset(event.TOPIC for event in FOLLOWED)
_ACTIONS = frozenset(event.TOPIC for event in ACTIONS)


class Answering:
    """What is known: all, or as much as the events that come next can touch. `answers`: as they are then; `following`: where conversations stand;
    `gone`: conversations that were erased."""

    def __init__(self, answers: Iterable[Answer] = (), following: Iterable[Following] = ()) -> None:
        self.answers = {each.interaction: each for each in answers}
        self.following = {each.conversation: each for each in following}
        self.gone: set[UUID] = set()
        self._signals: dict[UUID, Signals] = {}
        for id, answer in self.answers.items():
            if (signals := answer.signals()) is not None:
                self._signals[id] = signals

    def fold(self, batch: Iterable[Recorded]) -> None:
        """Take events, in the order of the log; of erased ones the columns."""
        for recorded in batch:
            self._take(recorded)
        for id, signals in self._signals.items():
            self._answer(id).take(signals)

    def _take(self, recorded: Recorded) -> None:
        event = recorded.event
        if isinstance(event, Rating.Rated):
            answer = self._answer(event.interaction)
            answer.helpful, answer.source = event.helpful, event.source
        elif isinstance(event, Call.Metered):
            self._called(recorded, event)
        elif recorded.topic == Conversation.Forgotten.TOPIC:
            self.gone.add(recorded.stream)
            self.following.pop(recorded.stream, None)
        elif recorded.topic in _FOLLOWED or recorded.topic in _ACTIONS:
            if isinstance(event, Conversation.Metered):
                self._metered(recorded, event)
            conversation: UUID = getattr(event, "conversation", recorded.stream)
            where = self.following.setdefault(conversation, Following(conversation=conversation))
            if recorded.topic in _FOLLOWED:
                follow(recorded, where, self._signals)
            else:
                complete(recorded.recorded_at, where, self._signals)

    def _metered(self, recorded: Recorded, event: Conversation.Metered) -> None:
        if event.outcome is None and not waited_for(event) and not event.cost:
            return  # nothing was tried that anybody waited for
        answer = self._answer(event.interaction)
        answer.conversation = recorded.stream
        answer.cost += event.cost
        if event.outcome is None and (answer.kind != "failed" or answer.interaction in self._signals):
            return  # it was answered before
        self._made(recorded, answer, event)
        answer.kind = "failed" if event.outcome is None else event.outcome.kind

    def _called(self, recorded: Recorded, event: Call.Metered) -> None:
        asked = waited_for(event)
        if not asked and not event.cost:
            return
        answer = self._answer(recorded.stream)
        answer.cost += event.cost
        self._made(recorded, answer, event)
        answer.kind = "failed_call" if answered_by(asked) is None else "call"
        if answer.kind == "call":
            answer.response_ms = round(sum(attempt.latency_ms for attempt in asked))

    def _made(self, recorded: Recorded, answer: Answer, event: Conversation.Metered | Call.Metered) -> None:
        by = asked_last(event)
        answer.at, answer.places = recorded.recorded_at, places_of(event)
        answer.modelled, answer.cached = by is not None, by is not None and by.cached
        answer.retrieved = event.retrieval is not None
        answer.found = event.retrieval is not None and event.retrieval.result == "found"

    def _answer(self, interaction: UUID) -> Answer:
        return self.answers.setdefault(interaction, Answer(interaction=interaction))


def named_in(batch: Iterable[Recorded]) -> tuple[set[UUID], set[UUID]]:
    """The interactions, and the conversations, that these events tell of."""
    interactions: set[UUID] = set()
    conversations: set[UUID] = set()
    for recorded in batch:
        event = recorded.event
        if isinstance(event, Call.Metered):
            interactions.add(recorded.stream)
        elif isinstance(event, Rating.Rated):
            interactions.add(event.interaction)
        else:
            if isinstance(event, Conversation.Metered):
                interactions.add(event.interaction)
            conversations.add(getattr(event, "conversation", recorded.stream))
    return interactions, conversations
