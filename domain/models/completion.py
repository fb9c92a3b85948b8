"""Values around one completion: what is asked of a provider, what came back, what it used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import msgspec

from domain.models.answer_format import AnswerFormat
from domain.models.attachment import Attachment
from domain.models.choices import Choice
from domain.models.choices import Finish as Finish
from domain.models.tools import Tool, ToolCall, ToolChoice, shown

Role = Literal["system", "user", "assistant", "tool"]
Outcome = Literal[
    "ok",
    "authentication",
    "not_found",
    "rate_limited",
    "context_too_long",
    "refused",
    "incomplete",
    "timeout",
    "unavailable",
    "bad_request",
    "cancelled",
]


Options = dict[str, bool | int | float | str | dict[str, Any]]
"""What else a request asks for, by the names of OpenAI's API."""

THINKING = 25_000
"""Tokens for the thoughts of a model that thinks before it answers: as many as OpenAI advises to reserve
(https://platform.openai.com/docs/guides/reasoning)."""

THINKS = frozenset({"reasoning", "thinking"})
"""Abilities of models that do."""


class Turn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message of a prompt or of a conversation's history. `name`: of the participant, where an app tells several apart.

    A user's may have `attachments`, in the order in which they stand in the text.

    An assistant's may have `calls` of tools; each is answered by a turn of the role `tool`, whose `call` is the id of the call and whose text the result.
    """

    role: Role
    text: str
    name: str | None = None
    calls: tuple[ToolCall, ...] = ()
    call: str | None = None
    attachments: tuple[Attachment, ...] = ()

    @property
    def said(self) -> str:
        """The text after its participant's name, for where there is no field for that."""
        return self.text if self.name is None else f"{self.name}: {self.text}"

    @property
    def parts(self) -> Iterator[str | Attachment]:
        """The text in pieces, and what is attached between them."""
        begin = 0
        for each in self.attachments:
            if text := self.text[begin : each.at].strip("\n"):
                yield text
            yield each
            begin = max(begin, each.at)
        if text := self.text[begin:].strip("\n"):
            yield text

    @property
    def read(self) -> str:
        """All that a model reads of it: what is said, and the calls of tools. For counting."""
        return shown(self.said, self.calls) if self.calls else self.said


Source = Literal["document", "knowledge", "shop", "purchase", "internet"]
"""Where a passage is from: a file, an entry of the knowledge base, the catalogue, what the customer has ordered or booked; the internet, where its title
is the site."""


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """A retrieved piece of a source. `id` is a hash of the document's version and the content, never a position."""

    id: str
    document: UUID
    title: str
    ordinal: int
    page: int | None = None
    section: str | None = None
    score: float
    """Similarity to the query, 0 to 1."""
    text: str
    source: Source = "document"
    last_page: int | None = None
    """Where it ends, unless that is the page where it begins."""
    priority: int = 5
    """0 to 10, of documents the usual: of several that fit as well the higher one comes first."""

    came_at: datetime | None = None
    """When what it says came, where that is known: of several that fit as well the newer one comes first."""


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer points at: always a passage that was in the prompt. `marker` is the number in the text, as in [1]."""

    marker: int
    passage: str
    document: UUID
    title: str
    page: int | None = None
    section: str | None = None
    source: Source = "document"
    last_page: int | None = None
    """Where the passage ends, unless that is the page where it begins."""


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens. `cached` are part of `input`, `reasoning` part of `output`, as OpenAI counts them; so are `written`, input that the
    provider put into its cache.

    `source` says whose count it is: the provider's; the provider's in a form whose arithmetic is unknown to us, charged by the larger
    reading (domain/models/usage_forms.py); or ours (with the model's tokenizer, or by estimate) where the provider's never came, as when a
    stream was cut. `tier`: the service tier that served it, which has a price of its own; None: the standard one.
    """

    input: int = 0
    cached: int = 0
    written: int = 0
    output: int = 0
    reasoning: int = 0
    source: Literal["provider", "unknown", "tokenizer", "estimate"] = "provider"
    tier: str | None = None


class CompletionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider is asked: the exact prompt, and beside it the passages and questions that it was made from."""

    model: str
    prompt: tuple[Turn, ...]
    questions: tuple[str, ...]
    goes_on_from: str = ""
    """What the questions go on from, where they say too little of themselves: it stands in the prompt's history, too."""

    passages: tuple[Passage, ...] = ()
    overruled: tuple[str, ...] = ()
    """Statements of them that do not count, as others do in their place."""

    max_tokens: int | None = None
    """The most that the model may give, thoughts and all; None: as much as it does."""

    answer_tokens: int | None = None
    """The most that it may say, where `max_tokens` is None. A model that thinks first gets `THINKING` beside it: what it may say is no
    measure of what it has to think."""

    temperature: float | None = None
    stop: tuple[str, ...] = ()
    options: Options = {}
    """More of what OpenAI's API knows, by its names, as top_p and seed; a provider passes on what it knows as well."""

    contents: Mapping[UUID, bytes] = {}
    """Of the images and files in the prompt, by their ids."""

    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    """None: as `auto`."""

    parallel_tool_calls: bool | None = None
    """Whether several calls may come at once; None: as the vendor does."""

    answer_format: AnswerFormat | None = None
    """None: text."""

    choices: int = 1
    """Answers that are wanted, each by itself."""

    logprobs: int | None = None
    """Of how many likely tokens beside each one of the answer the log probabilities are wanted; 0: of its own alone; None: of none."""

    abilities: frozenset[str] | None = None
    """Those of the model in the tenant's catalogue (domain/models/catalogue.py); None where it is not in it: the provider goes by its name."""

    @property
    def beside(self) -> str:
        """What a model reads beside the prompt: its tools, and the form of its answer. For counting; empty where there is neither."""
        texts = list[str]()
        for tool in self.tools:
            texts += (tool.name, tool.description or "", tool.parameters or "")
        if self.answer_format is not None:
            texts += (self.answer_format.description or "", self.answer_format.schema or "")
        return "\n".join(filter(None, texts))

    @property
    def read(self) -> str:
        """All that a model reads, as one text. For counting."""
        texts = [turn.read if turn.calls else turn.text for turn in self.prompt]
        return "\n".join(texts if not (beside := self.beside) else (*texts, beside))

    @property
    def needs(self) -> frozenset[str]:
        """Abilities that a model must have for it, as the catalogue names them."""
        wanted = abilities_needed(self.prompt, self.tools, self.answer_format)
        return wanted | abilities_for(self.choices, self.logprobs)

    def limit(self, abilities: frozenset[str]) -> int | None:
        """Tokens of output that a model of these abilities is told as its limit; None: it is told none."""
        if self.max_tokens is not None or self.answer_tokens is None:
            return self.max_tokens
        return self.answer_tokens + (THINKING if THINKS & abilities else 0)


def abilities_needed(
    prompt: Sequence[Turn], tools: Sequence[Tool], answer_format: AnswerFormat | None
) -> frozenset[str]:
    """Abilities that a model must have for these, as the catalogue names them (domain/models/abilities.py)."""
    found = set[str]()
    if tools or any(turn.calls or turn.role == "tool" for turn in prompt):
        found.add("tools")
    if answer_format is not None:
        found.add("json" if answer_format.type == "json_object" else "json_schema")
    found |= {f"{each.kind}s" for turn in prompt for each in turn.attachments}
    return frozenset(found)


def abilities_for(choices: int, logprobs: int | None) -> frozenset[str]:
    """The same for several answers, and for log probabilities."""
    wanted = (("choices", choices > 1), ("logprobs", logprobs is not None))
    return frozenset(ability for ability, needed in wanted if needed)


class Completion(Choice, frozen=True, kw_only=True):
    """What a provider answered: it is its first choice, and has the `others` beside it. `model` is the served one, which may differ from the requested one;
    `usage` is of all choices."""

    others: tuple[Choice, ...] = ()
    model: str
    usage: Usage
    raw_usage: dict[str, Any] = msgspec.field(default_factory=dict)
    request_id: str | None = None
    confidence: float | None = None
    """0 to 1 where the provider can tell, else None."""

    told: bool = False
    """It stands for an answer on record: its text is what was told then, its markers were looked at."""

    @property
    def choices(self) -> tuple[Choice, ...]:
        """All, by their numbers."""
        return (self, *self.others)


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a provider, failed ones too. `cost` is in USD, exact, by the price `price` (None: free or unknown).

    `cached`: no call was made, the answer of an earlier one was given again.
    """

    kind: Literal["chat", "embedding"] = "chat"
    provider: str
    model: str
    served: str | None = None
    outcome: Outcome
    error: str | None = None
    started_at: datetime
    latency_ms: float
    usage: Usage = Usage()
    raw_usage: dict[str, Any] = {}
    request_id: str | None = None
    cost: Decimal = Decimal(0)
    price: str | None = None
    cached: bool = False


def answered_by(attempts: Sequence[Attempt]) -> Attempt | None:
    """The attempt that gave the answer: the last one. None where no model did, as when the budget forbade to ask one."""
    return attempts[-1] if attempts and attempts[-1].outcome == "ok" else None
