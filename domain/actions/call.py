"""Call of an action: on record before it is tried, with who has consented, each attempt, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Literal, Self
from uuid import UUID, uuid5

import msgspec
from msgspec.structs import replace

from domain.actions.declaration import Consent, Counts, Effect
from domain.base.aggregate import EPOCH, NIL, Aggregate, CreatedEvent, Quote
from domain.base.errors import Conflict, Refused

Status = Literal["waiting", "ready", "attempted", "done", "failed", "declined", "unknown"]
By = Literal["model", "rule"]
Decliner = Literal["customer", "operator", "time", "withdrawn"]

ENDED: frozenset[Status] = frozenset({"done", "failed", "declined"})

MOST_CALLS = 5
"""Of one answer."""

MOST_ATTEMPTS = 5
"""Of one call, with the same key."""


class CallState(msgspec.Struct):
    """`number`: which call of its interaction it is, from 0. `until`: when the consent that it waits for comes too late."""

    conversation: UUID = NIL
    interaction: UUID = NIL
    number: int = 0
    action: str = ""
    effect: Effect = "read"
    consent: Consent = "none"
    repeatable: bool = False
    counts_as: Counts | None = None
    by: By = "rule"
    requested_at: datetime = EPOCH
    until: datetime | None = None
    status: Status = "waiting"
    attempts: int = 0
    attempted_at: datetime | None = None
    reason: str | None = None
    """Why it failed, was declined, or is unknown."""

    withheld: str | None = None
    """Why the result goes nowhere; None: it may be told."""


class ActionCall(Aggregate[CallState]):
    """What was done is the tenant's to know, and holds no person; arguments and result are lent by the customer, and go with them.

    The id follows from the interaction and the number, and is the key under which the endpoint sees the call again.
    """

    TOPIC = "action_call"
    State = CallState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        """`conversation`: whose call it is."""

        PERSONAL: ClassVar[bool] = False
        conversation: UUID

    class Requested(Event, CreatedEvent, frozen=True, kw_only=True):
        """By a model or a rule, within an interaction's answer. `declared`: the version of the tenant's actions that it goes by. `arguments`: a JSON text, without what is bound; None once
        the customer was erased."""

        TOPIC: ClassVar[str] = "action_call.requested"
        QUOTES: ClassVar[bool] = True
        interaction: UUID
        number: int
        action: str
        declared: int
        effect: Effect
        consent: Consent
        repeatable: bool
        counts_as: Counts | None = None
        by: By
        until: datetime | None = None
        arguments: str | None = None

        def apply(self, aggregate: ActionCall) -> None:
            state = aggregate.state
            state.conversation, state.interaction, state.number = (
                self.conversation,
                self.interaction,
                self.number,
            )
            state.action, state.effect, state.consent = self.action, self.effect, self.consent
            state.repeatable, state.counts_as, state.by = self.repeatable, self.counts_as, self.by
            state.requested_at, state.until = self.timestamp, self.until
            state.status = "ready" if self.consent == "none" else "waiting"

        def detach(self) -> tuple[Self, tuple[Quote, ...]]:
            return replace(self, arguments=None), _lent(self.conversation, self.arguments)

        def attach(self, lent: Sequence[Quote]) -> Self:
            return replace(self, arguments=_text(lent))

    class Consented(Event, frozen=True, kw_only=True):
        """Whoever had to has consented. `operator` names them without saying who it is; None: the customer, by the messages of `interaction`."""

        TOPIC: ClassVar[str] = "action_call.consented"
        operator: UUID | None = None
        interaction: UUID | None = None

        def apply(self, aggregate: ActionCall) -> None:
            aggregate.state.status = "ready"

    class Declined(Event, frozen=True, kw_only=True):
        """It is not done: `by` whom, or because nobody has consented in time, or the tenant has withdrawn the action."""

        TOPIC: ClassVar[str] = "action_call.declined"
        by: Decliner
        operator: UUID | None = None

        def apply(self, aggregate: ActionCall) -> None:
            aggregate.state.status, aggregate.state.reason = "declined", self.by

    class Attempted(Event, frozen=True, kw_only=True):
        """It is tried now, for the `attempt`th time."""

        TOPIC: ClassVar[str] = "action_call.attempted"
        attempt: int

        def apply(self, aggregate: ActionCall) -> None:
            state = aggregate.state
            state.status, state.attempts, state.attempted_at = "attempted", self.attempt, self.timestamp

    class Completed(Event, frozen=True, kw_only=True):
        """It was done. `result`: a JSON text; None once the customer was erased, or where there is none. `withheld`: why nobody is told of it.
        `counts_as`: what it is in the figures of what customers did. `operator`: who has said so where no answer came."""

        TOPIC: ClassVar[str] = "action_call.completed"
        QUOTES: ClassVar[bool] = True
        latency_ms: float
        counts_as: Counts | None = None
        withheld: str | None = None
        operator: UUID | None = None
        result: str | None = None

        def apply(self, aggregate: ActionCall) -> None:
            state = aggregate.state
            state.status, state.reason, state.withheld = "done", None, self.withheld

        def detach(self) -> tuple[Self, tuple[Quote, ...]]:
            return replace(self, result=None), _lent(self.conversation, self.result)

        def attach(self, lent: Sequence[Quote]) -> Self:
            return replace(self, result=_text(lent))

    class Failed(Event, frozen=True, kw_only=True):
        """It was certainly not done. `operator`: who has said so where no answer came."""

        TOPIC: ClassVar[str] = "action_call.failed"
        reason: str
        latency_ms: float = 0.0
        operator: UUID | None = None

        def apply(self, aggregate: ActionCall) -> None:
            aggregate.state.status, aggregate.state.reason = "failed", self.reason

    class OutcomeUnknown(Event, frozen=True, kw_only=True):
        """Nobody can tell whether it was done, and it may not be tried again: a person is to find out."""

        TOPIC: ClassVar[str] = "action_call.outcome_unknown"
        reason: str

        def apply(self, aggregate: ActionCall) -> None:
            aggregate.state.status, aggregate.state.reason = "unknown", self.reason

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def request(
        cls,
        *,
        conversation: UUID,
        interaction: UUID,
        number: int,
        action: str,
        declared: int,
        effect: Effect,
        consent: Consent,
        repeatable: bool,
        counts_as: Counts | None,
        by: By,
        arguments: str,
        minutes: int,
        at: datetime,
    ) -> ActionCall:
        return cls.create(
            cls.Requested,
            id=call_of(interaction, number),
            at=at,
            conversation=conversation,
            interaction=interaction,
            number=number,
            action=action,
            declared=declared,
            effect=effect,
            consent=consent,
            repeatable=repeatable,
            counts_as=counts_as,
            by=by,
            arguments=arguments,
            until=at + timedelta(minutes=minutes) if consent == "customer" else None,
        )

    def consent(self, at: datetime, *, operator: UUID | None = None, interaction: UUID | None = None) -> None:
        """By an operator, or by the customer where there is none. Raises Refused."""
        state = self.state
        if state.status != "waiting":
            raise self._no_longer("waits for no consent")
        if (operator is None) != (state.consent == "customer"):
            raise Refused(f"it is for the {state.consent} to consent to this call")
        if self.late(at):
            raise Refused("the consent comes too late; the call is not made")
        self.trigger(
            self.Consented,
            at=at,
            conversation=state.conversation,
            operator=operator,
            interaction=interaction,
        )

    def decline(self, by: Decliner, at: datetime, *, operator: UUID | None = None) -> None:
        """Nothing where it has ended so. Raises Refused where it was tried."""
        if self.state.status == "declined":
            return
        if self.state.status not in ("waiting", "ready"):
            raise self._no_longer("can't be declined")
        self.trigger(self.Declined, at=at, conversation=self.state.conversation, by=by, operator=operator)

    def attempt(self, at: datetime) -> None:
        """Raises Refused where it may not be tried, or not again."""
        state = self.state
        if state.status not in ("ready", "attempted"):
            raise self._no_longer("can't be tried")
        if state.status == "attempted" and not state.repeatable:
            raise Refused("it was tried, and may have been done; it is not tried again")
        self.trigger(self.Attempted, at=at, conversation=state.conversation, attempt=state.attempts + 1)

    def complete(
        self,
        result: str | None,
        at: datetime,
        *,
        latency_ms: float = 0.0,
        withheld: str | None = None,
        operator: UUID | None = None,
    ) -> None:
        """What came of it; late, too. Nothing where that is on record."""
        if self.state.status == "done":
            return
        self._tried()
        self.trigger(
            self.Completed,
            at=at,
            conversation=self.state.conversation,
            result=result,
            latency_ms=latency_ms,
            withheld=withheld,
            counts_as=self.state.counts_as,
            operator=operator,
        )

    def fail(
        self, reason: str, at: datetime, *, latency_ms: float = 0.0, operator: UUID | None = None
    ) -> None:
        if self.state.status == "failed":
            return
        self._tried()
        self.trigger(
            self.Failed,
            at=at,
            conversation=self.state.conversation,
            reason=reason,
            latency_ms=latency_ms,
            operator=operator,
        )

    def lose(self, reason: str, at: datetime) -> None:
        """Its outcome can't be known."""
        if self.state.status == "attempted":
            self.trigger(self.OutcomeUnknown, at=at, conversation=self.state.conversation, reason=reason)

    def late(self, at: datetime) -> bool:
        return self.state.until is not None and at > self.state.until

    def _tried(self) -> None:
        if self.state.status not in ("attempted", "unknown"):
            raise self._no_longer("was not tried")

    def _no_longer(self, what: str) -> Conflict:
        return Conflict(f"this call {what}: it is {self.state.status}", call_status=self.state.status)


def call_of(interaction: UUID, number: int) -> UUID:
    """The id, and the key, of an interaction's call; it stays the same whoever asks, and how often."""
    return uuid5(interaction, f"action/{number}")


def _lent(conversation: UUID, text: str | None) -> tuple[Quote, ...]:
    return () if text is None else (Quote(subject=conversation, place=0, texts=(text,)),)


def _text(lent: Sequence[Quote]) -> str | None:
    return lent[0].texts[0] if lent and lent[0].texts else None
