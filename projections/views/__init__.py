"""Views for analysts: one line each. What each is: `view.py`; how they come into the database: infra/projections/published.py."""

from __future__ import annotations

from collections.abc import Sequence

from projections.views import conversations, costs, feedback, quality, retrieval, shop
from projections.views.view import View as View

VIEWS: Sequence[View] = (
    conversations.CONVERSATIONS,
    conversations.INTERACTIONS,
    conversations.DECISIONS,
    conversations.RECOVERIES,
    costs.COSTS,
    costs.USAGE_BY_DAY,
    costs.MODEL_ANSWERS,
    costs.PROVIDER_DRIFT,
    feedback.RATINGS,
    feedback.SIGNALS,
    feedback.CORRECTIONS,
    feedback.EXPERIMENTS,
    feedback.TUNING_JOBS,
    feedback.LEARNING_BY_MONTH,
    quality.QUALITY_BY_DAY,
    quality.CONTACTS_BY_DAY,
    quality.SALES_BY_DAY,
    quality.ALERT_CHANGES,
    quality.ALERT_MESSAGES,
    retrieval.RETRIEVALS,
    retrieval.RETRIEVAL_SOURCES,
    retrieval.RETRIEVED_PASSAGES,
    retrieval.UNANSWERED,
    retrieval.ENRICHMENTS,
    retrieval.DOCUMENTS,
    retrieval.KNOWLEDGE,
    shop.ORDERS,
    shop.BOOKINGS,
    shop.PRODUCTS,
    shop.SERVICES,
    shop.DELIVERIES,
    shop.DELIVERIES_BY_DAY,
)


def views_of(projection: str) -> list[View]:
    """Those over the tables of the projection of that name."""
    return [view for view in VIEWS if view.projection.name == projection]
