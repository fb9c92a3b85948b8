"""Turns with calls of tools and their results: every call is answered at once, and nothing else is. Images of results stand behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from domain.base.errors import Invalid
from domain.models.completion import Turn

SHOWN = "It stands in the message behind the results."
"""In the place of a result's text, where it has none."""


class ToolWords(NamedTuple):
    """How an API calls them: the field of the request, a call, a result, and where both have the call's id."""

    field: str
    call: str
    result: str
    id: str


def check_tool_turns(turns: Sequence[Turn], words: ToolWords) -> None:
    """Raises Invalid, as OpenAI does, for a result without its call, or a call without its result, whose vendors would refuse it in words of their own."""
    open_: dict[str, str] = {}
    for turn in turns:
        if turn.role == "tool":
            if turn.call not in open_:
                text = f"the {words.result} for {_short(turn.call)} answers no {words.call}: it follows the {words.call} that has its {words.id}"
                raise _invalid(text, words)
            del open_[turn.call]
            continue
        _all_answered(open_, words)
        open_ = {call.id: call.name for call in turn.calls}
        if len(open_) < len(turn.calls):
            text = f"two of one turn's {words.call}s have the same {words.id}; give each one of its own"
            raise _invalid(text, words)
    _all_answered(open_, words)


def shown_behind(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """With the images and files of results in a user's turn behind them: by the completions API of most vendors a result is a text alone."""
    laid, shown = list[Turn](), list[Turn]()
    for turn in turns:
        if turn.role != "tool":
            laid += shown
            shown = []
        elif turn.attachments:
            told = f"What the call {turn.call} has come to:"
            moved = tuple(replace(each, at=len(told)) for each in turn.attachments)
            shown.append(Turn(role="user", text=told, attachments=moved))
            turn = replace(turn, text=turn.text or SHOWN, attachments=())
        laid.append(turn)
    return (*laid, *shown)


def _all_answered(open_: dict[str, str], words: ToolWords) -> None:
    for id, name in open_.items():
        text = f"the {words.call} {_short(id)} of {_short(name)} is not answered: a {words.result} with its {words.id} must follow it"
        raise _invalid(text, words)


def _invalid(message: str, words: ToolWords) -> Invalid:
    text = f"{words.field}: {message}"
    return Invalid(text, errors=[{"field": f"$.{words.field}", "message": message}])


def _short(text: str | None) -> str:
    return repr((text or "")[:60])
