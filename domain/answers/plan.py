"""What is to be done about a customer's messages, as values."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from domain.answers.memory import Missed, Pending
from domain.answers.shown import Shown
from domain.answers.understanding.result import Matched
from domain.base.aggregate import EPOCH

Kind = Literal["answer", "ask_back", "decline", "hand_over"]


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`category`: why it is not merely an answer. `rule`: version of the rules that made it; 0: it was made before there were any."""

    kind: Kind = "answer"
    category: str | None = None
    evidence: tuple[str, ...] = ()
    rule: int = 0


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What the conversation is in when messages come. `viewed`: what of the catalogue was looked at last. `returned`: the earlier topic of a customer who is back after a pause. `unsure`: answers of low
    confidence in a row; `failures`: tries to answer these messages that came to nothing. `asked`: the messages that were answered last; `missed`: what is on record as left unanswered.

    `at`: when they came; `last`: the interaction that was answered before; `matched`: what it took the customer to mean. `suggested`: what the customer was shown beside answers; `pressed`: of that
    what they press a button of; `refuses`: whether they begin with a no."""

    viewed: tuple[str, ...] = ()
    returned: str | None = None
    pending: Pending | None = None
    missed: Missed | None = None
    asked: Missed | None = None
    unsure: int = 0
    failures: int = 0
    at: datetime = EPOCH
    last: UUID | None = None
    matched: tuple[Matched, ...] = ()
    suggested: tuple[Shown, ...] = ()
    pressed: tuple[UUID, ...] = ()
    refuses: bool = False


class Say(msgspec.Struct, frozen=True, kw_only=True):
    """A template that customers read, and what is put in."""

    template: str
    values: dict[str, str] = {}


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done in the tenant's systems before the customer is told anything. call: an action with its `arguments`, by a rule;
    consent, decline: to the `call` that the customer was asked about; `late`: their consent comes too late."""

    kind: Literal["call", "consent", "decline"]
    action: str = ""
    arguments: str = "{}"
    call: UUID | None = None
    late: bool = False


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What comes of a decision. `say`: the whole answer, for which no model is asked; `opening`: before the model's.

    `questions`: what is answered in place of what was written. `asks`: what the customer is asked by it. `afresh`: what was said before is
    left behind. `recovers`: the missed question's interaction. `act`: what is done first; what is said then depends on what comes of it.
    """

    decision: Decision
    say: Say | None = None
    opening: Say | None = None
    questions: tuple[str, ...] | None = None
    asks: Pending | None = None
    afresh: bool = False
    recovers: UUID | None = None
    act: Act | None = None
