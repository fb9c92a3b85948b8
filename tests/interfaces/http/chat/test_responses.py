"""The Responses API, with the official client, on a running server, before a provider played at the wire."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import openai
import pydantic
import pytest

import application.chat.chat
from domain.chat.call import Call
from interfaces.bootstrap import Services
from tests.doubles.openai import Double
from tests.doubles.openai_saying import call
from tests.doubles.pictures import PDF, data_url, png
from tests.interfaces.http.chat.conftest import calls
from tests.interfaces.http.conftest import Customer

MODEL = "openai/gpt-4o-mini"
TOOL: Any = {
    "type": "function",
    "name": "opening",
    "description": "When a shop opens.",
    "parameters": {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]},
    "strict": False,
}
ASKED = {
    "tool_calls": [call("opening", '{"day": "Saturday"}'), call("opening", '{"day": "Sunday"}', "call_2")]
}


@pytest.fixture(autouse=True)
async def _well(shop: Customer, upstream: Double, parts: Services) -> None:
    upstream.script = lambda body: "says"
    upstream.says = lambda body: {"content": "At nine."}
    await parts.health.reset(await parts.health.all())


async def test_a_response_goes_on_from_one_on_record_without_its_instructions(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    first = await client.responses.create(
        model=MODEL, instructions="Be short.", input="When do you open?", metadata={"a": "b"}, user="ann"
    )
    assert (first.output_text, first.status, first.model) == (
        "At nine.",
        "completed",
        "openai/gpt-4o-mini-2026",
    )
    assert first.usage is not None
    assert (first.usage.input_tokens, first.usage.output_tokens, first.usage.total_tokens) == (120, 30, 150)
    assert (first.usage.input_tokens_details.cached_tokens, first.metadata) == (20, {"a": "b"})
    second = await client.responses.create(
        model=MODEL, instructions="Be long.", input="And on Sundays?", previous_response_id=first.id
    )
    assert upstream.requests[-1]["messages"] == [
        {"role": "system", "content": "Be long."},
        {"role": "user", "content": "When do you open?"},
        {"role": "assistant", "content": "At nine."},
        {"role": "user", "content": "And on Sundays?"},
    ]
    assert second.previous_response_id == first.id
    again = await client.responses.retrieve(first.id)
    assert again.model_dump(exclude={"retrace"}) == first.model_dump(exclude={"retrace"})
    await client.responses.delete(first.id)
    for refused in (
        client.responses.retrieve(first.id),
        client.responses.create(model=MODEL, input="x", previous_response_id=first.id),
    ):
        with pytest.raises(openai.NotFoundError, match="deleted"):
            await refused
    assert [type(each) for each in (await calls(parts, shop))[0]] == [
        Call.Requested,
        Call.Responded,
        Call.Metered,
        Call.Answered,
        Call.ResponseDeleted,
    ]


async def test_the_times_of_a_response_are_those_on_record(
    client: openai.AsyncOpenAI, shop: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = application.chat.chat.record_answer

    async def leisurely(*given: Any) -> Any:
        """Neither the asking nor the telling of an answer falls in the second in which it is put on record."""
        await asyncio.sleep(1.1)
        recorded = await record(*given)
        await asyncio.sleep(1.1)
        return recorded

    monkeypatch.setattr(application.chat.chat, "record_answer", leisurely)
    whole = await client.responses.create(model=MODEL, input="When do you open?")
    stream = await client.responses.create(model=MODEL, input="When do you close?", stream=True)
    events = [event async for event in stream]
    begun, ended = events[0], events[-1]
    assert begun.type == "response.created"
    assert ended.type == "response.completed"
    assert begun.response.created_at == ended.response.created_at
    for told in (whole, ended.response):
        kept = await client.responses.retrieve(told.id)
        assert (kept.created_at, kept.completed_at) == (told.created_at, told.completed_at)


async def test_what_is_not_to_be_stored_can_not_be_read_or_gone_on_from(
    client: openai.AsyncOpenAI, shop: Customer
) -> None:
    given = await client.responses.create(model=MODEL, input="Once.", store=False)
    assert given.model_extra is not None
    assert given.model_extra["store"] is False
    for refused in (
        client.responses.retrieve(given.id),
        client.responses.create(model=MODEL, input="x", previous_response_id=given.id),
    ):
        with pytest.raises(openai.NotFoundError, match="store: false"):
            await refused


async def test_the_clients_stream_helper_puts_the_same_together_as_the_whole(
    client: openai.AsyncOpenAI, shop: Customer, upstream: Double
) -> None:
    upstream.says = lambda body: {"content": "I look at both days.", **ASKED}
    whole = await client.responses.create(model=MODEL, input="When?", tools=[TOOL], store=False)
    seen = []
    ask: Any = {"extra_headers": {"Cache-Control": "no-cache"}}
    async with client.responses.stream(model=MODEL, input="When?", tools=[TOOL], **ask) as stream:
        async for event in stream:
            seen.append(event)
        made = await stream.get_final_response()
    assert [event.sequence_number for event in seen if hasattr(event, "sequence_number")] == list(
        range(len(seen))
    )
    kinds = [event.type for event in seen]
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert kinds[-1] == "response.completed"
    assert kinds.count("response.output_item.done") == 3
    assert made.output_text == whole.output_text == "I look at both days."
    for one, other in zip(made.output[1:], whole.output[1:], strict=True):
        assert (one.type, other.type) == ("function_call", "function_call")
        assert (one.call_id, one.name, one.arguments) == (other.call_id, other.name, other.arguments)
    assert (await client.responses.retrieve(made.id)).output_text == made.output_text


async def test_functions_are_asked_for_and_their_outputs_go_back_by_items_and_by_previous(
    client: openai.AsyncOpenAI, shop: Customer, upstream: Double
) -> None:
    def says(body: dict[str, Any]) -> dict[str, Any]:
        return {"content": "At nine, and never."} if body["messages"][-1]["role"] == "tool" else ASKED

    upstream.says = says
    asked = await client.responses.create(
        model=MODEL, input="When?", tools=[TOOL], tool_choice={"type": "function", "name": "opening"}
    )
    sent = upstream.requests[-1]
    assert sent["tools"][0]["function"]["parameters"] == TOOL["parameters"]
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "opening"}}
    assert [json.loads(item.arguments) for item in asked.output if item.type == "function_call"] == [
        {"day": "Saturday"},
        {"day": "Sunday"},
    ]
    outputs: list[Any] = [
        {"type": "function_call_output", "call_id": id, "output": output}
        for id, output in (("call_1", "9:00"), ("call_2", [{"type": "input_text", "text": "closed"}]))
    ]
    by_id = await client.responses.create(
        model=MODEL, input=outputs, tools=[TOOL], previous_response_id=asked.id
    )
    items: list[Any] = [{"role": "user", "content": [{"type": "input_text", "text": "When?"}]}]
    items += [item.model_dump() for item in asked.output]
    by_items = await client.responses.create(
        model=MODEL, input=[*items, *outputs], tools=[TOOL], extra_headers={"Cache-Control": "no-cache"}
    )
    assert by_id.output_text == by_items.output_text == "At nine, and never."
    assert upstream.requests[-1]["messages"] == upstream.requests[-2]["messages"]
    with pytest.raises(openai.BadRequestError, match="call_2"):
        await client.responses.create(model=MODEL, input=outputs[:1], previous_response_id=asked.id)


async def test_images_and_files_are_read_and_gone_on_from(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    picture, bill = data_url(png(4, 3)), data_url(PDF, "application/pdf")
    content: list[Any] = [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": picture, "detail": "original"},
        {"type": "input_file", "filename": "bill.pdf", "file_data": bill},
    ]
    first = await client.responses.create(model=MODEL, input=[{"role": "user", "content": content}])
    await client.responses.create(model=MODEL, input="And?", previous_response_id=first.id)
    seen, *others = upstream.requests[-1]["messages"]
    assert seen == upstream.requests[-2]["messages"][0]
    assert seen["content"][1:] == [
        {"type": "image_url", "image_url": {"url": picture, "detail": "high"}},
        {"type": "file", "file": {"filename": "bill.pdf", "file_data": bill}},
    ]
    assert [each["content"] for each in others] == ["At nine.", "And?"]
    (one, *_), (two, *_) = await calls(parts, shop)
    for requested in (one, two):  # each has its own, sealed under its own key
        for each in requested.messages[0].attachments:
            kept = [piece async for piece in parts.files.read(shop.tenant, requested.originator_id, each.id)]
            assert len(b"".join(kept)) == each.size


async def test_what_a_function_shows_stands_behind_what_all_of_them_have_come_to(
    client: openai.AsyncOpenAI, shop: Customer, upstream: Double
) -> None:
    upstream.says = lambda body: {"content": "Nice."} if body["messages"][-1]["role"] == "user" else ASKED
    picture = data_url(png(4, 3))
    items: list[Any] = [{"role": "user", "content": "Show me."}]
    items += [
        {"type": "function_call", "call_id": id, "name": "photo", "arguments": "{}"} for id in ("c1", "c2")
    ]
    shown = [{"type": "input_image", "image_url": picture}]
    items += [
        {"type": "function_call_output", "call_id": id, "output": output}
        for id, output in (("c1", shown), ("c2", "none"))
    ]
    await client.responses.create(model=MODEL, input=items, tools=[TOOL])
    by_items = upstream.requests[-1]["messages"]
    assert [(each["role"], each["content"]) for each in by_items[2:4]] == [
        ("tool", "It stands in the message behind the results."),
        ("tool", "none"),
    ]
    assert by_items[4]["content"] == [
        {"type": "text", "text": "What the call c1 has come to:"},
        {"type": "image_url", "image_url": {"url": picture}},
    ]
    called = [call("photo", "{}", id) for id in ("c1", "c2")]
    messages: list[Any] = [
        {"role": "user", "content": "Show me."},
        {"role": "assistant", "content": None, "tool_calls": called},
        {
            "role": "tool",
            "tool_call_id": "c1",
            "content": [{"type": "image_url", "image_url": {"url": picture}}],
        },
        {"role": "tool", "tool_call_id": "c2", "content": "none"},
    ]
    await client.chat.completions.create(
        model=MODEL, messages=messages, extra_headers={"Cache-Control": "no-cache"}
    )
    assert upstream.requests[-1]["messages"] == by_items


class Hours(pydantic.BaseModel):
    opens: int


async def test_a_structured_answer_is_parsed_by_the_client(
    client: openai.AsyncOpenAI, shop: Customer, upstream: Double
) -> None:
    upstream.says = lambda body: {"content": '{"opens": 9}'}
    given = await client.responses.parse(model=MODEL, input="When?", text_format=Hours)
    assert given.output_parsed == Hours(opens=9)
    form = upstream.requests[-1]["response_format"]
    assert (form["type"], form["json_schema"]["name"], form["json_schema"]["strict"]) == (
        "json_schema",
        "Hours",
        True,
    )
    upstream.says = lambda body: {"content": "cut o", "finish_reason": "length"}
    cut = await client.responses.create(model=MODEL, input="Again?", max_output_tokens=2)
    assert cut.incomplete_details is not None
    assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")


async def test_a_stream_that_fails_says_so_in_the_forms_of_the_api(
    client: openai.AsyncOpenAI, shop: Customer, upstream: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.gateway.complete.RETRIES", 0)
    upstream.script = lambda body: "401"
    with pytest.raises(openai.APIStatusError) as failed:
        await client.responses.create(model=MODEL, input="x", stream=True)
    assert failed.value.status_code == 424
    upstream.script = lambda body: "cut"
    events = [event async for event in await client.responses.create(model=MODEL, input="y", stream=True)]
    last = events[-1]
    assert last.type == "response.failed"
    assert last.response.error is not None
    kept = await client.responses.retrieve(last.response.id)
    assert kept.status == "failed"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools[0].type: web_search is a vendor's own tool"),
        ({"tools": [{"type": "mcp", "server_label": "x", "server_url": "https://x"}]}, "tools[0].type: mcp"),
        ({"tools": [TOOL, TOOL]}, "the same name"),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "name": "other"}}, "no function 'other'"),
        ({"tool_choice": "required"}, "there are no tools"),
        ({"background": True}, "background: it asks for what is not offered"),
        ({"conversation": "conv_1"}, "conversation: "),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0]: items are not kept by their ids"),
        (
            {"input": [{"type": "web_search_call", "id": "ws_1"}]},
            "input[0].type: items of the type web_search_call",
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]},
            "input[0].content[0].image_url: it is a data URL",
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "file_1"}]}]},
            "input[0].content[0].file_id: there are no uploaded files here",
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]},
            "input[0].content[0].type: a part of the type input_audio",
        ),
        (
            {"input": [{"type": "function_call_output", "call_id": "c", "output": "x"}]},
            "input: the function_call_output for 'c' answers no function_call",
        ),
        ({"input": ""}, "input: nothing is said in it"),
        (
            {"text": {"format": {"type": "json_schema", "name": "x"}}},
            "text.format: json_schema has a name and a schema",
        ),
        ({"previous_response_id": "resp_1"}, "32 hexadecimal digits"),
        ({"top_logprobs": 2}, "top_logprobs: "),
        ({"colour": "red"}, "unknown field `colour`"),
    ],
)
async def test_what_is_not_offered_is_refused_by_name(shop: Customer, body: Any, says: str) -> None:
    reply = await shop.http.post("/v1/responses", json={"model": MODEL, "input": "When?", **body})
    assert reply.status_code == 400, reply.text
    assert says in reply.json()["error"]["message"]
