"""Agents: how a tenant's agent speaks, what it may do, which models it has.

Begin in `agent.py`.
"""

from __future__ import annotations

from typing import Any

from domain.agents.agent import Agent
from domain.base.aggregate import Aggregate

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (Agent,)
