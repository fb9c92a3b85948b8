"""Feedback: ratings beside the answers, and from there what an answer should have been."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from interfaces.http.console.screens.calling import Api
from interfaces.http.console.screens.form import Facts, Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.conversations import interactions
from interfaces.http.conversations.interactions import several_shown
from interfaces.http.feedback import analytics, correction
from interfaces.http.feedback.correction_forms import CorrectionIn

MOST = 20
"""Ratings of a page: the answer of each is read."""


class RatingsWanted(msgspec.Struct, frozen=True, kw_only=True):
    rating: Literal["helpful", "not_helpful"] | None = None
    commented: bool | None = None
    """With a text."""

    since: datetime | None = None
    """In UTC."""

    until: datetime | None = None
    """In UTC."""


async def _answers(facts: Facts, api: Api) -> dict[str, Any]:
    """By interaction; of one that was erased, or that the operator may not read, there is none."""
    if not api.may(interactions.read_interaction):
        return {"answers": {}}
    rated = [each.agent_interaction_id for each in facts["ratings"].items]
    return {"answers": await several_shown(rated, api.services, api.tenant)}


SCREENS = (
    Screen(
        path="/console/feedback",
        template="review/feedback.html",
        reads={"ratings": analytics.history},
        given={"limit": MOST},
        filters=RatingsWanted,
        also=_answers,
    ),
    Screen(
        path="/console/feedback/{interaction:uuid}",
        template="review/answer.html",
        reads={"answer": interactions.read_interaction},
        forms={
            "correct": Form(
                route=correction.propose,
                body=CorrectionIn,
                fixed={"agent_interaction_id": "{interaction}"},
                without=("conversation_id", "bot_response", "operator"),
                button="Propose this correction",
                to="/console/corrections/{id}",
                done="Proposed. It waits for a review.",
                labels={"human_response": "What the answer should have been"},
            )
        },
    ),
)
