"""A tenant's own keys of providers."""

from __future__ import annotations

from uuid import uuid4

import msgspec
import pytest

from application.base.plain import plain
from domain.base.errors import Forbidden, Invalid, NotFound
from domain.tenancy.tenant import Tenant
from tests.domain.given import NOW, when

KEY = "sk-0123456789-canary"


@pytest.fixture(name="tenant")
def _tenant() -> Tenant:
    return Tenant.begin(uuid4(), "Shop", NOW)


def test_a_key_is_set_once_changed_and_removed(tenant: Tenant) -> None:
    (first,) = when(tenant, lambda: tenant.set_provider_key("openai", KEY, None, NOW))
    assert isinstance(first, Tenant.ProviderKeySet)
    assert when(tenant, lambda: tenant.set_provider_key("openai", KEY, None, NOW)) == []
    assert len(when(tenant, lambda: tenant.set_provider_key("openai", KEY, "https://x.example", NOW))) == 1
    assert tenant.state.provider_keys["openai"].base_url == "https://x.example"
    (last,) = when(tenant, lambda: tenant.remove_provider_key("openai", NOW))
    assert isinstance(last, Tenant.ProviderKeyRemoved)
    assert tenant.state.provider_keys == {}
    with pytest.raises(NotFound):
        tenant.remove_provider_key("openai", NOW)


@pytest.mark.parametrize("key", ["", "a b", "a\n", "ä", "x" * 6001, "a\x00b"])
def test_a_key_is_visible_ascii_and_its_refusal_does_not_repeat_it(tenant: Tenant, key: str) -> None:
    with pytest.raises(Invalid) as raised:
        tenant.set_provider_key("openai", key, None, NOW)
    assert key == "" or key not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "models.example.com",
        "ftp://x.example",
        "https://",
        "https://u:p@x.example",
        "https://x.example/?a=1",
    ]
    + [
        "https://x.example/#a",
        "https://x.example:99999",
        "https://[::1",
        "https://x.example/a b",
        "https://ä.example",
    ]
    + ["https://x.example/" + "a" * 500],
)
def test_an_address_is_plain(tenant: Tenant, address: str) -> None:
    with pytest.raises(Invalid, match="base_url"):
        tenant.set_provider_key("openai", KEY, address, NOW)


def test_at_most_the_end_of_a_long_key_is_shown(tenant: Tenant) -> None:
    tenant.set_provider_key("openai", KEY, None, NOW)
    tenant.set_provider_key("gemini", "short-key", None, NOW)
    keys = tenant.state.provider_keys
    assert (keys["openai"].ending, keys["gemini"].ending) == ("nary", "")


def test_nothing_that_is_printed_holds_the_key(tenant: Tenant) -> None:
    (event,) = when(tenant, lambda: tenant.set_provider_key("openai", KEY, None, NOW))
    shown = [repr(event), repr(tenant.state), str(plain(tenant.state)), str(plain(event))]
    assert [text for text in shown if "canary" in text] == []
    assert b"canary" in msgspec.msgpack.encode(event)  # sealed with the tenant's key, in the log


def test_a_removed_tenant_sets_no_keys(tenant: Tenant) -> None:
    tenant.remove(NOW, NOW)
    with pytest.raises(Forbidden):
        tenant.set_provider_key("openai", KEY, None, NOW)
