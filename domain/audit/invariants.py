"""What must hold after every event of a tenant's log. Folding the log proves it for every prefix; one line an invariant in INVARIANTS.

Each is told of the events in order of position and says what is wrong, once, at the event at which it became wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from uuid import UUID

import msgspec

from domain.audit.budget_checks import (
    every_call_is_held_until_it_ends,
    every_reservation_ends_once,
    no_call_is_let_through_a_budget_that_does_not_cover_it,
)
from domain.audit.call_checks import every_call_is_metered_once_and_ends_once
from domain.audit.campaign_checks import (
    no_campaign_is_sent_to_who_has_opted_out,
    nobody_gets_a_campaign_twice,
)
from domain.audit.conversation_checks import (
    Check,
    a_closed_conversation_is_opened_before_it_goes_on,
    every_message_is_answered_once_replied_to_or_pending,
    nobody_is_answered_who_was_not_told_that_a_machine_answers,
    one_operator_at_a_time_has_a_conversation,
    the_agent_is_silent_while_a_person_is_to_answer,
)
from domain.audit.delivery_checks import (
    every_message_goes_out_in_its_turn,
    nothing_is_sent_that_the_channel_is_known_to_have,
)
from domain.audit.shop_checks import no_slot_goes_below_zero, no_stock_goes_below_zero
from domain.base.recorded import Recorded
from domain.chat.call import Call
from domain.conversations.conversation import Conversation as C
from domain.models.metering import calls_of
from domain.models.pricing import total


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is the end of the shortest prefix for which the invariant does not hold."""

    invariant: str
    tenant: UUID
    position: int
    stream: UUID
    text: str


def every_citation_was_in_the_prompt() -> Check:
    shown: dict[UUID, set[str]] = {}

    def check(recorded: Recorded) -> str | None:
        event = recorded.event
        if isinstance(event, C.Prompted | Call.Prompted):
            shown[getattr(event, "interaction", recorded.stream)] = {item.passage for item in event.retrieved}
        elif isinstance(event, C.Answered | Call.Answered):
            prompt = shown.pop(getattr(event, "interaction", recorded.stream), set())
            strange = {c.passage for c in event.citations} - prompt
            if strange:
                return f"the answer cites passages that were not in its prompt: {sorted(strange)}"
        return None

    return check


def every_sum_of_costs_is_exact() -> Check:
    def check(recorded: Recorded) -> str | None:
        event = recorded.event
        if event is None or not event.METERS or event.charge() is not None:
            return None
        cost: Decimal = getattr(event, "cost")  # noqa: B009  # each metered event has one
        return None if cost == total(calls_of(event)) else f"the cost {cost} is not the sum of its attempts"

    return check


def nothing_follows_an_erasure() -> Check:
    gone: set[UUID] = set()

    def check(recorded: Recorded) -> str | None:
        if recorded.stream in gone:
            return f"{recorded.topic} follows the erasure"
        if recorded.event is not None and recorded.event.ERASES:
            gone.add(recorded.stream)
        return None

    return check


INVARIANTS: Mapping[str, Callable[[], Check]] = {
    make.__name__.replace("_", " "): make
    for make in (
        every_message_is_answered_once_replied_to_or_pending,
        the_agent_is_silent_while_a_person_is_to_answer,
        one_operator_at_a_time_has_a_conversation,
        nobody_is_answered_who_was_not_told_that_a_machine_answers,
        every_citation_was_in_the_prompt,
        every_sum_of_costs_is_exact,
        a_closed_conversation_is_opened_before_it_goes_on,
        nothing_follows_an_erasure,
        no_call_is_let_through_a_budget_that_does_not_cover_it,
        every_call_is_held_until_it_ends,
        every_reservation_ends_once,
        every_call_is_metered_once_and_ends_once,
        nothing_is_sent_that_the_channel_is_known_to_have,
        every_message_goes_out_in_its_turn,
        nobody_gets_a_campaign_twice,
        no_campaign_is_sent_to_who_has_opted_out,
        no_stock_goes_below_zero,
        no_slot_goes_below_zero,
    )
}


class Invariants:
    """All of them, over one tenant's log. Streams of which something was erased prove nothing any more, and are passed over
    by all but the last."""

    def __init__(self) -> None:
        self._checks = {name: make() for name, make in INVARIANTS.items()}
        self._erased: set[UUID] = set()
        self.violations: list[Violation] = []
        self.prefixes = 0

    def fold(self, events: Iterable[Recorded]) -> None:
        for recorded in events:
            self.prefixes += 1
            if recorded.event is None:
                self._erased.add(recorded.stream)
            for name, check in self._checks.items():
                text = check(recorded)
                if text is not None and (
                    recorded.stream not in self._erased or name == "nothing follows an erasure"
                ):
                    self.violations.append(
                        Violation(
                            invariant=name,
                            tenant=recorded.tenant,
                            position=recorded.position,
                            stream=recorded.stream,
                            text=text,
                        )
                    )
