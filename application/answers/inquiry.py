"""What is to be answered, whoever asks: a customer in a conversation, or an app."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec

from application.answers.variants import Asks
from application.retrieval.query import QuestionVector
from domain.answers.memory import Memory
from domain.answers.plan import Situation
from domain.answers.understanding import Understanding
from domain.models.answer_format import AnswerFormat
from domain.models.completion import Options, Turn, abilities_for, abilities_needed
from domain.models.tools import Tool, ToolChoice


class Understood(msgspec.Struct, frozen=True, kw_only=True):
    """What `questions` after the `history` say, and the vector that passages are looked for with."""

    questions: tuple[str, ...]
    history: tuple[Turn, ...]
    understanding: Understanding
    vector: QuestionVector | None


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be answered: `questions`, which `name` asks, after the `history`. `interaction` answers it; flags go by the `subject`,
    splits by the `unit`, the customer (None: the agent in force answers).

    `messages`: they go to the model as they are; None: the agent composes the prompt, of passages too, and `said` are the questions as
    they stand in it. `pinned`: the model that is wanted, as provider/model. The rest as in `CompletionRequest` and `Asked`.
    """

    interaction: UUID
    subject: UUID
    unit: UUID | None = None
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
    options: Options = {}
    contents: Mapping[UUID, bytes] = {}
    """Of images and files in the messages, by their ids."""

    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    answer_format: AnswerFormat | None = None
    choices: int = 1
    logprobs: int | None = None
    fresh: bool = False
    situation: Situation | None = None
    """Of the conversation; None: there is none, and nothing but an answer is wanted."""

    screens: bool = True
    """Whether it is looked for orders to the agent in what was said: not in what was answered before anybody did."""

    suggests: bool = False
    """Whether what else of the catalogue fits is looked for, where the tenant wants it: for customers, not where answers are compared."""

    understood: Understood | None = None
    """Of a moment ago, when the answer was begun before; it stands where the questions are the same."""

    memory: Memory = Memory()
    summary: str | None = None
    """Of what was said before the history."""

    @property
    def needs(self) -> frozenset[str]:
        """Abilities that the model must have which is asked with the messages as they are."""
        wanted = abilities_needed(self.messages or (), self.tools, self.answer_format)
        return wanted | abilities_for(self.choices, self.logprobs)

    @property
    def asks(self) -> Asks:
        if self.pinned is not None:
            return "model"
        return "agent" if self.messages is None else "messages"
