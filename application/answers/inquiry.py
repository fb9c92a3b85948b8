"""What is to be answered, whoever asks: a customer in a conversation, or an app."""

from __future__ import annotations

from uuid import UUID

import msgspec

from domain.answers.decision import Situation
from domain.answers.memory import Memory
from domain.models.completion import Turn


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be answered: `questions`, which `name` asks, after the `history`. `interaction` answers it; flags go by the `subject`.

    `messages`: they go to the model as they are; None: the agent composes the prompt, of passages too, and `said` are the questions as
    they stand in it. `pinned`: the model that is wanted, as provider/model. The rest as in `CompletionRequest` and `Asked`.
    """

    interaction: UUID
    subject: UUID
    questions: tuple[str, ...]
    turns: int
    """Before the questions, in what the prompt is made of."""

    history: tuple[Turn, ...] = ()
    said: tuple[str, ...] | None = None
    name: str | None = None
    messages: tuple[Turn, ...] | None = None
    pinned: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    stop: tuple[str, ...] = ()
    options: dict[str, float | int | str] = {}
    fresh: bool = False
    situation: Situation | None = None
    """Of the conversation; None: there is none, and nothing but an answer is wanted."""

    memory: Memory = Memory()
    summary: str | None = None
    """Of what was said before the history."""
