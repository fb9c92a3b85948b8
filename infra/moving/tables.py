"""Which tables of a tenant's are carried, made again, or left. Data; a test holds every table to be named here."""

from __future__ import annotations

from datetime import UTC, datetime

KEYS = ("signing_keys", "destroyed_keys", "subject_keys")
"""Carried first: whoever reads an event there must find its key. The tenant's own keys are wrapped anew (`keys.py`)."""

CARRIED = (
    "inbox",
    "tally",
    "checkpoints",
    "tiles",
    "idempotency",
    "key_uses",
    "operator_sessions",
    "webhook_lines",
    "embedding_calls",
    "embeddings",
    "chunks",
    "vectors",
    "posting_statistics",
    "posting_documents",
    "postings",
)
"""Carried as they are, and brought up to date until they are the same."""

WORK = "work"
"""Carried at last, asleep until the tenant is open there."""

ASLEEP = datetime(9999, 12, 1, tzinfo=UTC)
"""When such work would wake up."""

OF_THEIR_OWN = ("events", "heads", "tenant_keys", "tenant_moves")
"""Each has its own way (`copying.py`, `fence.py`, `keys.py`)."""

LEFT = (
    "snapshots",
    "vector_indexes",
    "vector_recalls",
    "alert_plans",
    "analyst_logins",
    "cursors",
    "parked",
    "builds",
)
"""Made again there: snapshots at the next load, indexes and logins by work, read models by the projectors, from the first event on; plans of looks by the next one."""
