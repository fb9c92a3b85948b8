from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

from domain.base.aggregate import events_of
from domain.base.errors import Forbidden, Invalid, NotFound, Refused
from domain.tenancy.scopes import SCOPES, Scope
from domain.tenancy.state import TenantPart
from domain.tenancy.tenant import Tenant
from tests.domain.given import NOW, when


@pytest.fixture(name="tenant")
def _tenant() -> Tenant:
    tenant = Tenant.begin(uuid4(), " Shop ", NOW)
    tenant.issue_key("k", name="key", secret_hash=b"h", scopes=SCOPES, expires_at=None, at=NOW)
    return tenant


def test_every_event_of_a_part_is_the_tenants() -> None:
    parts = [part for part in Tenant.__mro__ if part is not Tenant and issubclass(part, TenantPart)]
    said = {topic: event for part in parts for topic, event in events_of(part).items()}
    assert len(parts) == 5
    assert said == events_of(Tenant)


def issue(tenant: Tenant, id: str, *scopes: Scope, hours: float | None = None) -> None:
    expires_at = None if hours is None else NOW + timedelta(hours=hours)
    tenant.issue_key(id, name=id, secret_hash=b"h", scopes=scopes, expires_at=expires_at, at=NOW)


def rotate(
    tenant: Tenant,
    key: str,
    by: str,
    *,
    overlap: float = 24,
    hours: float | UnsetType | None = UNSET,
    at: datetime = NOW,
) -> None:
    expires_at = NOW + timedelta(hours=hours) if isinstance(hours, (int, float)) else hours
    tenant.rotate_key(
        key, by=by, secret_hash=b"r", overlap=timedelta(hours=overlap), expires_at=expires_at, at=at
    )


def test_a_key_works_until_it_is_revoked_or_expires(tenant: Tenant) -> None:
    key = tenant.state.keys["k"]
    assert key.valid(NOW)
    rotate(tenant, "k", "new", overlap=1)
    assert key.valid(NOW + timedelta(minutes=59))
    assert not key.valid(NOW + timedelta(hours=1))
    tenant.revoke_key("k", NOW)
    assert not key.valid(NOW)


def test_a_key_that_works_no_more_rotates_nothing(tenant: Tenant) -> None:
    issue(tenant, "short", "audit:read", hours=1)
    issue(tenant, "gone", "audit:read")
    tenant.revoke_key("gone", NOW)
    with pytest.raises(Refused, match="is revoked"):
        rotate(tenant, "gone", "new")
    with pytest.raises(Refused, match="has expired"):
        rotate(tenant, "short", "new", at=NOW + timedelta(hours=1))
    with pytest.raises(NotFound):
        rotate(tenant, "none", "new")


def test_a_rotation_carries_name_scopes_and_end(tenant: Tenant) -> None:
    issue(tenant, "a", "audit:read", "analytics:view", hours=48)
    issued, expiry = when(tenant, lambda: rotate(tenant, "a", "b"))
    assert (type(issued), type(expiry)) == (Tenant.KeyIssued, Tenant.KeyExpirySet)
    a, b = tenant.state.keys["a"], tenant.state.keys["b"]
    assert a.expires_at == NOW + timedelta(hours=24)
    assert (b.name, b.scopes, b.expires_at) == (
        "a",
        ("audit:read", "analytics:view"),
        NOW + timedelta(hours=48),
    )
    rotate(tenant, "a", "c", overlap=30)  # once more: it ends no later, and the new one no earlier
    assert (a.expires_at, tenant.state.keys["c"].expires_at) == (NOW + timedelta(hours=24), b.expires_at)
    rotate(tenant, "b", "d", hours=None)
    rotate(tenant, "b", "e", hours=2)
    assert tenant.state.keys["d"].expires_at is None
    assert tenant.state.keys["e"].expires_at == NOW + timedelta(hours=2)
    assert {tenant.state.keys[id].line for id in "abcde"} == {"a"}
    with pytest.raises(Invalid, match="past"):
        rotate(tenant, "b", "f", hours=-1)
    rotate(tenant, "k", "l")
    assert tenant.state.keys["l"].expires_at is None


def test_the_last_key_that_issues_keys_is_not_given_up(tenant: Tenant) -> None:
    issue(tenant, "weak", "audit:read")
    issue(tenant, "brief", "tenants:admin", hours=2)
    with pytest.raises(Refused, match="the last key with the scope tenants:admin"):
        tenant.revoke_key("k", NOW)
    with pytest.raises(Refused):
        rotate(tenant, "k", "new", overlap=0, hours=2)
    tenant.revoke_key("weak", NOW)
    issue(tenant, "other", "tenants:admin", "audit:read", hours=24)
    tenant.revoke_key("k", NOW)  # the other one goes on for a day: long enough to issue one
    with pytest.raises(Refused):
        tenant.revoke_key("other", NOW)
    with pytest.raises(Refused):
        tenant.revoke_key("other", NOW + timedelta(hours=3))
    tenant.revoke_key("other", NOW + timedelta(hours=24))  # it has expired: nothing is lost


