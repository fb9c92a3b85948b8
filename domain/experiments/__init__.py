"""Experiments and deployments: versions of the agent beside each other, one of them on its way to all, and what came of each.

Begin in `experiment.py`: several variants at once (`design.py`: what is compared; `verdict.py`: how a look decides), and `deployment.py`; `releases.py`
has what was in force before, and stays ready; `outcomes.py` what became of each customer under the versions, told by the log's events.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.experiments.deployment import Deployment
from domain.experiments.experiment import Experiment
from domain.experiments.releases import Releases
from domain.experiments.shadow import Shadow

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (Experiment, Deployment, Releases, Shadow)
