"""Names of OpenTelemetry's semantic conventions, as in the package opentelemetry-semantic-conventions 0.66b2 (1.44.0).

Those of `gen_ai` are in development, and have left that package for https://github.com/open-telemetry/semantic-conventions-genai: so they
stand here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from domain.models.completion import Turn
from domain.models.tools import ToolCall

SCHEMA: Final = "https://opentelemetry.io/schemas/1.44.0"

METHOD: Final = "http.request.method"
ROUTE: Final = "http.route"
STATUS: Final = "http.response.status_code"
ERROR: Final = "error.type"

OPERATION: Final = "gen_ai.operation.name"
PROVIDER: Final = "gen_ai.provider.name"
MODEL: Final = "gen_ai.request.model"
MAX_TOKENS: Final = "gen_ai.request.max_tokens"
TEMPERATURE: Final = "gen_ai.request.temperature"
TOP_P: Final = "gen_ai.request.top_p"
SEED: Final = "gen_ai.request.seed"
CHOICES: Final = "gen_ai.request.choice.count"
SERVED: Final = "gen_ai.response.model"
RESPONSE: Final = "gen_ai.response.id"
FINISH: Final = "gen_ai.response.finish_reasons"
INPUT: Final = "gen_ai.usage.input_tokens"
OUTPUT: Final = "gen_ai.usage.output_tokens"
CACHED: Final = "gen_ai.usage.cache_read.input_tokens"
WRITTEN: Final = "gen_ai.usage.cache_creation.input_tokens"
REASONING: Final = "gen_ai.usage.reasoning.output_tokens"
INSTRUCTIONS: Final = "gen_ai.system_instructions"
ASKED: Final = "gen_ai.input.messages"
SAID: Final = "gen_ai.output.messages"

OPERATIONS: Final = {"chat": "chat", "embedding": "embeddings"}
PROVIDERS: Final = {"gemini": "gcp.gemini", "vertex": "gcp.vertex_ai"}
"""Ours → theirs, where they differ."""

TOKENS: Final = "gen_ai.client.token.usage"
TOKEN: Final = "gen_ai.token.type"
TOKEN_BUCKETS: Final = tuple(4.0**power for power in range(14))
DURATION: Final = "gen_ai.client.operation.duration"
DURATION_BUCKETS: Final = tuple(round(0.01 * 2**power, 2) for power in range(14))
"""Seconds."""


def parts(text: str) -> list[dict[str, str]]:
    """What somebody says, as a message has it."""
    return [{"type": "text", "content": text}]


def call_parts(calls: Sequence[ToolCall]) -> list[dict[str, str]]:
    return [
        {"type": "tool_call", "id": call.id, "name": call.name, "arguments": call.arguments} for call in calls
    ]


def _parts_of(turn: Turn) -> list[dict[str, str]]:
    if turn.call is not None:
        return [{"type": "tool_call_response", "id": turn.call, "response": turn.text}]
    return [*(parts(turn.text) if turn.text or not turn.calls else ()), *call_parts(turn.calls)]


def messages(turns: Sequence[Turn]) -> list[Mapping[str, object]]:
    """What is asked, without the instructions, which have a name of their own."""
    return [
        {"role": turn.role, "parts": _parts_of(turn), **({"name": turn.name} if turn.name else {})}
        for turn in turns
        if turn.role != "system"
    ]
