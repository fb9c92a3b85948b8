"""Usages as vendors of OpenAI's API state them, with what they come to, and a server on loopback that answers in each form.

The path before /v1 names the case. Figures marked so are from the vendors' pages and their users' reports; the others are made up in
the vendors' forms (docs/providers.md has versions, days and sources).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from domain.models.completion import Usage
from tests.doubles.wire import Call, Reply, Wire, server_events, serving

Place = Literal["usage", "choice", "x_groq"]
PIECES = ("Yes", ", we are open.")


@dataclass(frozen=True)
class Case:
    """`raw` lies at `place`; in a stream it comes as `chunks`, in this order, where there are some. `form` is the row of the table."""

    form: str
    raw: dict[str, Any]
    means: Usage
    place: Place = "usage"
    model: str = "some-model"
    beside: dict[str, Any] = field(default_factory=dict)
    chunks: tuple[dict[str, Any] | None, ...] = ()


def counted(prompt: int, completion: int, total: int | None = None, **more: Any) -> dict[str, Any]:
    """In OpenAI's words."""
    facts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}
    return {name: count for name, count in facts.items() if count is not None} | more


def thought(tokens: int) -> dict[str, Any]:
    return {"completion_tokens_details": {"reasoning_tokens": tokens}}


def kept(tokens: int, **more: int) -> dict[str, Any]:
    return {"prompt_tokens_details": {"cached_tokens": tokens, **more}}


XAI = counted(10_120, 1_499, 14_428, **kept(128), **thought(2_809))
"""10,120 of prompt, 1,499 of text and 2,809 of reasoning beside it are 14,428."""

CASES: dict[str, Case] = {
    "openai": Case(
        "openai",
        counted(2006, 300, 2306, **kept(1920), **thought(256)),
        Usage(input=2006, cached=1920, output=300, reasoning=256),
    ),
    "openai-cache-writes": Case(
        "openai",
        counted(2006, 300, 2306, **kept(1000, cache_write_tokens=900)),
        Usage(input=2006, cached=1000, written=900, output=300),
    ),
    "openai-null-details": Case(
        "openai",
        counted(7, 3, 10, prompt_tokens_details=None, completion_tokens_details=None),
        Usage(input=7, output=3),
    ),
    "whole-floats": Case("openai", counted(7.0, 3.0, 10.0), Usage(input=7, output=3)),  # type: ignore[arg-type]
    "openai-priority": Case(
        "openai",
        counted(20, 10, 30),
        Usage(input=20, output=10, tier="priority"),
        beside={"service_tier": "priority"},
    ),
    "openai-default-tier": Case(
        "openai", counted(20, 10, 30), Usage(input=20, output=10), beside={"service_tier": "default"}
    ),
    "mistral-flex": Case(
        "openai", counted(20, 10, 30, service_tier="flex"), Usage(input=20, output=10, tier="flex")
    ),
    "tier-of-another-name": Case(
        "openai",
        counted(20, 10, 30),
        Usage(input=20, output=10, tier="turbo"),
        beside={"service_tier": "SERVICE_TIER_TURBO"},
    ),
    "xai": Case("xai", XAI, Usage(input=10_120, cached=128, output=4_308, reasoning=2_809), model="grok-4.5"),
    "xai-no-total": Case(
        "xai", counted(32, 9, **thought(94)), Usage(input=32, output=103, reasoning=94), model="grok-4.5"
    ),
    "deepseek": Case(
        "deepseek",
        counted(100, 40, 140, prompt_cache_hit_tokens=64, prompt_cache_miss_tokens=36, **thought(25)),
        Usage(input=100, cached=64, output=40, reasoning=25),
    ),
    "moonshot": Case(
        "moonshot",
        counted(19, 13, 32, cached_tokens=16),
        Usage(input=19, cached=16, output=13),
        place="choice",
    ),
    "mistral": Case(
        "mistral", counted(50, 5, 55, num_cached_tokens=48), Usage(input=50, cached=48, output=5)
    ),
    "groq": Case(
        "openai",
        counted(18, 6, 24, queue_time=0.01, total_time=0.02),
        Usage(input=18, output=6),
        place="x_groq",
    ),
    "litellm": Case(
        "litellm",
        counted(1200, 30, 1230, cache_read_input_tokens=1000, cache_creation_input_tokens=150, **kept(1000)),
        Usage(input=1200, cached=1000, written=150, output=30),
    ),
    "dashscope": Case(
        "litellm",
        counted(3019, 104, 3123, **kept(0, cache_creation_input_tokens=2048)),
        Usage(input=3019, written=2048, output=104),
    ),
    "gateway": Case(
        "gateway",
        counted(50, 30, 1230, cache_read_input_tokens=1000, cache_creation_input_tokens=150),
        Usage(input=1200, cached=1000, written=150, output=30),
    ),
    "perplexity": Case(
        "perplexity",
        counted(108, 3256, 3364, citation_tokens=7299, num_search_queries=74, reasoning_tokens=73248),
        Usage(input=7407, output=76504, reasoning=73248),
        model="sonar-deep-research",
    ),
    "sglang": Case(
        "sglang", counted(20, 90, 110, reasoning_tokens=70), Usage(input=20, output=90, reasoning=70)
    ),
    "gemini-compatible": Case(
        "gemini-compatible",
        counted(758, 102, 1725),
        Usage(input=758, output=967, reasoning=865),
        model="gemini-2.5-pro",
    ),
    "responses": Case(
        "responses",
        {
            "input_tokens": 125,
            "input_tokens_details": {"cached_tokens": 98},
            "output_tokens": 48,
            "output_tokens_details": {"reasoning_tokens": 20},
            "total_tokens": 173,
        },
        Usage(input=125, cached=98, output=48, reasoning=20),
    ),
    "anthropic": Case(
        "anthropic",
        {
            "input_tokens": 21,
            "cache_creation_input_tokens": 188,
            "cache_read_input_tokens": 4096,
            "output_tokens": 393,
            "service_tier": "standard",
        },
        Usage(input=4305, cached=4096, written=188, output=393),
    ),
    "grows": Case(  # as vLLM counts on request, and Perplexity always
        "openai",
        counted(120, 30, 150, **kept(20)),
        Usage(input=120, cached=20, output=30),
        chunks=(counted(120, 1, 121, **kept(20)), counted(120, 12, 132, **kept(20)), counted(120, 30, 150)),
    ),
    "before-the-end": Case(  # as xAI has sent it
        "xai",
        counted(32, 9, 135, **thought(94)),
        Usage(input=32, output=103, reasoning=94),
        chunks=(counted(32, 9, 135, **thought(94)), None),
    ),
    "zeros-after": Case(
        "openai",
        counted(120, 30, 150, **kept(20)),
        Usage(input=120, cached=20, output=30),
        chunks=(counted(120, 30, 150, **kept(20)), counted(0, 0, 0, **kept(0))),
    ),
    "nulls-after": Case(
        "openai",
        counted(120, 30, 150),
        Usage(input=120, output=30),
        chunks=(counted(120, 30, 150), {"prompt_tokens": None, "completion_tokens": None}),
    ),
    "in-two-parts": Case(  # as Anthropic's, passed on
        "anthropic",
        {"input_tokens": 21, "cache_read_input_tokens": 4096, "output_tokens": 393},
        Usage(input=4117, cached=4096, output=393),
        chunks=(
            {"input_tokens": 21, "cache_read_input_tokens": 4096, "output_tokens": 1},
            {"output_tokens": 393},
        ),
    ),
}
"""By vendor."""

