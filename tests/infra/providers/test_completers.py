"""Whose key a call goes with, and where it goes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from application.ports import ProviderError
from domain.base.errors import NotFound, Refused
from infra.providers import PROVIDERS
from infra.providers import configured as module
from infra.providers.access import Accesses, ProviderAccess
from infra.providers.catalogue import load_catalogue
from infra.providers.configured import ConfiguredCompleters
from infra.providers.local.words import ENGLISH
from infra.retrieval.embedding import WordLlamaEmbedder
from infra.secret import Secret
from tests.doubles.gemini import gemini_double, whole
from tests.doubles.openai import Double, openai_double
from tests.doubles.tuning import service_account, tuning_vendor
from tests.infra.providers.asking import COUNTER, gather, request
from tests.infra.providers.tenants import NOW, OneTenant

OWN = "sk-own-0123456789abcdef"


@pytest.fixture(name="double")
async def _double() -> AsyncIterator[Double]:
    async with openai_double() as double:
        yield double


@pytest.fixture(name="store")
def _store() -> OneTenant:
    return OneTenant()


@pytest.fixture(name="configured")
async def _configured(double: Double, store: OneTenant) -> AsyncIterator[ConfiguredCompleters]:
    async for made in configured_with(
        store,
        {"openai": ProviderAccess(api_key=Secret("sk-deployment"), base_url=double.url("ok"))},
        allow_private_addresses=True,
    ):
        yield made


async def configured_with(
    store: OneTenant, accesses: Accesses, *, allow_private_addresses: bool = False
) -> AsyncIterator[ConfiguredCompleters]:
    made = ConfiguredCompleters(
        accesses,
        WordLlamaEmbedder(),
        allow_private_addresses=allow_private_addresses,
        store=store,  # type: ignore[arg-type]  # `latest` is all that is asked of it
        catalogue=load_catalogue(),
        counter=COUNTER,
    )
    try:
        yield made
    finally:
        await made.close()


async def test_the_tenants_own_key_wins_over_the_deployments(
    configured: ConfiguredCompleters, store: OneTenant, double: Double
) -> None:
    other = uuid4()
    store.tenant.set_provider_key("openai", OWN, None, NOW)
    own, deployments = [await configured.find(id, "openai") for id in (store.tenant.id, other)]
    assert (own.owner, deployments.owner) == (store.tenant.id, None)
    await own.complete(request())
    await deployments.complete(request())
    assert [call.fields["authorization"] for call in double.calls] == [
        f"Bearer {OWN}",
        "Bearer sk-deployment",
    ]


async def test_a_new_key_counts_at_once_and_a_removed_one_no_more(
    configured: ConfiguredCompleters, store: OneTenant
) -> None:
    store.tenant.set_provider_key("openai", OWN, None, NOW)
    first = await configured.find(store.tenant.id, "openai")
    assert await configured.find(store.tenant.id, "openai") is first
    store.tenant.set_provider_key("openai", OWN + "2", None, NOW)
    assert await configured.find(store.tenant.id, "openai") is not first
    store.tenant.remove_provider_key("openai", NOW)
    assert (await configured.find(store.tenant.id, "openai")).owner is None


async def test_a_tenants_key_may_come_with_a_server_of_its_own(
    configured: ConfiguredCompleters, store: OneTenant, double: Double
) -> None:
    store.tenant.set_provider_key("compatible", "k", double.url("length"), NOW)
    own = await configured.find(store.tenant.id, "compatible")
    assert (own.name, (await own.complete(request("my-model"))).finish) == ("compatible", "length")


async def test_what_the_environment_says_for_the_deployment_is_not_said_for_a_tenant(
    configured: ConfiguredCompleters, store: OneTenant, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-deployment")
    store.tenant.set_provider_key("openai", OWN, None, NOW)
    for id in (store.tenant.id, uuid4()):
        await (await configured.find(id, "openai")).complete(request())
    assert [call.fields.get("openai-organization") for call in double.calls] == [None, "org-deployment"]


async def test_a_tenants_server_in_a_private_network_is_not_called(double: Double, store: OneTenant) -> None:
    store.tenant.set_provider_key("openai", OWN, double.url("ok"), NOW)
    async for guarded in configured_with(store, {}):
        own = await guarded.find(store.tenant.id, "openai")
        for call in (own.complete(request()), gather(own, request())):
            with pytest.raises(ProviderError) as raised:
                await call
            assert (raised.value.outcome, "private" in raised.value.detail) == ("bad_request", True)
    assert double.connections == 0


async def test_the_deployments_own_server_may_lie_in_a_private_network(
    double: Double, store: OneTenant
) -> None:
    accesses = {"compatible": ProviderAccess(base_url=double.url("ok"))}
    async for guarded in configured_with(store, accesses):
        assert (await (await guarded.find(uuid4(), "compatible")).complete(request())).text == "Yes."
    assert double.calls[0].fields["authorization"] == "Bearer none"


async def test_an_address_is_checked_when_it_is_set(store: OneTenant) -> None:
    async for guarded in configured_with(store, {}):
        await guarded.check("openai", None)
        await guarded.check("openai", "https://93.184.216.34/v1")
        for address, why in (
            ("http://93.184.216.34/v1", "https"),
            ("https://127.0.0.1/v1", "private"),
            ("https://[::1]:8443/v1", "private"),
            ("https://no-such-host.invalid/v1", "can't be found"),
        ):
            with pytest.raises(Refused, match=why):
                await guarded.check("openai", address)
        with pytest.raises(Refused, match="base_url"):
            await guarded.check("compatible", None)
        for name in ("local", "nobody"):
            with pytest.raises(NotFound, match="openai"):
                await guarded.check(name, None)


async def test_a_provider_that_is_not_there_is_refused_with_the_names_there_are(
    configured: ConfiguredCompleters,
) -> None:
    for name in ("gemini", "together", "compatible", "nobody"):
        with pytest.raises(Refused, match="there are local, openai"):
            await configured.find(uuid4(), name)


async def test_the_local_provider_is_always_there(configured: ConfiguredCompleters) -> None:
    local = await configured.find(uuid4(), "local")
    pieces, last = await gather(local, request("extractive"))
    assert (pieces, last.text, local.owner) == ([ENGLISH.nothing], ENGLISH.nothing, None)


async def test_gemini_and_together_are_made_of_their_settings(double: Double, store: OneTenant) -> None:
    async with gemini_double() as gemini:
        accesses = {
            "gemini": ProviderAccess(api_key=Secret("g"), base_url=gemini.url("ok")),
            "together": ProviderAccess(api_key=Secret("t"), base_url=double.url("404")),
        }
        async for made in configured_with(store, accesses):
            await made.load()
            assert (
                await (await made.find(uuid4(), "gemini")).complete(request("gemini-3.8-flash"))
            ).text == "Yes."
            with pytest.raises(ProviderError) as raised:
                await (await made.find(uuid4(), "together")).complete(request("gone/model"))
            assert raised.value.outcome == "not_found"
    assert gemini.calls[0].fields["x-goog-api-key"] == "g"


@pytest.mark.parametrize(
    ("model", "thinks"),
    [("gpt-4o", False), ("gpt-6-luna", True), ("o1", True), ("gpt-9-unheard-of", True), ("my-model", False)],
)
async def test_abilities_are_the_catalogues_or_told_by_the_name(
    configured: ConfiguredCompleters, double: Double, model: str, thinks: bool
) -> None:
    await (await configured.find(uuid4(), "openai")).complete(request(model))
    assert ("max_completion_tokens" in double.requests[0]) is thinks


async def test_only_so_many_tenants_completers_are_kept(
    configured: ConfiguredCompleters, store: OneTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    for name in PROVIDERS:
        store.tenant.set_provider_key(name, OWN, "http://127.0.0.1:1/v1", NOW)
        await configured.find(store.tenant.id, name)
    assert [name for _, name in configured._own] == list(PROVIDERS)[-2:]


async def test_a_tuned_model_of_vertex_is_asked_where_its_endpoint_lies(store: OneTenant) -> None:
    endpoint = "projects/77/locations/europe-west4/endpoints/5"
    async with gemini_double() as gemini, tuning_vendor("vertex") as tokens:
        given = {"vertex": ProviderAccess(api_key=Secret(service_account()), base_url=gemini.url("ok"))}
        async for configured in configured_with(store, given):
            gemini.answer = lambda call: tokens.answer(call) if "/token" in call.path else whole("ok")
            completer = await configured.find(uuid4(), "vertex")
            assert (await completer.complete(request(endpoint))).text == "Yes."
            await completer.complete(request("gemini-2.5-flash-lite"))
    paths = [call.path.partition("/v1beta1/")[2] for call in gemini.calls if "/token" not in call.path]
    assert paths == [
        f"{endpoint}:generateContent",
        "projects/shop-1/locations/global/publishers/google/models/gemini-2.5-flash-lite:generateContent",
    ]
    assert gemini.calls[-1].fields["authorization"] == f"Bearer {tokens.KEY}"
