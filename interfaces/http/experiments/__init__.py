"""Experiments and deployments."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.experiments import experiment
from interfaces.http.experiments.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (experiment.ROUTER,)
