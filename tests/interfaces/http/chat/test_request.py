"""What ordinary clients send is taken where it asks for nothing, and refused by name where it asks for what is not offered."""

from __future__ import annotations

import typing
from typing import Any

import openai
import pytest
from openai.types.chat import completion_create_params

from interfaces.bootstrap import Services
from interfaces.http.chat import unasked as unasked
from interfaces.http.chat.request import NOTHING, ChatIn, Said
from tests.doubles.openai import Double
from tests.interfaces.http.chat.conftest import ASK, calls
from tests.interfaces.http.conftest import Customer

MODEL = "openai/gpt-4o-mini"
AGAIN: Any = {"role": "user", "content": "And on Sunday?"}


async def test_an_answer_goes_back_as_the_next_questions_history(
    client: openai.AsyncOpenAI, upstream: Double
) -> None:
    messages: list[Any] = list(ASK)
    first = await client.chat.completions.create(model=MODEL, messages=messages)
    messages.append(first.choices[0].message)
    messages.append(AGAIN)
    second = await client.chat.completions.create(model=MODEL, messages=messages)
    assert second.choices[0].message.content == "Yes."
    assert upstream.requests[-1]["messages"] == [*ASK, {"role": "assistant", "content": "Yes."}, AGAIN]


def test_every_parameter_of_the_official_client_is_known() -> None:
    base = typing.get_type_hints(completion_create_params.CompletionCreateParamsBase)
    known = {*ChatIn.__struct_fields__}
    assert {*base, "stream"} - known == set()


@pytest.mark.parametrize(
    ("silent", "kind"),
    [
        (unasked.OF_REQUESTS, unasked.UnaskedOfRequest),
        (unasked.OF_MESSAGES, unasked.UnaskedOfMessage),
        (unasked.OF_PARTS, unasked.UnaskedOfPart),
    ],
)
def test_the_tables_and_the_forms_name_the_same_fields(silent: Any, kind: Any) -> None:
    assert set(silent) == set(kind.__struct_fields__)


async def test_what_asks_for_nothing_changes_nothing(shop: Customer, upstream: Double) -> None:
    plain = {"model": MODEL, "messages": [{"role": "user", "content": "Open?"}], "temperature": 1}
    for name, value in ((name, value) for name, values in SILENT.items() for value in values):
        value = {"any": ["thing"]} if value is unasked.HINT else value
        reply = await shop.http.post("/v1/chat/completions", json={**plain, name: value})
        assert reply.status_code == 200, reply.text
        sent = upstream.requests[-1]
        assert set(sent) <= {"model", "messages", "max_tokens", "temperature", "stream"}
        assert sent["messages"] == plain["messages"]


ASKING: dict[str, Any] = {
    "functions": [{"name": "f"}],
    "function_call": {"name": "f"},
    "modalities": ["text", "audio"],
    "audio": {"voice": "alloy", "format": "mp3"},
    "top_logprobs": 3,
    "prediction": {"type": "content", "content": "x"},
    "web_search_options": {},
    "moderation": {"model": "omni-moderation-latest"},
    "stream_options": {"include_obfuscation": True},
}


@pytest.mark.parametrize("name", ASKING)
async def test_what_asks_for_something_else_is_refused_by_name(
    client: openai.AsyncOpenAI, upstream: Double, name: str
) -> None:
    before = len(upstream.calls)
    with pytest.raises(openai.BadRequestError) as refused:
        await client.chat.completions.create(model=MODEL, messages=ASK, extra_body={name: ASKING[name]})
    assert refused.value.param == ("stream_options.include_obfuscation" if "options" in name[:14] else name)
    assert name in str(refused.value)
    assert "leave it out" in str(refused.value)
    assert len(upstream.calls) == before


CALL: Any = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
SILENT: dict[str, list[Any]] = {
    **{name: [None, *values] for name, values in unasked.OF_REQUESTS.items()},
    **{name: [None, *values] for name, values in NOTHING.items()},
    "tools": [None, []],
    "tool_choice": [None, "none", "auto"],
    "parallel_tool_calls": [None, True, False],
    "response_format": [None, {"type": "text"}],
}
"""Field → values that ask for nothing."""

ANSWERS: dict[str, dict[str, Any]] = {
    "null and empty members": {
        "content": "Yes.",
        "refusal": None,
        "tool_calls": [],
        "audio": None,
        "function_call": None,
        "annotations": [],
    },
    "what it thought": {"content": "Yes.", "reasoning_content": "Hm.", "reasoning": "Hm."},
    "where it looked": {"content": "Yes.", "annotations": [{"type": "url_citation", "url_citation": {}}]},
    "a list of parts": {"content": [{"type": "text", "text": "Yes."}]},
    "a refusal": {"content": None, "refusal": "Yes."},
    "a refusal as a part": {"content": [{"type": "refusal", "refusal": "Yes."}]},
    "no tool calls": {"content": "Yes.", "tool_calls": None},
}


@pytest.mark.parametrize("answer", ANSWERS)
async def test_an_earlier_answer_is_taken_with_all_that_clients_keep_of_it(
    shop: Customer, upstream: Double, answer: str
) -> None:
    messages = [*ASK, {"role": "assistant", **ANSWERS[answer]}, {**AGAIN, "content": answer}]
    reply = await shop.http.post("/v1/chat/completions", json={"model": MODEL, "messages": messages})
    assert reply.status_code == 200, reply.text
    assert upstream.requests[-1]["messages"][1] == {"role": "assistant", "content": "Yes."}


