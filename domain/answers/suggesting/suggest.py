"""What is suggested beside an answer, and why not the rest. Pure.

Nothing is where the answer is none of its own (a question back, a refusal, a handover), where the customer has a trouble (`TROUBLES`), where it
cites nothing or is not sure, or asks the customer to choose. Else what goes with the offer that it is about most surely: first what the tenant
names, then what at least `TOGETHER` customers have bought with it. Left out is what this customer has, has declined, or was shown in the
last `AGAIN`, and what cannot be had.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from domain.answers.plan import Decision
from domain.answers.shown import Shown
from domain.answers.suggesting.known import PRECEDENCE, Candidate, Known, Subject
from domain.answers.understanding import Understanding
from domain.shop.catalogue import OfferKind

VERSION = 1
"""Of these rules; goes up with any change of them."""

TOGETHER = 3
"""Customers who have bought two things before that says anything; of fewer a customer might be told of."""

AGAIN = timedelta(days=14)
"""For which nothing that was shown is shown again."""

TROUBLES = frozenset(
    {
        *("fraud", "emergency", "person", "cancellation", "complaint", "defect", "lost", "payment_problem"),
        *("refund", "return", "access"),
    }
)
"""Intents of whom nothing is to be sold."""

OF_OFFERS = frozenset({"price", "availability", "product", "order", "discount", "appointment"})
"""Intents of whom something that was looked at or bought before may be meant."""

Reason = Literal["goes_with", "bought_together"]
Withheld = Literal["ask_back", "decline", "hand_over", "trouble", "no_grounds", "unsure", "asks"]
Why = Literal["has", "declined", "shown", "not_there", "meant", "enough"]
"""It was bought, was declined, was shown lately, cannot be had now, is what the answer is about, or others come first."""


class Suggested(msgspec.Struct, frozen=True, kw_only=True):
    """`to`: the offer that it goes with."""

    offer: UUID
    kind: OfferKind
    name: str
    price: str
    to: UUID
    to_name: str
    reason: Reason


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    offer: UUID
    why: Why


class Suggestions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`offers`: the best first. `withheld`: why there are none whatever is known. `told`: what stands of it behind the answer's text. `rule`: version of
    the rules; `known`: what they went by."""

    offers: tuple[Suggested, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    withheld: Withheld | None = None
    told: str = ""
    rule: int = 0
    known: Known = Known()


def withheld(
    decision: Decision,
    understanding: Understanding | None,
    *,
    cites: bool = True,
    unsure: bool = False,
    asks: bool = False,
) -> Withheld | None:
    """Why nothing is suggested; None: something may be. Before the answer is there `cites`, `unsure` and `asks` are left out."""
    if decision.kind != "answer":
        return decision.kind
    if understanding is not None and TROUBLES & {each.name for each in understanding.intents}:
        return "trouble"
    if not cites:
        return "no_grounds"
    if unsure:
        return "unsure"
    return "asks" if asks else None


def about(known: Known, cited: Collection[UUID], understanding: Understanding | None) -> list[Subject]:
    """What the answer is about, the surest first."""
    wants = frozenset[str]() if understanding is None else {each.name for each in understanding.intents}
    subjects = [each for each in known.subjects if each.by != "cited" or each.offer in cited]
    if any(each.by in ("pressed", "named", "cited") for each in subjects) or not OF_OFFERS & wants:
        subjects = [each for each in subjects if each.by in ("pressed", "named", "cited")]
    surest: dict[UUID, Subject] = {}
    for each in sorted(subjects, key=lambda subject: PRECEDENCE[subject.by]):
        surest.setdefault(each.offer, each)
    return list(surest.values())


def suggest(
    known: Known, subjects: Sequence[Subject], shown: Sequence[Shown], at: datetime, *, most: int
) -> Suggestions:
    """`subjects`: of `about`. `shown`: to this customer so far; `at`: when they wrote; `most`: how many at most."""
    offers: list[Suggested] = []
    left_out: dict[UUID, LeftOut] = {}
    meant = {subject.offer for subject in subjects}
    for subject in subjects:
        for each in _in_order(known, subject):
            taken = any(each.offer == other.offer for other in offers)
            if taken or each.offer in left_out:
                continue
            if (why := _why_not(each, meant, shown, at)) is None and len(offers) >= most:
                why = "enough"
            if why is not None:
                left_out[each.offer] = LeftOut(offer=each.offer, why=why)
                continue
            reason: Reason = "goes_with" if each.rank is not None else "bought_together"
            offers.append(
                Suggested(
                    offer=each.offer,
                    kind=each.kind,
                    name=each.name,
                    price=each.price,
                    to=subject.offer,
                    to_name=subject.name,
                    reason=reason,
                )
            )
    return Suggestions(offers=tuple(offers), left_out=tuple(left_out.values()), rule=VERSION, known=known)


def _in_order(known: Known, subject: Subject) -> list[Candidate]:
    of_it = [each for each in known.candidates if each.to == subject.offer]
    counted = [each for each in of_it if each.rank is not None or each.customers >= TOGETHER]
    return sorted(
        counted,
        key=lambda each: (each.rank is None, each.rank or 0, -each.customers, each.offer),
    )


def _why_not(
    candidate: Candidate, meant: Collection[UUID], shown: Sequence[Shown], at: datetime
) -> Why | None:
    if candidate.offer in meant:
        return "meant"
    if candidate.bought:
        return "has"
    before = [each for each in shown if each.offer == candidate.offer]
    if any(each.reaction == "declined" for each in before):
        return "declined"
    if any(at - each.at < AGAIN for each in before):
        return "shown"
    return None if candidate.there else "not_there"
