from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from domain.errors import Forbidden, Invalid, NotFound, Refused
from domain.tenant import SCOPES, Tenant
from tests.domain.given import NOW, when


@pytest.fixture(name="tenant")
def _tenant() -> Tenant:
    tenant = Tenant.begin(uuid4(), " Shop ", NOW)
    tenant.issue_key("k", name="key", secret_hash=b"h", scopes=SCOPES, expires_at=None, at=NOW)
    return tenant


def test_a_key_works_until_it_is_revoked_or_expires(tenant: Tenant) -> None:
    key = tenant.state.keys["k"]
    assert key.valid(NOW)
    tenant.expire_key("k", NOW + timedelta(hours=1), NOW)
    assert key.valid(NOW + timedelta(minutes=59))
    assert not key.valid(NOW + timedelta(hours=1))
    tenant.revoke_key("k", NOW)
    assert not key.valid(NOW)
    with pytest.raises(Refused):
        tenant.expire_key("k", NOW, NOW)


def test_a_revoked_key_is_revoked_once(tenant: Tenant) -> None:
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
