"""Matches: what the customer was taken to mean by a word that is not quite it, and whether they have let that stand. Pure.

Some are asked about ("do you mean …?"): the reply settles them. The others are made without a word: the next message settles them, by not beginning
with a no. What is asked about and left without a reply is not settled.
"""

from __future__ import annotations

from domain.answers.plan import Decision
from domain.answers.understanding import Understanding
from domain.answers.understanding.result import Matched, MatchedBy


class Verdict(Matched, frozen=True, kw_only=True):
    """The customer's, on one match of the answer before."""

    accepted: bool


def matches_in(decision: Decision, understanding: Understanding | None) -> tuple[Matched, ...]:
    """Those that an answer goes by, or asks about."""
    if decision.kind == "ask_back":
        asked: MatchedBy = "offer" if decision.category == "choice" else "spelling"
        return (Matched(by=asked, how="asked"),)
    if decision.kind != "answer" or understanding is None:
        return ()
    sure = understanding.sure_of
    found = [Matched(by="spelling", how="made") for _ in sure]
    best = understanding.offers[0] if understanding.offers else None
    if best is not None and best.confidence < 1 and _is_named(best.name, understanding):
        found.append(Matched(by="offer", how="made"))
    return tuple(found)


def verdicts(before: tuple[Matched, ...], decision: Decision, *, refuses: bool) -> tuple[Verdict, ...]:
    """On the matches of the answer `before`, by what is decided on the messages after it; `refuses`: whether they begin with a no, to nothing else."""
    found = []
    for each in before:
        settled = each.how == "made" or refuses or decision.category == "confirmed"
        if settled:
            found.append(Verdict(by=each.by, how=each.how, accepted=not refuses))
    return tuple(found)


def _is_named(name: str, understanding: Understanding) -> bool:
    return any(each.kind in ("product", "service") and each.value == name for each in understanding.entities)
