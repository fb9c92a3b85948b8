"""Choices: the answers that one completion has (`n`), the log probabilities of their tokens, and pieces of them on their way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from domain.models.tools import ToolCall, ToolCallPiece, call_pieces, shown, whole_calls

Finish = Literal["stop", "length", "content_filter", "tool_calls", "other"]

MOST = 128
"""Choices of one completion, as at OpenAI."""

MOST_LIKELY = 20
"""Tokens told beside each token of an answer, as at OpenAI."""


class LikelyToken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A token and the natural logarithm of its probability. `bytes`: where they are no whole characters, so that `token` can't tell them; None: those of
    `token` in UTF-8."""

    token: str
    logprob: float
    bytes: tuple[int, ...] | None = None


class TokenLogprob(LikelyToken, frozen=True, kw_only=True, omit_defaults=True):
    """A token of an answer; `top`: the likeliest in its place, the first one first."""

    top: tuple[LikelyToken, ...] = ()


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer. `calls`: of tools, which it asks for beside what it says; `finish` is `tool_calls` then, unless it was cut. `logprobs`: of the tokens of
    the text as the model gave it, white space around it and all; empty where nobody asked."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    finish: Finish
    logprobs: tuple[TokenLogprob, ...] = ()

    @property
    def shown(self) -> str:
        """The text with the calls beside it."""
        return shown(self.text, self.calls)


class ChoicePiece(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of the choice number `choice` on its way, counted from 0: of its text, with its `logprobs`, or of a `call`."""

    choice: int = 0
    text: str = ""
    call: ToolCallPiece | None = None
    logprobs: tuple[TokenLogprob, ...] = ()


def all_shown(choices: Sequence[Choice]) -> str:
    """All of them as one text, as to compare answers, or to count what was said."""
    return "\n".join(filter(None, (each.shown for each in choices)))


def pieces_of(choices: Sequence[Choice]) -> Iterator[str | ToolCallPiece | ChoicePiece]:
    """Whole ones, as pieces: of the first one a text, and its calls, as nearly all that is told are."""
    for number, each in enumerate(choices):
        if number or each.logprobs:
            yield ChoicePiece(choice=number, text=each.text, logprobs=each.logprobs)
        elif each.text or not each.calls:
            yield each.text
        for call in call_pieces(each.calls):
            yield ChoicePiece(choice=number, call=call) if number else call


def cut_choices(pieces: Iterable[ChoicePiece]) -> tuple[Choice, ...]:
    """What pieces come to by now, of the choices that have begun, by their numbers."""
    found: dict[int, list[ChoicePiece]] = {}
    for piece in pieces:
        found.setdefault(piece.choice, []).append(piece)
    return tuple(
        Choice(
            text="".join(piece.text for piece in some),
            calls=whole_calls([piece.call for piece in some if piece.call is not None]),
            finish="other",
            logprobs=tuple(token for piece in some for token in piece.logprobs),
        )
        for _, some in sorted(found.items())
    )
