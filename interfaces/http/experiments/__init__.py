"""Experiments; deployments of versions of the agent, and the releases that stay ready."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.experiments import deployment, experiment, release, shadow
from interfaces.http.experiments.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (experiment.ROUTER, release.ROUTER, deployment.ROUTER, shadow.ROUTER)
