"""pydantic-ai: tools, structured output by tools and by a schema, streaming, images; on both of OpenAI's APIs."""

from __future__ import annotations

import pydantic
import pytest
from conftest import FILES, KEY, URL
from pydantic_ai import Agent, BinaryContent, NativeOutput, PromptedOutput, ToolOutput, UsageLimits
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider


class Place(pydantic.BaseModel):
    city: str
    people: int


@pytest.fixture(params=[OpenAIChatModel, OpenAIResponsesModel])
def model(request: pytest.FixtureRequest) -> OpenAIChatModel | OpenAIResponsesModel:
    provider = OpenAIProvider(base_url=URL, api_key=KEY)
    made: OpenAIChatModel | OpenAIResponsesModel = request.param("openai/gpt-4o-mini", provider=provider)
    return made


async def test_a_text_whole_and_in_pieces(model: OpenAIChatModel) -> None:
    agent = Agent(model, instructions="Be short.")
    whole = await agent.run("Are you there?")
    assert whole.output == "It is as you say, and all is well."
    assert whole.usage.input_tokens == 120
    question = (
        f"Are you still there, {type(model).__name__}?"  # one that was answered a moment ago comes whole
    )
    async with agent.run_stream(question) as streamed:
        pieces = [piece async for piece in streamed.stream_text(delta=True, debounce_by=None)]
    assert len(pieces) > 1
    assert "".join(pieces) == whole.output
    again = await agent.run("And now?", message_history=whole.all_messages())
    assert again.output == whole.output


async def test_tools_are_called_and_what_they_come_to_goes_back(model: OpenAIChatModel) -> None:
    agent, asked = Agent(model), list[tuple[str, int]]()

    @agent.tool_plain
    def weather(city: str, days: int) -> str:
        """The weather of a city."""
        asked.append((city, days))
        return "sunny"

    made = await agent.run("The weather in 'Oslo', 3 days?", usage_limits=UsageLimits(request_limit=5))
    assert asked == [("Oslo", 3)]
    assert made.output.startswith("It is")
    async with agent.run_stream("The weather in 'Rome', 4 days?") as streamed:
        assert (await streamed.get_output()).startswith("It is")
    assert asked[1:] == [("Rome", 4)]


@pytest.mark.parametrize("form", [ToolOutput, NativeOutput, PromptedOutput])
async def test_an_answer_is_an_object(model: OpenAIChatModel, form: type) -> None:
    if form is PromptedOutput:  # no schema is sent: the model is told in words, by quoted names
        agent = Agent(model, output_type=form(Answer))
        assert (await agent.run("Say yes.")).output.answer
        return
    agent = Agent(model, output_type=form(Place))
    assert (await agent.run("'Oslo' has 7 people.")).output == Place(city="Oslo", people=7)
    async with agent.run_stream("'Rome' has 8 people.") as streamed:
        assert await streamed.get_output() == Place(city="Rome", people=8)


class Answer(pydantic.BaseModel):
    answer: str


async def test_an_image_and_a_file_are_read(model: OpenAIChatModel) -> None:
    picture = BinaryContent(data=FILES["png"], media_type="image/png")
    bill = BinaryContent(data=FILES["pdf"], media_type="application/pdf")
    assert (await Agent(model).run(["What is it?", picture, bill])).output


async def test_a_tool_comes_to_an_image(model: OpenAIChatModel) -> None:
    agent = Agent(model)

    @agent.tool_plain
    def photo() -> BinaryContent:
        return BinaryContent(data=FILES["png"], media_type="image/png")

    assert (await agent.run("Show me.")).output