def test_a_last_key_that_expires_soon_stays_until_one_as_long_is_there() -> None:
    tenant = Tenant.begin(uuid4(), "Shop", NOW)
    issue(tenant, "a", "tenants:admin", hours=3)
    issue(tenant, "b", "tenants:admin", hours=2)
    with pytest.raises(Refused):
        tenant.revoke_key("a", NOW)
    issue(tenant, "c", "tenants:admin", hours=3)
    tenant.revoke_key("a", NOW)
    rotate(tenant, "c", "d", overlap=0)
    assert tenant.state.keys["d"].expires_at == NOW + timedelta(hours=3)


@given(
    st.lists(
        st.tuples(st.sampled_from(["issue", "revoke", "rotate"]), st.integers(0, 5), st.integers(1, 60)),
        max_size=20,
    )
)
def test_whoever_can_issue_keys_can_for_a_day_whatever_is_revoked(
    steps: list[tuple[str, int, int]],
) -> None:
    """Keys are revoked and rotated in any order at one moment: the way in that was there stays."""
    tenant = Tenant.begin(uuid4(), "Shop", NOW)
    issue(tenant, "0", "tenants:admin")
    for number, (step, which, hours) in enumerate(steps, 1):
        key = list(tenant.state.keys)[which % len(tenant.state.keys)]
        with suppress(Refused):
            if step == "issue":
                issue(tenant, str(number), "tenants:admin", hours=hours)
            elif step == "revoke":
                tenant.revoke_key(key, NOW)
            else:
                rotate(tenant, key, str(number), overlap=hours % 30, hours=hours)
    later = NOW + timedelta(hours=23, minutes=59)
    assert any(key.valid(later) for key in tenant.state.keys.values())


def test_a_revoked_key_is_revoked_once(tenant: Tenant) -> None:
    issue(tenant, "other", "tenants:admin")
    assert len(when(tenant, lambda: tenant.revoke_key("k", NOW))) == 1
    assert when(tenant, lambda: tenant.revoke_key("k", NOW)) == []


def test_keys_need_scopes_and_a_future(tenant: Tenant) -> None:
    with pytest.raises(Invalid, match="scope"):
        tenant.issue_key("x", name="n", secret_hash=b"", scopes=(), expires_at=None, at=NOW)
    with pytest.raises(Invalid, match="past"):
        tenant.issue_key("x", name="n", secret_hash=b"", scopes=SCOPES, expires_at=NOW, at=NOW)
    with pytest.raises(NotFound):
        tenant.revoke_key("none", NOW)


def test_suspending_and_resuming_are_said_once(tenant: Tenant) -> None:
    assert len(when(tenant, lambda: tenant.suspend("late", NOW))) == 1
    assert when(tenant, lambda: tenant.suspend("late", NOW)) == []
    assert len(when(tenant, lambda: tenant.resume(NOW))) == 1
    assert tenant.state.status == "active"


def test_a_removed_tenant_takes_no_change(tenant: Tenant) -> None:
    tenant.remove(NOW, NOW)
    with pytest.raises(Forbidden):
        tenant.rename("other", NOW)


def test_names_are_trimmed_and_bounded(tenant: Tenant) -> None:
    assert tenant.state.name == "Shop"
    for name in ("", "  ", "x" * 201):
        with pytest.raises(Invalid):
            tenant.rename(name, NOW)


def test_an_event_is_skipped_once_and_with_a_reason(tenant: Tenant) -> None:
    assert len(when(tenant, lambda: tenant.skip_projection_event("costs", 7, "a broken import", NOW))) == 1
    assert when(tenant, lambda: tenant.skip_projection_event("costs", 7, "again", NOW)) == []
    assert len(when(tenant, lambda: tenant.skip_projection_event("transcript", 7, "too", NOW))) == 1
    for reason in ("", "  ", "x" * 501):
        with pytest.raises(Invalid):
            tenant.skip_projection_event("costs", 8, reason, NOW)


def test_a_rotation_of_keys_is_said_once_and_in_a_removed_tenant_too(tenant: Tenant) -> None:
    tenant.remove(NOW, NOW)
    assert len(when(tenant, lambda: tenant.rotate_key_of_tenant(2, "m1", NOW))) == 1
    assert when(tenant, lambda: tenant.rotate_key_of_tenant(2, "m1", NOW)) == []
    assert len(when(tenant, lambda: tenant.rotate_master_key("m1", NOW))) == 1
    assert when(tenant, lambda: tenant.rotate_master_key("m1", NOW)) == []
    assert (tenant.state.generation, tenant.state.master) == (2, "m1")
