"""What the tests of providers share."""

from __future__ import annotations

from typing import Any

from application.ports import Completer
from domain.models.completion import Completion, CompletionRequest, Turn, Usage
from infra.providers.tokens import TokenCounter, estimate

CANARY = "personal text"
PROMPT = (Turn(role="system", text="be kind"), Turn(role="user", text=CANARY))
COUNTER = TokenCounter()
ABILITIES = frozenset({"stream", "system"})


def request(model: str = "gpt-4o", **more: Any) -> CompletionRequest:
    return CompletionRequest(model=model, prompt=PROMPT, questions=(CANARY,), max_tokens=50, **more)


def our_count(text: str) -> Usage:
    """Of the prompt above and this answer, where no provider counted."""
    whole = "\n".join(turn.text for turn in PROMPT)
    return Usage(input=estimate(whole), output=estimate(text), source="estimate")


async def gather(completer: Completer, asked: CompletionRequest) -> tuple[list[str], Completion]:
    """The pieces of a stream without its mere signs of life, and the whole at its end."""
    *pieces, last = [piece async for piece in completer.stream(asked) if piece != ""]
    assert isinstance(last, Completion)
    assert all(isinstance(piece, str) for piece in pieces)
    return [str(piece) for piece in pieces], last
