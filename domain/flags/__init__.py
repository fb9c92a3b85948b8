"""Flags: features that a tenant switches on, off, or on for a part of its customers, at once or step by step.

Begin in `flag.py`; `rollout.py` has the steps and what must not get worse, `progress.py` how far it has come, for whatever is rolled out.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.flags.flag import Flags

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (Flags,)
