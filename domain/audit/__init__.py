"""Audit: what must hold of the log, proofs of it, and who has read it.

Begin in `invariants.py`: folding the log proves each for every prefix. `merkle.py` and `note.py`: checkpoints. `authorship.py`: is this text ours?
"""

from __future__ import annotations

from typing import Any

from domain.audit.audit import AuditTrail
from domain.audit.verification import Verification
from domain.base.aggregate import Aggregate

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (AuditTrail, Verification)
