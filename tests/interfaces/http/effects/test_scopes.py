"""Each scope opens something, and nothing opens without it."""

from __future__ import annotations

import pytest

from domain.tenancy.scopes import SCOPES
from tests.interfaces.http.conftest import Customer

OPENS: dict[str, tuple[str, str]] = {
    "conversations:write": ("POST", "/v1/chat/completions"),
    "conversations:read": ("GET", "/v1/conversations"),
    "integrations:manage": ("GET", "/v1/documents"),
    "analytics:view": ("GET", "/v1/budgets"),
    "models:deploy": ("POST", "/v1/flags/routing/rollout/confirm"),
    "audit:read": ("GET", "/v1/audit/events"),
    "tenants:admin": ("GET", "/v1/keys"),
    "feedback:review": ("GET", "/v1/bot/feedback"),
    "campaigns:manage": ("GET", "/v1/campaigns"),
}
"""A route that each scope opens."""


def test_every_scope_has_a_route() -> None:
    assert set(OPENS) == set(SCOPES)


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_scope_opens_something(shop: Customer, scope: str) -> None:
    method, path = OPENS[scope]
    others = await shop.limited(*(each for each in SCOPES if each != scope))
    assert (await shop.http.request(method, path, headers=others)).status_code == 403
    assert (await shop.http.request(method, path, headers=await shop.limited(scope))).status_code != 403
