"""The projections: one line each. A new one is a file beside this one and a line here."""

from __future__ import annotations

from collections.abc import Sequence

from projections.action_calls import ActionCalls
from projections.alert_figures import AlertFigures
from projections.alert_history import AlertHistory
from projections.answer_figures import AnswerFigures
from projections.authorship import Authorship
from projections.base import Projection
from projections.bookings import Bookings
from projections.campaigns import Campaigns
from projections.contacts import Contacts
from projections.corrections import Corrections
from projections.costs import Costs
from projections.customers import Customers
from projections.datasets import Datasets
from projections.decisions import Decisions
from projections.deliveries import Deliveries
from projections.deployments import Deployments
from projections.documents import Documents
from projections.drift import Drift
from projections.enrichments import Enrichments
from projections.experiments import Experiments
from projections.knowledge import Entries
from projections.learning_curve import LearningCurve
from projections.matches import Matches
from projections.model_answers import ModelAnswers
from projections.operators import Operators
from projections.orders import Orders
from projections.outcomes import Outcomes
from projections.products import Products
from projections.ratings import Ratings
from projections.retrievals import Retrievals
from projections.sales import Sales
from projections.served_ratings import ServedRatings
from projections.services import Services
from projections.signals import ImplicitSignals
from projections.spending import Spending
from projections.suggestions import Suggestions
from projections.together import Together
from projections.transcript import Transcript
from projections.tuning_jobs import TuningJobs

PROJECTIONS: Sequence[Projection] = (
    Transcript(),
    Costs(),
    AnswerFigures(),
    Contacts(),
    Sales(),
    Spending(),
    AlertFigures(),
    AlertHistory(),
    Decisions(),
    Documents(),
    Authorship(),
    Drift(),
    Outcomes(),
    Experiments(),
    Deliveries(),
    Customers(),
    Campaigns(),
    ModelAnswers(),
    ServedRatings(),
    TuningJobs(),
    LearningCurve(),
    Ratings(),
    ImplicitSignals(),
    Deployments(),
    Corrections(),
    Datasets(),
    Products(),
    Services(),
    Bookings(),
    Orders(),
    Entries(),
    Retrievals(),
    Enrichments(),
    Operators(),
    Together(),
    Suggestions(),
    Matches(),
    ActionCalls(),
)
