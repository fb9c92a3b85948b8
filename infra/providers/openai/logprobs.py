"""Log probabilities as vendors of OpenAI's API tell them: OpenAI's own form, and the older one of lists beside each other, which Together has.

https://platform.openai.com/docs/api-reference/chat/object; together 3.1.1 (`types/log_probs.py`, `types/chat/chat_completion_chunk.py`).
"""

from __future__ import annotations

from typing import Any

from domain.models.choices import MOST_LIKELY, LikelyToken, TokenLogprob
from infra.providers.incoming_choice import likely_token, token_logprob


def logprobs_of(said: Any, text: str, beside: Any = None) -> tuple[TokenLogprob, ...]:
    """`said` of a choice, or of a piece of one with this `text`; `beside`: what a stream of Together's has next to it. What is of no known form is none."""
    if isinstance(said, bool) or said is None:
        return ()
    if isinstance(said, int | float):
        own = likely_token(text, said)
        return () if own is None or not text else (token_logprob(own, _by_token(beside)),)
    if not isinstance(said, dict):
        return ()
    if isinstance(said.get("content"), list):
        return tuple(found for each in said["content"] if (found := _told(each)) is not None)
    return tuple(_beside_each_other(said, beside))


def _told(each: Any) -> TokenLogprob | None:
    if not isinstance(each, dict) or (own := _likely(each)) is None:
        return None
    top = each.get("top_logprobs")
    return token_logprob(own, _all(top) if isinstance(top, list) else [])


def _beside_each_other(said: dict[str, Any], beside: Any) -> list[TokenLogprob]:
    tokens, logprobs = said.get("tokens"), said.get("token_logprobs")
    if not isinstance(tokens, list) or not isinstance(logprobs, list):
        return []
    tops = next((each for each in (said.get("top_logprobs"), beside) if isinstance(each, list)), [])
    found = []
    for at, (token, logprob) in enumerate(zip(tokens, logprobs, strict=False)):
        if (own := likely_token(token, logprob)) is not None:
            found.append(token_logprob(own, _by_token(tops[at]) if at < len(tops) else []))
    return found


def _likely(each: Any) -> LikelyToken | None:
    if not isinstance(each, dict):
        return None
    return likely_token(each.get("token"), each.get("logprob"), each.get("bytes"))


def _all(top: list[Any]) -> list[LikelyToken]:
    return [found for each in top[:MOST_LIKELY] if (found := _likely(each)) is not None]


def _by_token(top: Any) -> list[LikelyToken]:
    """Of an object of tokens and their logarithms, the likeliest first."""
    if not isinstance(top, dict):
        return []
    found = [own for token, logprob in top.items() if (own := likely_token(token, logprob)) is not None]
    return sorted(found, key=lambda each: -each.logprob)[:MOST_LIKELY]