@pytest.mark.parametrize("empty", [{"content": None}, {}, {"content": ""}, {"content": [], "refusal": ""}])
async def test_a_turn_in_which_nothing_was_said_is_left_out(
    shop: Customer, upstream: Double, empty: dict[str, Any]
) -> None:
    messages = [*ASK, {"role": "assistant", **empty}, {**AGAIN, "content": str(empty)}]
    reply = await shop.http.post("/v1/chat/completions", json={"model": MODEL, "messages": messages})
    assert reply.status_code == 200, reply.text
    assert [turn["role"] for turn in upstream.requests[-1]["messages"]] == ["user", "user"]


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"role": "user", "content": None}, "messages[1].content"),
        ({"role": "user", "content": []}, "messages[1].content"),
        ({"role": "function", "content": "x", "name": "f"}, "messages[1].role"),
        ({"role": "tool", "content": "x"}, "messages[1].tool_call_id"),
        ({"role": "tool", "content": "x", "tool_call_id": "c"}, "messages"),
        ({"role": "tool", "content": None, "tool_call_id": "c"}, "messages[1].content"),
        ({"role": "user", "content": "x", "tool_call_id": "c"}, "messages[1].tool_call_id"),
        ({"role": "user", "content": "x", "tool_calls": [CALL]}, "messages[1].tool_calls"),
        ({"role": "assistant", "content": None, "tool_calls": [CALL]}, "messages"),
        ({"role": "assistant", "content": None, "tool_calls": [{"id": "c"}]}, "messages[1].tool_calls[0]"),
        ({"role": "user", "content": "x", "name": "Ann Smith"}, "messages[1].name"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages[1].content[0]"),
        ({"role": "user", "content": 7}, "messages[1].content"),
        ({"role": "user", "content": "x", "color": "red"}, "messages[1]"),
    ],
)
async def test_a_message_that_cannot_be_taken_is_refused_by_its_place(
    client: openai.AsyncOpenAI, message: Any, param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        await client.chat.completions.create(model=MODEL, messages=[*ASK, message])
    assert refused.value.param == param


async def test_messages_in_which_nothing_is_said_are_refused(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        await client.chat.completions.create(model=MODEL, messages=[{"role": "assistant", "content": None}])
    assert refused.value.param == "messages"


async def test_a_participants_name_goes_to_the_vendor_and_on_record(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    messages: Any = [
        {"role": "system", "content": "Be kind.", "name": "house"},
        {"role": "user", "content": "I am Ann.", "name": "ann"},
        {"role": "user", "content": "And I am not.", "name": ""},
    ]
    await client.chat.completions.create(model=MODEL, messages=messages)
    del messages[2]["name"]
    assert upstream.requests[-1]["messages"] == messages
    ((requested, *_),) = await calls(parts, shop)
    assert [turn.name for turn in requested.messages] == ["house", "ann", None]


async def test_the_agent_hears_who_asks(client: openai.AsyncOpenAI, shop: Customer, parts: Services) -> None:
    ann: Any = {"role": "user", "content": "When are you open?", "name": "ann"}
    for asked in ([ann], [{**ann, "name": "bob"}, ann]):
        await client.chat.completions.create(model="agent", messages=asked)
    one, two = [events[1].prompt[-1] for events in await calls(parts, shop)]
    assert (one.name, one.text) == ("ann", "When are you open?")
    assert (two.name, two.text) == (None, "bob: When are you open?\nann: When are you open?")


@pytest.mark.parametrize("model", ["auto", MODEL])
@pytest.mark.parametrize(
    "roles",
    [("system",), ("developer",), ("user", "system"), ("user", "assistant"), ("system", "user", "developer")],
)
async def test_lists_that_do_not_end_with_the_user_are_taken_by_models(
    client: openai.AsyncOpenAI, shop: Customer, upstream: Double, model: str, roles: tuple[str, ...]
) -> None:
    body = {"default_model": MODEL}
    assert (await shop.http.put("/v1/agent/configuration", json=body)).status_code == 200
    assert (await shop.http.put("/v1/flags/routing", json={"on": False})).status_code == 200
    messages: Any = [{"role": role, "content": f"{model} {role}"} for role in roles]
    given = await client.chat.completions.create(model=model, messages=messages)
    assert given.choices[0].message.content == "Yes."
    sent = [turn["role"].replace("system", "developer") for turn in upstream.requests[-1]["messages"]]
    assert sent == [role.replace("system", "developer") for role in roles]


async def test_the_agent_says_who_takes_what_it_has_nothing_to_answer_in(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="auto"):
        await client.chat.completions.create(
            model="agent", messages=[*ASK, {"role": "assistant", "content": "We"}]
        )


async def test_how_much_to_think_goes_to_models_that_think_and_to_no_others(
    client: openai.AsyncOpenAI, upstream: Double
) -> None:
    for model, expected in (("openai/gpt-5.6-terra", "low"), (MODEL, None)):
        await client.chat.completions.create(model=model, messages=ASK, reasoning_effort="low")
        assert upstream.requests[-1].get("reasoning_effort") == expected


def test_a_message_has_no_field_twice() -> None:
    assert not {"role", "content", "refusal", "name"} & set(unasked.OF_MESSAGES)
    assert set(Said.__struct_fields__) == {
        "role",
        "content",
        "refusal",
        "name",
        "tool_calls",
        "tool_call_id",
        *unasked.OF_MESSAGES,
    }
