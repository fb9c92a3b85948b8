"""Operations: what goes wrong with read models, on record.

Begin in `projections.py`.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.operations.projections import Projections

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (Projections,)
