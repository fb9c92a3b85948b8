"""openai-agents: tools, handoffs, structured output, streaming, a session; on the Responses API, which it uses by itself, and on completions."""

from __future__ import annotations

import openai
import pydantic
import pytest
from agents import (
    Agent,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    SQLiteSession,
    function_tool,
    set_tracing_disabled,
)
from agents.models.interface import Model
from conftest import KEY, URL

set_tracing_disabled(True)


@pytest.fixture(params=[OpenAIResponsesModel, OpenAIChatCompletionsModel])
def model(request: pytest.FixtureRequest) -> Model:
    client = openai.AsyncOpenAI(base_url=URL, api_key=KEY)
    made: Model = request.param(model="openai/gpt-4o-mini", openai_client=client)
    return made


async def test_tools_are_called_and_what_they_come_to_goes_back(model: Model) -> None:
    asked = list[str]()

    @function_tool
    def weather(city: str) -> str:
        """The weather of a city."""
        asked.append(city)
        return "sunny"

    agent = Agent(name="Weather", instructions="Tell the weather.", model=model, tools=[weather])
    made = await Runner.run(agent, "The weather in 'Oslo'?")
    assert (asked, made.final_output) == (["Oslo"], "It is as you say, and all is well.")
    streamed = Runner.run_streamed(agent, "The weather in 'Rome'?")
    kinds = [event.type async for event in streamed.stream_events()]
    assert kinds.count("run_item_stream_event") == 3
    assert (asked[1:], streamed.final_output) == (["Rome"], made.final_output)


async def test_an_agent_hands_over_to_another(model: Model) -> None:
    other = Agent(name="Other", instructions="Say hello.", model=model)
    made = await Runner.run(Agent(name="First", model=model, handoffs=[other]), "Hello?")
    assert made.last_agent is other


class Place(pydantic.BaseModel):
    city: str


async def test_an_answer_is_an_object(model: Model) -> None:
    made = await Runner.run(Agent(name="Places", model=model, output_type=Place), "Tell me of 'Oslo'.")
    assert made.final_output == Place(city="Oslo")


async def test_a_session_goes_on(model: Model) -> None:
    session, agent = SQLiteSession("one"), Agent(name="Friend", model=model)
    await Runner.run(agent, "Hello?", session=session)
    assert (await Runner.run(agent, "And?", session=session)).final_output
    assert len(await session.get_items()) == 4


async def test_a_response_goes_on_from_one_on_record() -> None:
    client = openai.AsyncOpenAI(base_url=URL, api_key=KEY)
    agent = Agent(name="Friend", model=OpenAIResponsesModel(model="openai/gpt-4o-mini", openai_client=client))
    first = await Runner.run(agent, "Hello?")
    assert first.last_response_id
    assert (await Runner.run(agent, "And?", previous_response_id=first.last_response_id)).final_output
