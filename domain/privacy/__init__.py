"""Privacy: how long a tenant keeps conversations.

Begin in `retention.py`. Forgetting itself is an event of what is forgotten.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.privacy.retention import Retention

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (Retention,)
