"""Long texts hold nobody up."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from application.answers import prompt as prompting
from application.answers.prompt import prompt_of
from application.gateway.attempt import Attempting
from application.gateway.providers import INLINE
from domain.agents.agent import AgentConfiguration
from domain.answers.prompts import answer_prompt
from domain.models.catalogue import Catalogue
from domain.models.completion import CompletionRequest, Turn
from infra.providers.tokens import TokenCounter, estimate
from tests.application.played import Scripted


@pytest.mark.parametrize(("size", "here"), [(prompting.INLINE // 2, True), (prompting.INLINE + 1, False)])
async def test_a_long_prompt_is_made_beside_the_event_loop(
    monkeypatch: pytest.MonkeyPatch, size: int, here: bool
) -> None:
    threads = []

    def made(*given: Any) -> tuple[Turn, ...]:
        threads.append(threading.get_ident())
        return answer_prompt(*given)

    monkeypatch.setattr(prompting, "answer_prompt", made)
    history = [
        Turn(role="user", text="As said in [1]. " * (size // 32)),
        Turn(role="assistant", text="x" * 9),
    ]
    prompt = await prompt_of(AgentConfiguration(), history, (), ["Why [2]? " + "x" * (size // 2)], "Ann")
    assert prompt == answer_prompt(
        AgentConfiguration(), history, (), ["Why [2]? " + "x" * (size // 2)], "Ann"
    )
    assert (threads == [threading.get_ident()]) == here


@pytest.mark.parametrize(("size", "counted"), [(INLINE, ["tokenized"]), (INLINE + 1, [])])
async def test_a_long_prompt_of_a_call_that_nobody_waits_for_is_estimated(
    size: int, counted: list[str]
) -> None:
    seen: list[str] = []

    class Counter(TokenCounter):
        def count(self, text: str, model: str | None) -> int:
            if model is not None and len(text) > 1:
                seen.append("tokenized")
            return super().count(text, model)

    async def for_ever() -> None:
        await asyncio.Event().wait()

    text = "a" * size
    request = CompletionRequest(model="gpt-4o", prompt=(Turn(role="user", text=text),), questions=())
    attempting = Attempting(
        Scripted("openai", "ok", meanwhile=for_ever),
        request,
        catalogue=Catalogue({}, {}),
        counter=Counter(),
        clock=lambda: datetime.now(UTC),
        emit=None,
    )
    attempted = await attempting.run(0.01)
    assert seen == counted
    assert attempted.attempt.outcome == "timeout"
    if not counted:
        assert (attempted.attempt.usage.source, attempted.attempt.usage.input) == ("estimate", estimate(text))
