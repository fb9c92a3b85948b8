"""Views of how good answers are, what happens in conversations and what is sold, by day, as the boards and /v1/analytics count them; and of alerts."""

from __future__ import annotations

from sqlalchemy import BigInteger, Date, cast, func
from sqlalchemy import Column as TableColumn

from domain.insight.answer import SOURCES
from domain.insight.slots import GRAINS
from projections import contacts, sales
from projections.alert_history import AlertHistory, changes, deliveries
from projections.answer_figures import AnswerFigures
from projections.answer_figures import figures as a
from projections.views.view import Column, View, column

DAY = GRAINS[-1]
"""Slots that are days of UTC."""


def _day(at: TableColumn[object]) -> Column:
    return Column(name="day", what="UTC", source=cast(func.timezone("UTC", at), Date))


def _of_sources(what: str, words: str) -> Column:
    parts = [a.c[f"{what}_{source}"] for source in SOURCES]
    return Column(name=what, what=words, source=cast(sum(parts[1:], parts[0]), BigInteger))


QUALITY_BY_DAY = View(
    name="quality_by_day",
    what="the agent's answers, by day and by what they are of; what is told of one later counts on the day of the answer",
    projection=AnswerFigures,
    key=("day", "dimension", "value"),
    time="day",
    where=a.c.grain == DAY,
    columns=(
        _day(a.c.at),
        column(
            a.c.dimension,
            "`model`, `provider`, `channel`, `experiment`, `deployment`, `handoff` or `intent`; empty: all answers",
        ),
        column(a.c.value, "which of them, as `openai/gpt-5-mini`, or an experiment's id/arm"),
        column(a.c.answers, "answers, calls of the completions API among them"),
        column(a.c.calls, "those among them that are such calls"),
        column(a.c.failed, "messages that got no answer"),
        column(a.c.handed_over, "answers that handed the conversation to a person"),
        column(a.c.asked_back, "those that asked the customer back"),
        column(a.c.declined, "those that declined"),
        column(a.c.modelled, "those that a model was to make"),
        column(a.c.cached, "those of them that no provider was asked for"),
        column(a.c.retrievals, "those that passages were looked for"),
        column(a.c.found, "those of them that some were found for"),
        column(a.c.continued, "those after which the customer wrote again"),
        column(a.c.acted, "those after which the customer bought or booked"),
        column(a.c.requested, "those after which the customer asked for a person"),
        column(a.c.prompted, "those that customers were asked to rate"),
        column(a.c.prompted_rated, "those of them that they have rated"),
        _of_sources("rated", "those that were rated"),
        _of_sources("helpful", "those of them that helped"),
        column(a.c.timed, "those whose response time is known"),
        column(a.c.response_ms, "ms that customers waited for these, in sum", "response_ms_sum"),
        column(a.c.cost, "USD, exact", "cost_usd"),
    ),
)
c = contacts.figures
CONTACTS_BY_DAY = View(
    name="contacts_by_day",
    what="what happened in conversations, by day",
    projection=contacts.Contacts,
    key=("day",),
    time="day",
    where=c.c.grain == DAY,
    columns=(
        _day(c.c.at),
        column(c.c.customers, "customers who wrote for the first time"),
        column(c.c.conversations, "conversations that began: the first message after 24 hours without one"),
        column(c.c.messages, "messages of customers"),
        column(c.c.replies, "replies of operators"),
        column(c.c.takeovers, "conversations that operators took by themselves"),
        column(c.c.releases, "those that they gave back to the agent"),
        column(c.c.expired, "those that went back to it since no operator replied"),
        column(c.c.closed, "those that were closed"),
        column(c.c.erased, "those that were erased"),
    ),
)
s = sales.figures
SALES_BY_DAY = View(
    name="sales_by_day",
    what="what customers bought and booked, by day, kind and currency; what is cancelled later counts on the day of the sale",
    projection=sales.Sales,
    key=("day", "kind", "currency"),
    time="day",
    where=s.c.grain == DAY,
    columns=(
        _day(s.c.at),
        column(s.c.kind, "`purchase` or `booking`"),
        column(s.c.currency, "ISO 4217"),
        column(s.c.made, "sales"),
        column(s.c.attributed, "those within 24 hours after an answer of the agent's"),
        column(s.c.cancelled, "those that were cancelled"),
        column(s.c.cancelled_attributed, "the attributed ones among these"),
        column(s.c.amount, "of all sales, in the currency, exact"),
        column(s.c.attributed_amount, "of the attributed ones"),
        column(s.c.cancelled_amount, "of those that were cancelled"),
        column(s.c.cancelled_attributed_amount, "of the attributed ones among these"),
    ),
)
ALERT_CHANGES = View(
    name="alert_changes",
    what="each change of an alert's state",
    projection=AlertHistory,
    key=("position",),
    time="at",
    columns=(
        column(changes.c.position, "of the event in the log, which has the evidence"),
        column(changes.c.rule, "the rule's name"),
        column(changes.c.before, "`unknown`, `no_data`, `ok`, `warning` or `alert`"),
        column(changes.c.state, "what it is since, in the same words"),
        column(changes.c.at, "when"),
        column(changes.c.value, "what was measured, in the metric's unit; null: nothing"),
    ),
)
ALERT_MESSAGES = View(
    name="alert_messages",
    what="each message about an alert, by the channel that it went through",
    projection=AlertHistory,
    key=("position", "channel"),
    time="at",
    columns=(
        column(deliveries.c.position, "of the event that owes it"),
        column(deliveries.c.channel, "the channel's id"),
        column(deliveries.c.rule, "the rule's name"),
        column(deliveries.c.what, "`firing`, `repeated`, `resolved`, `test` or `undelivered`"),
        column(deliveries.c.outcome, "`owed`, `sent` or `failed`"),
        column(deliveries.c.tries, "how often it was tried"),
        column(deliveries.c.at, "when it was last tried, or owed"),
    ),
)