UNKNOWN: dict[str, Case] = {
    "more-in-all": Case("", counted(100, 50, 180), Usage(input=100, output=80, source="unknown")),
    "less-in-all": Case("", counted(100, 50, 120), Usage(input=100, output=50, source="unknown")),
    "off-by-one": Case(
        "",
        counted(10_000, 100, 10_099, **kept(9_000)),
        Usage(input=10_000, cached=9_000, output=100, source="unknown"),
    ),
    "thoughts-and-more": Case(
        "",
        counted(100, 50, 300, **thought(80)),
        Usage(input=100, output=200, reasoning=80, source="unknown"),
    ),
    "a-part-that-is-none": Case(
        "", counted(100, 50, 150, **kept(-5)), Usage(input=100, output=50, source="unknown")
    ),
}
"""What no form explains."""


class Double(Wire):
    def __init__(self) -> None:
        super().__init__(self._reply)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}/v1"

    def _reply(self, call: Call) -> Reply:
        case = (CASES | UNKNOWN)[call.path.split("/")[1]]
        return stated(case, PIECES, streamed=bool(call.body.get("stream")))


def stated(case: Case, pieces: Sequence[str], *, streamed: bool) -> Reply:
    """An answer of these pieces with the usage of `case`."""
    if not streamed:
        message = {"message": {"content": "".join(pieces)}, "finish_reason": "stop"}
        return Reply(body=_json(_with(case, case.raw, message)))
    chunks = [_json(_with(case, None, {"delta": {"content": piece}})) for piece in pieces]
    chunks.append(_json(_with(case, None, {"delta": {}, "finish_reason": "stop"})))
    for usage in case.chunks or (case.raw,):
        choice = {"delta": {}} if case.place == "choice" else None
        chunks.append(_json(_with(case, usage, choice)))
    return server_events([*chunks, b"[DONE]"])


@asynccontextmanager
async def usages_double() -> AsyncIterator[Double]:
    double = Double()
    async with serving(double):
        yield double


def _with(case: Case, usage: dict[str, Any] | None, choice: dict[str, Any] | None) -> dict[str, Any]:
    body: dict[str, Any] = {"id": "c-1", "model": case.model, **case.beside}
    body["choices"] = (
        [] if choice is None else [choice | ({"usage": usage} if case.place == "choice" else {})]
    )
    if case.place == "x_groq":
        return body | {"x_groq": {"id": "req-1", "usage": usage}}
    return body | ({"usage": usage} if case.place == "usage" else {})


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
