"""Learning over HTTP: datasets, training sets and their files, evaluations of the agent's variants, fine-tuning."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.learning import dataset, dataset_cases, evaluation, training_set, tuning, tuning_schedule
from interfaces.http.learning.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (
    dataset.ROUTER,
    dataset_cases.ROUTER,
    evaluation.ROUTER,
    training_set.ROUTER,
    tuning.ROUTER,
    tuning_schedule.ROUTER,
)
