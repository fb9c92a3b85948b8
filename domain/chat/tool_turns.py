"""Turns with calls of tools and their results: every call is answered at once, and nothing else is."""

from __future__ import annotations

from collections.abc import Sequence

from domain.base.errors import Invalid
from domain.models.completion import Turn


def check_tool_turns(turns: Sequence[Turn]) -> None:
    """Raises Invalid, as OpenAI does, for a result without its call, or a call without its result, whose vendors would refuse it in words of their own."""
    open_: dict[str, str] = {}
    for turn in turns:
        if turn.role == "tool":
            if turn.call not in open_:
                raise _invalid(
                    f"the result for {_short(turn.call)} answers no call: a message of the role tool follows the assistant's message whose tool_calls has its tool_call_id"
                )
            del open_[turn.call]
            continue
        _all_answered(open_)
        open_ = {call.id: call.name for call in turn.calls}
        if len(open_) < len(turn.calls):
            raise _invalid("two calls of one message have the same id; give each one of its own")
    _all_answered(open_)


def _all_answered(open_: dict[str, str]) -> None:
    for id, name in open_.items():
        raise _invalid(
            f"the call {_short(id)} of {_short(name)} is not answered: a message of the role tool with its tool_call_id must follow it"
        )


def _invalid(message: str) -> Invalid:
    return Invalid(f"messages: {message}", errors=[{"field": "$.messages", "message": message}])


def _short(text: str | None) -> str:
    return repr((text or "")[:60])
