"""Learning: from what people corrected to a better agent.

Datasets: begin in `dataset.py`: cases of evaluation, versioned.
Evaluation: begin in `evaluation.py`: a variant over a dataset, to a `report.py`; `scoring.py` says how near an answer is to the expected one,
`paired.py` compares case by case.
Training sets: begin in `training_set.py`; `training/` says which corrections are learned from, and writes them for a vendor; `masking/` takes
persons out of them.
Fine-tuning: begin in `tuning_job.py`, then `tuning_steps.py`: what is done next about a job. `tuning_target.py`: what each vendor takes,
until when, at which price. `tuning_schedule.py`: a job a month, by itself.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.learning.dataset import Dataset
from domain.learning.evaluation import Evaluation
from domain.learning.training_set import TrainingSet
from domain.learning.tuning_job import TuningJob
from domain.learning.tuning_schedule import TuningSchedule

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (
    Dataset,
    Evaluation,
    TrainingSet,
    TuningJob,
    TuningSchedule,
)
