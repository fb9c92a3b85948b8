"""The gateway: which model answers, and whether it is to be asked.

Begin in `decision.py`, then `policy.py` (which model for which kind of question) and `complexity.py` (how demanding one is). `health.py`: the circuit breaker.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.gateway.router import Router

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (Router,)
