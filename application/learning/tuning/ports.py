"""What fine-tuning needs: training sets, budgets, and the vendors that tune models."""

from __future__ import annotations

from typing import Protocol

from application.budgets.ports import Ports as Budgets
from application.learning.ports import Ports as Learning
from application.ports import FineTuners, TrainingSource
from domain.learning.tuning_target import Targets
from domain.models.catalogue import Catalogue


class Ports(Budgets, Learning, Protocol):
    """`catalogue` is the shipped one."""

    @property
    def tuners(self) -> FineTuners: ...
    @property
    def targets(self) -> Targets: ...
    @property
    def training(self) -> TrainingSource: ...
    @property
    def catalogue(self) -> Catalogue: ...
