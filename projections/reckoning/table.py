"""Which reckoning answers for which read model: one line each. A table that holds no figures says what it is instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from projections.answer_figures import AnswerFigures
from projections.base import Projection
from projections.contacts import Contacts
from projections.costs import Costs
from projections.datasets import Datasets
from projections.decisions import Decisions
from projections.drift import Drift
from projections.enrichments import Enrichments
from projections.learning_curve import LearningCurve
from projections.matches import Matches
from projections.model_answers import ModelAnswers
from projections.ratings import Ratings
from projections.reckoning.answers import reckon_answers
from projections.reckoning.base import Reckoning
from projections.reckoning.calls import reckon_costs, reckon_drift, reckon_spending
from projections.reckoning.contacts import reckon_contacts
from projections.reckoning.decided import (
    reckon_decisions,
    reckon_enrichments,
    reckon_matches,
    reckon_retrievals,
)
from projections.reckoning.learned import reckon_learning, reckon_training_sets, reckon_tuning_jobs
from projections.reckoning.models import reckon_model_answers, reckon_served_ratings
from projections.reckoning.rated import reckon_ratings, reckon_signals
from projections.reckoning.sales import reckon_sales
from projections.reckoning.suggested import reckon_suggestions
from projections.retrievals import Retrievals
from projections.sales import Sales
from projections.served_ratings import ServedRatings
from projections.signals import ImplicitSignals
from projections.spending import Spending
from projections.suggestions import Suggestions
from projections.tuning_jobs import TuningJobs

RECKONINGS: Sequence[tuple[Projection, Reckoning]] = (
    (AnswerFigures(), reckon_answers),
    (Ratings(), reckon_ratings),
    (ImplicitSignals(), reckon_signals),
    (Contacts(), reckon_contacts),
    (Sales(), reckon_sales),
    (Spending(), reckon_spending),
    (Costs(), reckon_costs),
    (Drift(), reckon_drift),
    (Decisions(), reckon_decisions),
    (Retrievals(), reckon_retrievals),
    (Enrichments(), reckon_enrichments),
    (ModelAnswers(), reckon_model_answers),
    (ServedRatings(), reckon_served_ratings),
    (LearningCurve(), reckon_learning),
    (Datasets(), reckon_training_sets),
    (TuningJobs(), reckon_tuning_jobs),
    (Matches(), reckon_matches),
    (Suggestions(), reckon_suggestions),
)

NO_FIGURES: Mapping[str, str] = {
    "answer_figures_answers": "what each answer counts as, so that it can be counted otherwise",
    "answer_figures_following": "where conversations stand",
    "signals_following": "where conversations stand",
    "contacts_conversations": "where conversations stand",
    "sales_made": "what each sale counts as, so that it can be cancelled",
    "sales_answered": "where conversations stand",
    "model_answers_interactions": "whose answer each was, and how it is rated",
    "served_ratings_answers": "which model gave each answer, and how it is rated",
    "learning_curve_corrections": "the latest review of each",
    "datasets": "a list; no figure of an answer of /v1/analytics is from it",
}
