"""Log probabilities as Gemini tells them (`logprobsResult`): the tokens that were chosen, and beside each the likeliest.

https://ai.google.dev/api/generate-content#LogprobsResult.
"""

from __future__ import annotations

from typing import Any

from domain.models.choices import MOST_LIKELY, LikelyToken, TokenLogprob
from infra.providers.incoming_choice import likely_token, token_logprob


def logprobs_of(said: Any) -> tuple[TokenLogprob, ...]:
    """What is of another form is none."""
    facts = said if isinstance(said, dict) else {}
    chosen, tops = _list(facts.get("chosenCandidates")), _list(facts.get("topCandidates"))
    found = []
    for at, each in enumerate(chosen):
        if (own := _likely(each)) is not None:
            found.append(token_logprob(own, _all(tops[at]) if at < len(tops) else []))
    return tuple(found)


def _all(top: Any) -> list[LikelyToken]:
    listed = _list(top.get("candidates")) if isinstance(top, dict) else []
    return [found for each in listed[:MOST_LIKELY] if (found := _likely(each)) is not None]


def _likely(each: Any) -> LikelyToken | None:
    """A probability of 1 has the logarithm 0, which Google's JSON leaves out as any zero."""
    if not isinstance(each, dict):
        return None
    return likely_token(each.get("token"), each.get("logProbability", 0.0))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
