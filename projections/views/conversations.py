"""Views of what was said: conversations, interactions, decisions."""

from __future__ import annotations

from sqlalchemy import case

from projections.conversations import conversations as c
from projections.decisions import Decisions, decisions, recoveries
from projections.interactions import interactions as i
from projections.transcript import Transcript
from projections.views.view import Column, View, column

CONVERSATIONS = View(
    name="conversations",
    what="a conversation as it stands",
    projection=Transcript,
    key=("conversation",),
    time="started_at",
    stream="conversation",
    columns=(
        column(c.c.conversation, "its id"),
        column(c.c.channel, "where it is held: `whatsapp`, `web` …"),
        column(c.c.status, "`open` or `closed`"),
        column(c.c.started_at, "when it began"),
        column(c.c.last_at, "when something was said in it last"),
        column(c.c.messages, "messages of the customer"),
        column(c.c.answers, "answers of the agent"),
        column(c.c.replies, "replies of persons"),
        column(c.c.handoff, "why a person is to answer; null: none is", "handoff_reason"),
        column(c.c.waiting_since, "since when the customer waits for a person"),
        column(c.c.operator, "id of the operator who has it"),
    ),
)
INTERACTIONS = View(
    name="interactions",
    what="an interaction: messages of a customer, and the answer to them",
    projection=Transcript,
    key=("interaction",),
    time="received_at",
    stream="conversation",
    columns=(
        column(i.c.interaction, "its id"),
        column(i.c.conversation, "that of its conversation"),
        column(i.c.status, "`pending`, `answered` or `failed`"),
        column(i.c.messages, "messages that it answers"),
        column(i.c.received_at, "when the first of them came"),
        column(i.c.answered_at, "when it was answered"),
        column(i.c.provider, "provider of the model that wrote the answer"),
        column(i.c.model, "that model"),
        column(i.c.confidence, "of the answer, 0 to 1"),
        column(i.c.handoff, "whether it was handed over to a person", "handed_over"),
        column(i.c.cached, "whether the answer came from the cache"),
        column(i.c.cost, "USD, exact", "cost_usd"),
        column(i.c.latency_ms, "of the model's call, ms"),
    ),
)
DECISIONS = View(
    name="decisions",
    what="what the agent decided, by day",
    projection=Decisions,
    key=("day", "decision", "category", "agent"),
    time="day",
    columns=(
        column(decisions.c.day, "UTC"),
        column(decisions.c.kind, "`answer`, `ask`, `refuse`, `hand_over` …", "decision"),
        column(decisions.c.category, "why; empty where it was merely an answer"),
        Column(
            name="agent",
            what="`full`, or `plain`: without documents and routing",
            source=case((decisions.c.plain, "plain"), else_="full"),
        ),
        column(decisions.c.count, "how often", "decisions"),
    ),
)
RECOVERIES = View(
    name="recoveries",
    what="questions that customers called forgotten, by day",
    projection=Decisions,
    key=("day",),
    time="day",
    columns=(
        column(recoveries.c.day, "UTC"),
        column(recoveries.c.asked, "how often a customer said that a question was left unanswered"),
        column(recoveries.c.recovered, "how often it was answered then"),
    ),
)
