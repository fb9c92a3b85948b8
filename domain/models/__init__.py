"""Models: which there are, until when, what they cost, and what a completion is.

Begin in `completion.py`, the values that every answer is made of, then `catalogue.py` and `pricing.py`. `usage_forms.py`: vendors' usage read as ours.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.models.catalogue_overrides import CatalogueOverrides

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (CatalogueOverrides,)
