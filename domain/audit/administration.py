"""Which events are administrative: what is set for a whole tenant, who may do what, what is let out to customers, who is erased."""

from __future__ import annotations

ADMINISTRATIVE_KINDS = frozenset(
    {
        "tenant",
        "rate_limits",
        "operator",
        "agent",
        "prompts",
        "channels",
        "review_rules",
        "embedding_model",
        "retention",
        "budget",
        "catalogue",
        "routing",
        "flags",
        "tuning_schedule",
        "experiment",
        "deployment",
        "releases",
        "webhooks",
    }
)
"""Aggregates all of whose events are."""

ADMINISTRATIVE_TOPICS = frozenset({"conversation.forgotten", "user.forgotten", "correction.reviewed"})
"""Those of others."""
