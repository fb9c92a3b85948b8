"""What must hold of conversations: messages are answered, by the agent or by a person, and the two never talk across each other."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation as C

Check = Callable[[Recorded], str | None]
"""What is wrong with the log that ends with this event, or None."""


def every_message_is_answered_once_replied_to_or_pending() -> Check:
    pending: dict[UUID, list[str]] = {}
    begun: dict[UUID, tuple[UUID, list[str]]] = {}
    seen: set[tuple[UUID, str]] = set()

    def check(recorded: Recorded) -> str | None:
        event, waiting = recorded.event, pending.setdefault(recorded.stream, [])
        if isinstance(event, C.MessageReceived):
            if (recorded.stream, event.message) in seen:
                return f"message {event.message} was received a second time"
            seen.add((recorded.stream, event.message))
            waiting.append(event.message)
        elif isinstance(event, C.AnswerBegun):
            interaction, _ = begun.get(recorded.stream, (event.interaction, []))
            if interaction != event.interaction:
                return f"an answer was begun while that of {interaction} was not whole"
            if recorded.stream not in begun:
                begun[recorded.stream] = event.interaction, waiting
                pending[recorded.stream] = []
        elif isinstance(event, C.Answered):
            if recorded.stream in begun:
                interaction, waiting = begun.pop(recorded.stream)
                if event.interaction != interaction:
                    return f"an answer came while that of {interaction} was begun and not whole"
            else:
                pending[recorded.stream] = []
            if list(event.messages) != waiting:
                return f"the answer is to {list(event.messages)}, but {waiting} were waiting"
        elif isinstance(event, C.Replied):
            if recorded.stream in begun and begun[recorded.stream][0] in event.interactions:
                waiting = [*begun.pop(recorded.stream)[1], *waiting]
            pending[recorded.stream] = []
            if list(event.messages) != waiting:
                return f"the reply is to {list(event.messages)}, but {waiting} were waiting"
        return None

    return check


def nobody_is_answered_who_was_not_told_that_a_machine_answers() -> Check:
    told: set[UUID] = set()

    def check(recorded: Recorded) -> str | None:
        if isinstance(recorded.event, C.Disclosed):
            told.add(recorded.stream)
        elif isinstance(recorded.event, C.Answered) and recorded.stream not in told:
            return "an answer came before the disclosure"
        return None

    return check


def the_agent_is_silent_while_a_person_is_to_answer() -> Check:
    """What the customer was getting already when the person came is the one exception."""
    silent: set[UUID] = set()
    heard: dict[UUID, UUID] = {}

    def check(recorded: Recorded) -> str | None:
        event, stream = recorded.event, recorded.stream
        if isinstance(event, C.HandedOver | C.Claimed):
            silent.add(stream)
        elif isinstance(event, C.Released | C.HandoffExpired | C.Closed):
            silent.discard(stream)
        elif isinstance(event, C.AnswerFailed):
            heard.pop(stream, None)
        elif isinstance(event, C.AnswerBegun):
            if event.heard:
                heard[stream] = event.interaction
            if stream in silent:
                return f"the answer of {event.interaction} was begun while a person was to answer"
        elif isinstance(event, C.Answered):
            if heard.pop(stream, None) != event.interaction and stream in silent:
                return f"the agent answered {event.interaction} while a person was to answer"
        elif isinstance(event, C.Said) and stream in silent:
            return f"the agent said something ({event.why}) while a person was to answer"
        return None

    return check


def one_operator_at_a_time_has_a_conversation() -> Check:
    """And only that one replies."""
    has: dict[UUID, str] = {}

    def check(recorded: Recorded) -> str | None:
        event, stream = recorded.event, recorded.stream
        if isinstance(event, C.Released | C.HandoffExpired | C.Closed):
            has.pop(stream, None)
        elif isinstance(event, C.Claimed):
            if (other := has.setdefault(stream, event.operator)) != event.operator:
                return f"{event.operator} has claimed what {other} has"
        elif isinstance(event, C.Replied) and has.get(stream) != event.operator:
            return f"{event.operator} has replied in a conversation that {has.get(stream, 'nobody')} has"
        return None

    return check


def a_closed_conversation_is_opened_before_it_goes_on() -> Check:
    closed: set[UUID] = set()

    def check(recorded: Recorded) -> str | None:
        event = recorded.event
        if isinstance(event, C.Closed):
            closed.add(recorded.stream)
        elif isinstance(event, C.Reopened):
            closed.discard(recorded.stream)
        elif isinstance(event, C.MessageReceived) and recorded.stream in closed:
            return "a message was received by a closed conversation"
        return None

    return check
