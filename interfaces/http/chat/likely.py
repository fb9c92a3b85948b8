"""Log probabilities in OpenAI's forms: of chat completions and responses, and of the older completions."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from domain.models.choices import LikelyToken, TokenLogprob


class LikelyOut(msgspec.Struct, frozen=True, kw_only=True):
    """`bytes` of the token, which may be a part of a character."""

    token: str
    logprob: float
    bytes: list[int]


class TokenOut(LikelyOut, frozen=True, kw_only=True):
    top_logprobs: list[LikelyOut]


class LogprobsOut(msgspec.Struct, frozen=True, kw_only=True):
    content: list[TokenOut]
    refusal: None = None


class OlderLogprobsOut(msgspec.Struct, frozen=True, kw_only=True):
    """Lists beside each other. `text_offset`: characters before each token."""

    tokens: list[str]
    token_logprobs: list[float]
    top_logprobs: list[dict[str, float]]
    text_offset: list[int]


def tokens_out(tokens: Sequence[TokenLogprob]) -> list[TokenOut]:
    return [
        TokenOut(
            token=each.token,
            logprob=each.logprob,
            bytes=_bytes(each),
            top_logprobs=[
                LikelyOut(token=one.token, logprob=one.logprob, bytes=_bytes(one)) for one in each.top
            ],
        )
        for each in tokens
    ]


def logprobs_out(tokens: Sequence[TokenLogprob]) -> LogprobsOut | None:
    """None where there are none."""
    return LogprobsOut(content=tokens_out(tokens)) if tokens else None


def older_logprobs_out(tokens: Sequence[TokenLogprob], before: int = 0) -> OlderLogprobsOut | None:
    """`before`: characters that came in earlier pieces."""
    if not tokens:
        return None
    offsets = [before]
    for each in tokens:
        offsets.append(offsets[-1] + len(each.token))
    return OlderLogprobsOut(
        tokens=[each.token for each in tokens],
        token_logprobs=[each.logprob for each in tokens],
        top_logprobs=[{one.token: one.logprob for one in each.top} for each in tokens],
        text_offset=offsets[:-1],
    )


def _bytes(token: LikelyToken) -> list[int]:
    return list(token.token.encode() if token.bytes is None else token.bytes)
