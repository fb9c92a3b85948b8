"""The real small language model behind the OpenAI-compatible provider (make test-llm)."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.completion import CompletionRequest, Turn
from infra.providers.openai import OpenAICompleter
from infra.settings import Settings
from interfaces.demo.model import language_model

pytestmark = pytest.mark.llm


async def test_the_small_model_answers_from_a_passage_with_real_usage(tmp_path: Path) -> None:
    with language_model(Settings(data=tmp_path), say=lambda _: None) as settings:
        completer = OpenAICompleter(key=None, base_url=settings.openai_base_url)
        system = "Answer from this text only: The shop is open from nine to five and closed on Sunday."
        prompt = (Turn(role="system", text=system), Turn(role="user", text="When is the shop open?"))
        request = CompletionRequest(
            model="local-model", prompt=prompt, questions=("When is the shop open?",), max_tokens=40
        )
        completion = await completer.complete(request)
        await completer.close()
    assert "nine" in completion.text.lower() or "9" in completion.text
    assert completion.usage.input > 20
    assert 0 < completion.usage.output <= 40
