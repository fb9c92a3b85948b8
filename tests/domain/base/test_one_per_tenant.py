"""Where the aggregates of which a tenant has one are found, and how they begin. Both are in logs, so they never change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.base.one_per_tenant import OnePerTenant
from domain.kinds import KINDS

TENANT, NOW = UUID(int=7), datetime(2026, 11, 20, tzinfo=UTC)
KNOWN = {
    "agent": ("c8aa7aa6-8cac-56d8-9deb-282f87b35b10", "agent.created"),
    "budget": ("124dabf4-8b3a-59d9-a6c4-b31ef5e756d5", "budget.created"),
    "catalogue": ("5f142155-8198-56c2-ac31-da389d721ae6", "catalogue.begun"),
    "flags": ("8edc3c39-f769-5c2b-8326-238185792292", "flags.created"),
    "projections": ("7befd452-817a-5cd4-8837-453fc05489d3", "projections.begun"),
    "retention": ("194f736d-fdaa-5c55-b84c-1ea19368c2bc", "retention.begun"),
    "routing": ("f55753e8-3dbe-5853-8eb5-a80f5bda1d53", "routing.created"),
}


def one_of_each() -> list[OnePerTenant[Any]]:
    kinds = [kind for kind in KINDS if issubclass(kind, OnePerTenant)]
    return [kind.begin(TENANT, NOW) for kind in kinds]


def test_each_is_where_it_has_always_been_and_begins_as_ever() -> None:
    found = {made.TOPIC: (str(made.id), made.pending_events[0].TOPIC) for made in one_of_each()}  # type: ignore[attr-defined]  # ours have one
    assert {topic: found.get(topic) for topic in KNOWN} == KNOWN


def test_one_that_is_begun_holds_what_holds_by_default() -> None:
    for made in one_of_each():
        assert (made.state, made.version) == (made.State(), 1)
