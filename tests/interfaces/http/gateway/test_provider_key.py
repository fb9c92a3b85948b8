"""Providers' keys of a tenant's own: taken, used, never shown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from click.testing import CliRunner

from infra.embedded import Servers
from infra.providers.access import ProviderAccess
from infra.settings import Secret, Settings, environment_of
from interfaces.cli import cli
from tests.doubles.openai import Double, openai_double
from tests.interfaces.http.conftest import MASTER, OPERATOR, Customer

KEY = "sk-0123456789-canary"


@pytest_asyncio.fixture(scope="module", name="double")
async def _double() -> AsyncIterator[Double]:
    async with openai_double() as double:
        yield double


@pytest.fixture(scope="module")
def settings(
    servers: Servers, database_url: str, tmp_path_factory: pytest.TempPathFactory, double: Double
) -> Settings:
    return Settings(
        database_url=Secret(database_url),
        redis_url=Secret(servers.redis_url) if servers.redis_url else None,
        data=Path(tmp_path_factory.mktemp("data")),
        master_key=Secret(MASTER),
        operator_key=Secret(OPERATOR),
        providers={"openai": ProviderAccess(api_key=Secret("sk-deployment"), base_url=double.url("ok"))},
    )


async def test_a_key_is_set_listed_by_its_end_used_and_removed(ours: Customer, double: Double) -> None:
    await ours.http.put("/v1/agent/configuration", json={"default_model": "openai/gpt-4o"})
    made = await ours.http.put("/v1/providers/openai/key", json={"key": KEY})
    assert made.status_code == 200
    assert "Retrace-Position" in made.headers
    (item,) = (await ours.http.get("/v1/providers/keys")).json()["items"]
    assert item == made.json()
    assert (item["provider"], item["ending"], item["base_url"]) == ("openai", "nary", None)

    await asyncio.sleep(1.1)
    assert (await ours.ask("Are you open?", address="a")).json()["text"] == "Yes."
    assert (await ours.http.delete("/v1/providers/openai/key")).status_code == 204
    assert (await ours.http.delete("/v1/providers/openai/key")).status_code == 404
    await asyncio.sleep(1.1)
    await ours.ask("Are you really open today?", address="b")
    sent = [call.fields["authorization"] for call in double.calls]
    assert (sent[0], sent[-1]) == (f"Bearer {KEY}", "Bearer sk-deployment")


async def test_no_output_and_no_log_holds_the_key(
    ours: Customer, settings: Settings, double: Double, caplog: pytest.LogCaptureFixture
) -> None:
    texts = []
    with caplog.at_level(logging.DEBUG):
        await ours.http.put("/v1/providers/together/key", json={"key": KEY})
        await ours.http.put("/v1/providers/openai/key", json={"key": KEY})
        await ours.http.put("/v1/agent/configuration", json={"default_model": "openai/gpt-4o"})
        await asyncio.sleep(1.1)
        texts.append((await ours.ask("Do you keep secrets?", address="c")).text)
        assert double.calls[-1].fields["authorization"] == f"Bearer {KEY}"
        for address in (
            "/v1/providers/keys",
            f"/v1/audit/states/tenant/{ours.tenant}",
            "/v1/audit/events?limit=200",
            "/v1/audit/export",
        ):
            reply = await ours.http.get(address)
            assert reply.status_code == 200, address
            texts.append(reply.text)
        assert "provider_key_set" in texts[-1]
        refused = await ours.http.put("/v1/providers/together/key", json={"key": f"{KEY} with spaces"})
        assert refused.status_code == 400
        twisted = await ours.http.put("/v1/providers/together/key", json={"key": [KEY]})
        assert twisted.status_code == 400
    texts += [refused.text, twisted.text, caplog.text]
    for words in (["show", f"tenant/{ours.tenant}"], ["events", "--tenant", str(ours.tenant)]):
        for more in ([], ["--json"]):
            run = await asyncio.to_thread(
                CliRunner().invoke, cli, [*words, *more], env=environment_of(settings)
            )
            assert run.exit_code == 0, run.output
            texts.append(run.output)
    assert [text for text in texts if KEY in text] == []


@pytest.mark.parametrize(
    ("provider", "body", "status"),
    [
        ("nobody", {"key": KEY}, 404),
        ("local", {"key": KEY}, 404),
        ("compatible", {"key": KEY}, 422),
        ("openai", {"key": KEY, "base_url": "https://127.0.0.1/v1"}, 422),
        ("openai", {"key": KEY, "base_url": "https://169.254.169.254/latest"}, 422),
        ("openai", {"key": KEY, "base_url": "http://93.184.216.34/v1"}, 422),
        ("openai", {"key": KEY, "base_url": "file:///etc/passwd"}, 400),
        ("openai", {"key": ""}, 400),
        ("openai", {}, 400),
    ],
)
async def test_what_can_not_be_is_refused(
    ours: Customer, provider: str, body: dict[str, str], status: int
) -> None:
    reply = await ours.http.put(f"/v1/providers/{provider}/key", json=body)
    assert reply.status_code == status, reply.text
    assert "canary" not in reply.text


async def test_keys_need_their_scope_and_are_nobody_elses(ours: Customer, theirs: Customer) -> None:
    await theirs.http.put("/v1/providers/gemini/key", json={"key": KEY})
    assert "gemini" not in (await ours.http.get("/v1/providers/keys")).text
    headers = await ours.limited("analytics:view")
    assert (await ours.http.get("/v1/providers/keys", headers=headers)).status_code == 403
    answer = await ours.http.put("/v1/providers/gemini/key", json={"key": KEY}, headers=headers)
    assert answer.status_code == 403
