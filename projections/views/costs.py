"""Views of what models cost and how they do: costs, usage, drift, answers by model."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Numeric, cast, func
from sqlalchemy import Column as TableColumn

from projections.costs import Costs
from projections.costs import costs as c
from projections.drift import Drift, drift
from projections.model_answers import ModelAnswers
from projections.model_answers import answers as a
from projections.views.view import Column, View, column

COSTS = View(
    name="costs",
    what="calls of providers, by day, model and price",
    projection=Costs,
    key=("day", "provider", "model", "kind", "price"),
    time="day",
    columns=(
        column(c.c.day, "UTC"),
        column(c.c.provider, "the provider"),
        column(c.c.model, "the model that answered"),
        column(c.c.kind, "`chat` or `embedding`"),
        column(c.c.price, "the price that it went by; empty: none is known"),
        column(c.c.calls, "all calls"),
        column(c.c.failures, "those among them that failed"),
        column(c.c.cancelled, "those whose callers went away"),
        column(c.c.cached_calls, "those that no provider was asked for"),
        column(c.c.input_tokens, "tokens read, those below included"),
        column(c.c.cached_tokens, "those of them that the provider had cached"),
        column(c.c.written_tokens, "those of them that were written to its cache"),
        column(c.c.output_tokens, "tokens written, those below included"),
        column(c.c.reasoning_tokens, "those of them that were thoughts"),
        Column(
            name="latency_ms_sum",
            what="ms that calls which asked a provider took, in sum",
            source=cast(c.c.latency_us, Numeric) / 1000,
        ),
        column(c.c.cost, "USD, exact", "cost_usd"),
        column(c.c.unclear_calls, "calls whose usage came in no known form, charged by the larger reading"),
        column(c.c.estimated_calls, "calls whose tokens we counted ourselves"),
        column(c.c.unpriced_calls, "calls of models without a price, which cost nothing here"),
    ),
)


def _sum(source: TableColumn[Any], what: str) -> Column:
    return Column(name=source.name, what=what, source=cast(func.sum(source), BigInteger))


USAGE_BY_DAY = View(
    name="usage_by_day",
    what="what was used, by day",
    projection=Costs,
    key=("day",),
    time="day",
    grouped=True,
    columns=(
        column(c.c.day, "UTC"),
        _sum(c.c.calls, "all calls of providers"),
        _sum(c.c.failures, "those among them that failed"),
        _sum(c.c.cached_calls, "those that no provider was asked for"),
        _sum(c.c.input_tokens, "tokens read"),
        _sum(c.c.output_tokens, "tokens written"),
        Column(name="cost_usd", what="USD, exact", source=func.sum(c.c.cost)),
    ),
)
MODEL_ANSWERS = View(
    name="model_answers",
    what="answers, by day and model, and what customers made of them",
    projection=ModelAnswers,
    key=("day", "model"),
    time="day",
    columns=(
        column(a.c.day, "UTC"),
        column(a.c.model, "`provider/model`"),
        column(a.c.answers, "answers"),
        column(a.c.failed, "those that failed"),
        column(a.c.handed_over, "those handed over to a person"),
        column(a.c.rated, "those that were rated"),
        column(a.c.helpful, "those rated helpful"),
        column(a.c.cost, "USD, exact", "cost_usd"),
    ),
)
PROVIDER_DRIFT = View(
    name="provider_drift",
    what="models that providers served for those that were asked for",
    projection=Drift,
    key=("provider", "requested", "served"),
    columns=(
        column(drift.c.provider, "the provider"),
        column(drift.c.requested, "the model that was asked for"),
        column(drift.c.served, "the one that answered"),
        column(drift.c.calls, "how often"),
        column(drift.c.first_at, "when first"),
        column(drift.c.last_at, "when last"),
    ),
)
