"""Finish reasons: the words by which vendors say how an answer ended, in ours. A word that is not here never stands for an answer.

What the words mean is the vendors' documentation, as of November 2026: OpenAI (chat completions), DeepSeek, Mistral, Together, xAI, Z.AI,
OpenRouter, Anthropic's compatible API, Hugging Face TGI, vLLM, SGLang, llama.cpp, Ollama; Google's from google-genai 3.4 (`types.FinishReason`).
"""

from __future__ import annotations

import re

from domain.models.completion import Finish, Outcome
from infra.providers.incoming_choice import IncomingChoice

OPENAI: dict[str, Finish] = {
    "stop": "stop",
    "eos": "stop",  # Together
    "eos_token": "stop",  # TGI
    "stop_sequence": "stop",  # TGI, Anthropic
    "end_turn": "stop",  # Anthropic, xAI
    "complete": "stop",  # Cohere
    "length": "length",
    "max_tokens": "length",  # Anthropic, Cohere
    "model_length": "length",  # Mistral: the context window is full
    "model_context_window_exceeded": "length",  # Anthropic, Z.AI
    "content_filter": "content_filter",
    "refusal": "content_filter",  # Anthropic
    "sensitive": "content_filter",  # Z.AI
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "tool_use": "tool_calls",
}
GEMINI: dict[str, Finish] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",  # what one request may give; another one is not sent without being asked for
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "ESCALATION": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
}

FAILED: dict[str, Outcome] = {
    "insufficient_system_resource": "unavailable",  # DeepSeek
    "error": "unavailable",  # Mistral, OpenRouter, vLLM
    "network_error": "unavailable",  # Z.AI
    "abort": "unavailable",  # vLLM, SGLang: the server gave it up
    "PUP_LIMITED_DISABLED": "authentication",  # Google has limited the account
}
"""Words for a failure of the server, or of the key. All others, known ones as OTHER or MALFORMED_RESPONSE too, say nothing of the model's
health: what was asked may have brought them about."""

UNSAID = frozenset({"", "null", "FINISH_REASON_UNSPECIFIED"})
"""Words by which some say that it has not ended yet, or not how."""

_WORD = re.compile(r"\w{1,40}", re.ASCII)


def end(word: object, finishes: dict[str, Finish], choice: IncomingChoice) -> None:
    """Note how a choice ended. What is no answer becomes an error once all has come: its usage may come after it."""
    if word is None or (isinstance(word, str) and word in UNSAID):
        return
    if not isinstance(word, str):
        choice.failed = ("incomplete", "the server ended it in a way that is not known")
    elif (finish := finishes.get(word) or finishes.get(word.lower())) is not None:
        if choice.finish != "content_filter":
            choice.finish = finish
    else:
        shown = word if _WORD.fullmatch(word) else "of an odd form"
        outcome = FAILED.get(word, "incomplete")
        choice.failed = (outcome, f"the server did not end it as an answer ends, but by {shown}")
