from __future__ import annotations

import json
from datetime import datetime
from uuid import uuid4

import pytest_asyncio

from application.tenancy.tenant import CreateTenant, create_tenant
from domain.base.errors import Ahead, Invalid, NotFound
from domain.conversations.conversation import Conversation
from domain.models.completion import Turn
from tests.infra.log.parts import context, log_on, now
from tests.infra.projections.parts import begun, exchange, projecting
from tests.interfaces.conftest import Run

PROMPT = (Turn(role="system", text="Be brief.\nBe [kind]."), Turn(role="user", text="q"))


@pytest_asyncio.fixture(scope="module", name="conversation")
async def _conversation(database_url: str) -> Conversation:
    """Of a tenant's that has one, with two answers."""
    async with log_on(database_url) as log:
        made = await create_tenant(
            CreateTenant(name="Shop"), actor="operator:test", store=log.store, clock=now, ids=uuid4
        )
        conversation = begun()
        exchange(conversation)
        exchange(conversation, prompt=PROMPT)
        await log.store.save(conversation, context=context(made.tenant))
        async with projecting(log) as projector:
            await projector.catch_up()
    return conversation


def tenant_of(run: Run) -> str:
    return str(json.loads(run("projections", "list", "--json").output)[0]["tenant"])


def test_a_text_is_traced(run: Run, conversation: Conversation) -> None:
    found = json.loads(run("wrote", "  YES [1]", "--json").output)
    assert found["wrote"]
    assert len(found["items"]) == 2
    assert {item["writing"]["conversation"] for item in found["items"]} == {str(conversation.id)}
    assert {item["writing"]["model"] for item in found["items"]} == {"m-1"}
    assert "p/m-1" in run("wrote", "yes").output
    assert run("wrote").exit_code == 2


def test_a_stream_is_shown_and_compared_at_points_of_its_life(run: Run, conversation: Conversation) -> None:
    stream = f"conversation/{conversation.id}"
    first = json.loads(run("show", stream, "--version", "1", "--json").output)
    assert (first["version"], first["state"]["history"]) == (1, [])
    told = run("diff", stream, "1", "2").output
    assert "from version 1 to version 2" in told
    assert '+ history[0]: {"role":"user","text":"q"}' in told
    at = now().isoformat()
    compared = json.loads(run("diff", stream, "@4", at, "--json").output)
    assert compared["to"] == conversation.version
    assert {change["path"].partition("[")[0] for change in compared["changes"]} >= {"history"}
    assert "nothing changed" in run("diff", stream, "2", "2").output
    assert isinstance(run("show", stream, "--version", "999").exception, NotFound)
    for wrong in (("diff", stream, "0", "2"), ("diff", stream, "1", "2026-01-01"), ("show", f"os/{uuid4()}")):
        assert run(*wrong).exit_code == 2, wrong


def test_the_log_is_listed_and_its_reading_is_on_record(run: Run, conversation: Conversation) -> None:
    tenant = tenant_of(run)
    lines = [json.loads(line) for line in run("events", "--tenant", tenant, "--json").output.splitlines()]
    assert [line["position"] for line in lines] == list(range(1, len(lines) + 1))
    assert {line["tenant"] for line in lines} == {tenant}
    (record,) = [
        json.loads(line)
        for line in run(
            "events", "--tenant", tenant, "--since", str(len(lines)), "--kind", "audit.read", "--json"
        ).output.splitlines()
    ]
    assert (record["actor"], record["data"]["events"]) == ("operator:cli", len(lines))
    some = run("events", "--tenant", tenant, "--cloudevents", "--stream", f"conversation/{conversation.id}")
    shown = [json.loads(line) for line in some.output.splitlines()]
    assert len(shown) == conversation.version
    assert {event["type"].partition(".")[0] for event in shown} == {"retrace"}
    late = datetime.fromisoformat(shown[-1]["time"]).isoformat()
    found = run("events", "--tenant", tenant, "--since-time", late, "--actor", "key:test", "--json").output
    assert all(json.loads(line)["actor"] == "key:test" for line in found.splitlines())
    assert isinstance(run("events", "--tenant", tenant, "--kind", "os").exception, Invalid)
    assert run("events", "--tenant", str(uuid4())).output == ""


def test_the_logs_of_all_tenants_are_read_one_after_the_other(run: Run, conversation: Conversation) -> None:
    stream = f"conversation/{conversation.id}"
    lines = [json.loads(line) for line in run("events", "--stream", stream, "--json").output.splitlines()]
    tenant = tenant_of(run)
    assert [line["version"] for line in lines] == list(range(1, conversation.version + 1))
    assert {line["tenant"] for line in lines} == {tenant}
    assert all(line.startswith(tenant) for line in run("events", "--stream", stream).output.splitlines())
    (record,) = run("events", "--tenant", tenant, "--kind", "audit.read", "--json").output.splitlines()[-1:]
    assert json.loads(record)["data"]["filters"] == {"stream": stream}
    assert run("events", "--since", "3").exit_code == 2  # of which log?


def test_an_explanation_has_the_flags_and_the_prompt_word_by_word(
    run: Run, conversation: Conversation
) -> None:
    (newest, *_) = json.loads(run("wrote", "yes", "--json").output)["items"]
    id = newest["writing"]["interaction"]
    told = json.loads(run("why", id, "--json").output)
    shown = run("why", id).output
    for line in ("system:", "Be brief.", "Be [kind].", "user:"):
        assert line in shown
    for name, on in told["flags"].items():
        assert f"{name} {'on' if on else 'off'}" in shown


def test_a_position_that_the_log_has_not_come_to_is_no_moment(run: Run, conversation: Conversation) -> None:
    stream, tenant = f"conversation/{conversation.id}", tenant_of(run)
    assert isinstance(run("show", stream, "--position", "999999", "--tenant", tenant).exception, Ahead)
    assert isinstance(run("show", stream, "--position", "999999").exception, NotFound)
