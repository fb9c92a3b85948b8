"""LlamaIndex: chat, streaming, function calling, structured prediction, embeddings, an agent."""

from __future__ import annotations

import pydantic
import pytest
from conftest import KEY, URL
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.llms import ChatMessage
from llama_index.core.prompts import PromptTemplate
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.openai_like import OpenAILike

SAID = "It is as you say, and all is well."


@pytest.fixture
def model() -> OpenAILike:
    return OpenAILike(
        model="openai/gpt-4o-mini",
        api_base=URL,
        api_key=KEY,
        is_chat_model=True,
        is_function_calling_model=True,
        context_window=128_000,
    )


def test_a_text_whole_and_in_pieces(model: OpenAILike) -> None:
    messages = [ChatMessage(role="system", content="Be short."), ChatMessage(role="user", content="Hello?")]
    assert model.chat(messages).message.content == SAID
    assert "".join(piece.delta or "" for piece in model.stream_chat(messages)) == SAID
    assert model.complete("Hello?").text == SAID


async def test_a_text_async(model: OpenAILike) -> None:
    pieces = await model.astream_chat([ChatMessage(role="user", content="Hello there?")])
    assert "".join([piece.delta or "" async for piece in pieces]) == SAID


def weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


async def test_tools_are_called_and_what_they_come_to_goes_back(model: OpenAILike) -> None:
    tool = FunctionTool.from_defaults(weather)
    assert "sunny in Oslo" in str(model.predict_and_call([tool], "The weather in 'Oslo'?"))
    made = await FunctionAgent(tools=[tool], llm=model).run("The weather in 'Rome'?")
    assert str(made) == SAID
    assert "sunny in Rome" in str(made.tool_calls[0].tool_output)


class Place(pydantic.BaseModel):
    """A place."""

    city: str


def test_an_answer_is_an_object(model: OpenAILike) -> None:
    prompt = PromptTemplate("Tell me of {city}.")
    assert model.structured_predict(Place, prompt, city="'Oslo'") == Place(city="Oslo")
    assert list(model.stream_structured_predict(Place, prompt, city="'Rome'"))[-1] == Place(city="Rome")
    by_schema = OpenAILike(**model.model_dump(include={"model", "api_base"}), api_key=KEY, is_chat_model=True)
    by_schema.should_use_structured_outputs = True
    assert by_schema.structured_predict(Place, prompt, city="'Bonn'") == Place(city="Bonn")


def test_vectors() -> None:
    embedding = OpenAILikeEmbedding(model_name="text-embedding-3-small", api_base=URL, api_key=KEY)
    assert len(embedding.get_text_embedding("Hello")) == 1536
    assert len(embedding.get_text_embedding_batch(["one", "two"])) == 2
