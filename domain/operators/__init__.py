"""Operators: the persons who work at a tenant's console, what they may do, and their sessions.

Begin in `operator.py`, which joins the parts of an operator: `membership.py` (invited, accepted, roles, suspended, removed), `credentials.py`
(password, one-time codes by `totp.py`) and `sessions.py`. `roles.py`: the table of roles. `state.py` is what they have come to.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.operators.operator import Operator

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (Operator,)
