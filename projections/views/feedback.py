"""Views of what came back: ratings, signals, corrections; and of learning from it."""

from __future__ import annotations

from projections.corrections import Corrections
from projections.corrections import corrections as c
from projections.experiments import Experiments
from projections.experiments import experiments as e
from projections.learning_curve import LearningCurve
from projections.learning_curve import months as m
from projections.ratings import Ratings
from projections.ratings import ratings as r
from projections.signals import ImplicitSignals
from projections.signals import signals as s
from projections.tuning_jobs import TuningJobs
from projections.tuning_jobs import jobs as t
from projections.views.view import View, column

RATINGS = View(
    name="ratings",
    what="the latest rating of an answer",
    projection=Ratings,
    key=("interaction",),
    time="rated_at",
    columns=(
        column(r.c.interaction, "id of the interaction that was answered"),
        column(r.c.conversation, "that of its conversation"),
        column(r.c.helpful, "whether it helped"),
        column(r.c.source, "who rated it, or where"),
        column(r.c.rated_at, "when it was rated, or rated otherwise, last"),
        column(r.c.changes, "how often it was rated otherwise"),
    ),
)
SIGNALS = View(
    name="signals",
    what="what a customer did after an answer",
    projection=ImplicitSignals,
    key=("interaction",),
    time="answered_at",
    columns=(
        column(s.c.interaction, "id of the interaction that was answered"),
        column(s.c.conversation, "that of its conversation"),
        column(s.c.answered_at, "when"),
        column(s.c.response_ms, "ms from the message to the answer"),
        column(s.c.continued, "whether the customer went on"),
        column(s.c.completed, "bought or booked"),
        column(s.c.requested, "asked for a person"),
        column(s.c.asked_back, "was asked back"),
        column(s.c.came_back, "came back with the same"),
        column(s.c.prompted, "was asked whether it helped"),
    ),
)
CORRECTIONS = View(
    name="corrections",
    what="a proposed better answer, and what became of it",
    projection=Corrections,
    key=("correction",),
    time="proposed_at",
    stream="correction",
    columns=(
        column(c.c.correction, "its id"),
        column(c.c.conversation, "that of the conversation"),
        column(c.c.interaction, "that of the interaction whose answer it betters"),
        column(c.c.category, "what was wrong"),
        column(c.c.source, "who proposed it"),
        column(c.c.status, "`proposed`, `approved` or `rejected`"),
        column(c.c.quality, "as its reviewer saw it, 0 to 1"),
        column(c.c.proposed_at, "when"),
        column(c.c.reviewed_at, "when it was reviewed"),
    ),
)
EXPERIMENTS = View(
    name="experiments",
    what="an experiment, and how far it has come",
    projection=Experiments,
    key=("experiment",),
    time="created_at",
    stream="experiment",
    columns=(
        column(e.c.experiment, "its id"),
        column(e.c.status, "`draft`, `running`, `stopped` or `concluded`"),
        column(e.c.created_at, "when it was made"),
    ),
)
TUNING_JOBS = View(
    name="tuning_jobs",
    what="a model that is trained, or was",
    projection=TuningJobs,
    key=("job",),
    time="requested_at",
    stream="job",
    columns=(
        column(t.c.job, "its id"),
        column(t.c.provider, "who trains it"),
        column(t.c.base_model, "what it begins with"),
        column(t.c.training_set, "id of what it learns"),
        column(t.c.status, "how far it has come"),
        column(t.c.estimate, "USD, before it began", "estimate_usd"),
        column(t.c.cost, "USD, exact; null until it is known", "cost_usd"),
        column(t.c.model, "the model that came of it"),
        column(t.c.requested_at, "when it was asked for"),
        column(t.c.changed_at, "when it came this far"),
    ),
)
LEARNING_BY_MONTH = View(
    name="learning_by_month",
    what="corrections and training, by month",
    projection=LearningCurve,
    key=("month",),
    time="month",
    columns=(
        column(m.c.month, "its first day (UTC)"),
        column(m.c.proposed, "corrections that were proposed"),
        column(m.c.approved, "those approved"),
        column(m.c.rejected, "those rejected"),
        column(m.c.tuned, "models that were trained"),
        column(m.c.tuning_cost, "USD, exact", "tuning_cost_usd"),
    ),
)
