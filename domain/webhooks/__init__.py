"""Outgoing webhooks: which events a tenant's apps are told, where, and how a delivery is signed and tried again.

Begin in `webhooks.py`: the endpoints. `retries.py`: when the next try is.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.webhooks.webhooks import Webhooks

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (Webhooks,)
