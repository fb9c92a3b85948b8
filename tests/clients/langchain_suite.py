"""LangChain's own standard suites (langchain-tests), by ChatOpenAI and OpenAIEmbeddings as they come, on both of OpenAI's APIs."""

from __future__ import annotations

from typing import Any

from conftest import KEY, URL
from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langchain_tests.integration_tests import ChatModelIntegrationTests, EmbeddingsIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests, EmbeddingsUnitTests

MODEL = "openai/gpt-4o-mini"


class _Completions:
    responses = False

    @property
    def chat_model_class(self) -> type[ChatOpenAI]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {
            "model": MODEL,
            "base_url": URL,
            "api_key": KEY,
            "use_responses_api": self.responses,
            "stream_usage": True,  # with an address of one's own ChatOpenAI does not ask for it by itself
        }

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_image_urls(self) -> bool:
        return True

    @property
    def supports_image_tool_message(self) -> bool:
        return True

    @property
    def supports_pdf_inputs(self) -> bool:
        return True

    @property
    def supports_pdf_tool_message(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True

    @property
    def supports_model_override(self) -> bool:
        return True

    @property
    def model_override_value(self) -> str:
        return "gpt-4o"

    @property
    def enable_vcr_tests(self) -> bool:
        return True

    @property
    def supported_usage_metadata_details(self) -> Any:
        counted = ["reasoning_output", "cache_read_input"]
        return {"invoke": counted, "stream": counted}


class TestChatUnit(_Completions, ChatModelUnitTests):
    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        named = {"OPENAI_API_KEY": KEY, "OPENAI_API_BASE": URL}
        return named, {"model": MODEL}, {"openai_api_key": KEY, "openai_api_base": URL}


class TestResponsesUnit(TestChatUnit):
    responses = True


class TestChat(_Completions, ChatModelIntegrationTests):
    def invoke_with_reasoning_output(self, *, stream: bool = False) -> AIMessage:
        return self._said(stream)

    def invoke_with_cache_read_input(self, *, stream: bool = False) -> AIMessage:
        return self._said(stream)

    def _said(self, stream: bool) -> AIMessage:
        model = self.chat_model_class(**self.chat_model_params)
        if not stream:
            return model.invoke("Think, and say what you think.")
        first, *others = model.stream("Think, and say what you think.")
        for each in others:
            first += each
        return first


class TestResponses(TestChat):
    responses = True


class _Embedding:
    @property
    def embeddings_class(self) -> type[OpenAIEmbeddings]:
        return OpenAIEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {
            "model": "text-embedding-3-small",
            "base_url": URL,
            "api_key": KEY,
            "check_embedding_ctx_length": False,
        }


class TestEmbeddings(_Embedding, EmbeddingsIntegrationTests):
    pass


class TestEmbeddingsUnit(_Embedding, EmbeddingsUnitTests):
    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        named = {"OPENAI_API_KEY": KEY, "OPENAI_API_BASE": URL}
        return named, {"model": "text-embedding-3-small"}, {"openai_api_key": KEY, "openai_api_base": URL}
