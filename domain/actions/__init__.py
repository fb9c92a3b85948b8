"""Actions: what the agent may do in a tenant's systems, and each call of one.

Begin in `declaration.py`: what a tenant says of an action. `call.py`: a call's life, from its request to what came of it; `requests.py`: what goes out.
"""

from __future__ import annotations

from typing import Any

from domain.actions.actions import Actions
from domain.actions.call import ActionCall
from domain.base.aggregate import Aggregate

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (Actions, ActionCall)
