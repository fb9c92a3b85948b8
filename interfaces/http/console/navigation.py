"""The console's menu: one line a page that has a place in it, in the section where people look for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from domain.tenancy.scopes import Scope


class Entry(NamedTuple):
    """`scope` that opens it; None: all who are signed in see it."""

    title: str
    path: str
    scope: Scope | None


class Section(NamedTuple):
    title: str
    entries: Sequence[Entry]


NAVIGATION: Sequence[Section] = (
    Section(
        "Work",
        (
            Entry("Home", "/console", None),
            Entry("Inbox", "/console/inbox", "conversations:read"),
            Entry("Campaigns", "/console/campaigns", "campaigns:manage"),
        ),
    ),
    Section(
        "Insight",
        (
            Entry("Alerts", "/console/alerts", "analytics:view"),
            Entry("Overview", "/console/insight", "analytics:view"),
            Entry("Quality", "/console/insight/quality", "analytics:view"),
            Entry("Business", "/console/insight/business", "analytics:view"),
            Entry("Operations", "/console/insight/operations", "analytics:view"),
            Entry("Costs", "/console/insight/costs", "analytics:view"),
            Entry("Provider figures", "/console/insight/providers", "analytics:view"),
            Entry("Retrieval", "/console/insight/retrieval", "analytics:view"),
            Entry("Experiment figures", "/console/insight/experiments", "analytics:view"),
        ),
    ),
    Section(
        "Agent",
        (
            Entry("Agent", "/console/agent", "integrations:manage"),
            Entry("Prompts", "/console/prompts", "integrations:manage"),
            Entry("Documents", "/console/documents", "integrations:manage"),
            Entry("Knowledge base", "/console/knowledge", "integrations:manage"),
            Entry("Products", "/console/products", "integrations:manage"),
            Entry("Services", "/console/services", "integrations:manage"),
            Entry("Search", "/console/embeddings", "integrations:manage"),
            Entry("Channels", "/console/channels", "integrations:manage"),
            Entry("Webhooks", "/console/webhooks", "integrations:manage"),
            Entry("Actions", "/console/actions", "integrations:manage"),
            Entry("Action calls", "/console/action-calls", "conversations:read"),
        ),
    ),
    Section(
        "Learning",
        (
            Entry("Feedback", "/console/feedback", "feedback:review"),
            Entry("Corrections", "/console/corrections", "feedback:review"),
            Entry("Datasets", "/console/datasets", "models:deploy"),
            Entry("Training sets", "/console/training-sets", "models:deploy"),
            Entry("Fine-tuning", "/console/fine-tuning", "analytics:view"),
            Entry("Evaluations", "/console/evaluations", "analytics:view"),
            Entry("Experiments", "/console/experiments", "analytics:view"),
            Entry("Deployments", "/console/deployments", "analytics:view"),
        ),
    ),
    Section(
        "Models",
        (
            Entry("Models and prices", "/console/models", "analytics:view"),
            Entry("Routing", "/console/routing", "analytics:view"),
            Entry("Providers", "/console/providers", "analytics:view"),
            Entry("Comparison", "/console/comparison", "analytics:view"),
        ),
    ),
    Section(
        "Administration",
        (
            Entry("Operators", "/console/operators", "tenants:admin"),
            Entry("API keys", "/console/keys", "tenants:admin"),
            Entry("Budgets", "/console/budgets", "analytics:view"),
            Entry("Flags", "/console/flags", "analytics:view"),
            Entry("Time zone", "/console/time-zone", "analytics:view"),
            Entry("Audit log", "/console/audit", "audit:read"),
            Entry("Events", "/console/events", "audit:read"),
            Entry("Verification", "/console/verification", "audit:read"),
            Entry("Erasure", "/console/erasure", "tenants:admin"),
        ),
    ),
    Section(
        "You",
        (Entry("Your account", "/console/account", None),),
    ),
)


def sections_for(scopes: Sequence[Scope]) -> list[Section]:
    """With what somebody with these scopes can open; without those where there is nothing."""
    seen = (
        Section(title, [entry for entry in entries if entry.scope is None or entry.scope in scopes])
        for title, entries in NAVIGATION
    )
    return [section for section in seen if section.entries]


def entry_at(path: str) -> str:
    """Path of the entry that a page stands below, for the menu to say where one is; empty where there is none."""
    paths = [entry.path for section in NAVIGATION for entry in section.entries]
    above = [each for each in paths if path == each or (each != "/console" and path.startswith(f"{each}/"))]
    return max(above, key=len, default="")


def known_path(path: str) -> str:
    """A path, where the menu has it; else empty."""
    paths = {entry.path for section in NAVIGATION for entry in section.entries}
    return path if path in paths else ""


def opens(scopes: Sequence[Scope], path: str) -> bool:
    """Whether somebody with these scopes can open what stands at a path, or below it."""
    here = entry_at(path.partition("?")[0])
    return any(
        entry.path == here and (entry.scope is None or entry.scope in scopes)
        for section in NAVIGATION
        for entry in section.entries
    )
