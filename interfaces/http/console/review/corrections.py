"""Corrections: what an answer was and should have been, word by word; approved with a quality, or not."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.feedback.correction import Source, Status
from domain.feedback.judgement import Category
from interfaces.http.console.review.word_diff import word_diff
from interfaces.http.console.screens.form import Facts, Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.feedback import correction, review_rules
from interfaces.http.feedback.correction_forms import ReviewIn
from interfaces.http.feedback.review_rules import RulesIn


class CorrectionsWanted(msgspec.Struct, frozen=True, kw_only=True):
    status: Status | None = None
    category: Category | None = None
    source: Source | None = None


def _compared(facts: Facts) -> dict[str, Any]:
    """None where the texts were erased."""
    found = facts["correction"]
    erased = found.bot_response is None or found.human_response is None
    return {"pieces": None if erased else word_diff(found.bot_response, found.human_response)}


def _review(approved: bool, button: str, done: str) -> Form:
    return Form(
        route=correction.approve,
        body=ReviewIn,
        fixed={"approved": approved},
        without=("operator",),
        button=button,
        done=done,
        current=lambda facts: {
            "quality_score": facts["correction"].quality_score,
            "category": facts["correction"].category,
        },
        labels={"quality_score": "Quality"},
        hints={
            "quality_score": "From 0 to 5: how good an example it is.",
            "category": "Where another one fits better.",
        },
        danger=not approved,
    )


SCREENS = (
    Screen(
        path="/console/corrections",
        template="review/corrections.html",
        reads={"corrections": correction.list_all, "rules": review_rules.read_rules},
        filters=CorrectionsWanted,
        forms={
            "rules": Form(
                route=review_rules.replace_rules,
                body=RulesIn,
                of="rules",
                button="Set the rule",
                done="The rule holds from now on.",
                current=lambda facts: facts["rules"],
                labels={"four_eyes": "Four eyes: whoever proposed a correction can't review it"},
            )
        },
    ),
    Screen(
        path="/console/corrections/{correction:uuid}",
        template="review/correction.html",
        reads={"correction": correction.read, "rules": review_rules.read_rules},
        more=_compared,
        forms={
            "approve": _review(True, "Approve", "The correction is approved."),
            "decline": _review(False, "Do not approve", "The correction is not approved."),
        },
    ),
)
