"""Templates: one file a scenario. They are modules, not text files, for the domain reads nothing: a text is there as soon as its module is,
in every form that the package is installed in, and a wrong one fails at import and not at a customer's question."""

from __future__ import annotations

from collections.abc import Mapping

from domain.answers.templates.acting.confirm import ACTION_CONFIRM
from domain.answers.templates.acting.declined import ACTION_DECLINED
from domain.answers.templates.acting.done import ACTION_DONE
from domain.answers.templates.acting.failed import ACTION_FAILED
from domain.answers.templates.acting.late import ACTION_LATE
from domain.answers.templates.acting.plain import ACTION_PLAIN
from domain.answers.templates.acting.unknown import ACTION_UNKNOWN
from domain.answers.templates.acting.waiting import ACTION_WAITING
from domain.answers.templates.afresh import AFRESH
from domain.answers.templates.answer import ANSWER
from domain.answers.templates.ask_back import ASK_BACK
from domain.answers.templates.bought_together import BOUGHT_TOGETHER
from domain.answers.templates.choose import CHOOSE
from domain.answers.templates.decline import DECLINE
from domain.answers.templates.goes_with import GOES_WITH
from domain.answers.templates.greet import GREET
from domain.answers.templates.hand_over import HAND_OVER
from domain.answers.templates.recovered import RECOVERED
from domain.answers.templates.resume import RESUME
from domain.answers.templates.summary import SUMMARY
from domain.answers.templates.template import Template

__all__ = [
    "ACTION_CONFIRM",
    "ACTION_DECLINED",
    "ACTION_DONE",
    "ACTION_FAILED",
    "ACTION_LATE",
    "ACTION_PLAIN",
    "ACTION_UNKNOWN",
    "ACTION_WAITING",
    "AFRESH",
    "ANSWER",
    "ASK_BACK",
    "BOUGHT_TOGETHER",
    "CHOOSE",
    "DECLINE",
    "GOES_WITH",
    "GREET",
    "HAND_OVER",
    "RECOVERED",
    "RESUME",
    "SUMMARY",
    "TEMPLATES",
    "Template",
]

TEMPLATES: Mapping[str, Template] = {
    each.name: each
    for each in (
        ANSWER,
        ASK_BACK,
        CHOOSE,
        DECLINE,
        HAND_OVER,
        GREET,
        RESUME,
        AFRESH,
        RECOVERED,
        SUMMARY,
        GOES_WITH,
        BOUGHT_TOGETHER,
        ACTION_CONFIRM,
        ACTION_DONE,
        ACTION_PLAIN,
        ACTION_FAILED,
        ACTION_DECLINED,
        ACTION_LATE,
        ACTION_WAITING,
        ACTION_UNKNOWN,
    )
}
