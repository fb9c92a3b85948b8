"""What deployments need: the log, the catalogue that models are checked by, and how answers did."""

from __future__ import annotations

from typing import Protocol

from application.answers import ports as answers
from application.ports import Ids, Outcomes, Shadows


class Ports(answers.Ports, Protocol):
    @property
    def ids(self) -> Ids: ...
    @property
    def outcomes(self) -> Outcomes: ...
    @property
    def shadows(self) -> Shadows: ...
