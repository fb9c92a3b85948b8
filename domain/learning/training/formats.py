"""Formats of training files, and the rules of the vendors that take them (as of November 2026).

What was said before the answer is context, and nobody has approved it: OpenAI and Together are told by `weight` not to learn those turns. Vertex
has no such word and learns every turn of the model's, so there they stand in the system instruction.

OpenAI: https://developers.openai.com/docs/guides/supervised-fine-tuning · Vertex: https://cloud.google.com/vertex-ai/generative-ai/docs/models/
gemini-supervised-tuning-about · Together: https://docs.together.ai/docs/fine-tuning/data-preparation
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Literal, get_args

import msgspec

from domain.feedback.exchange import Exchange
from domain.learning.training.example import turns_of
from domain.models.completion import Turn

Format = Literal["openai", "vertex", "together"]
FORMATS: tuple[Format, ...] = get_args(Format)

TOLD = 10
"""Problems of a file that are told one by one."""

_CUSTOMER, _BUSINESS = "Customer", "We"


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """`least` examples of a file to learn from; `most_validation` of one to look at; `tokens` of one example; `size`: bytes of a file."""

    least: int
    most: int | None = None
    most_validation: int | None = None
    tokens: int
    size: int


RULES: dict[Format, Rules] = {
    "openai": Rules(least=10, tokens=65_536, size=512 * 1024**2),
    "vertex": Rules(least=1, most=1_000_000, most_validation=5_000, tokens=131_072, size=1024**3),
    "together": Rules(least=1, tokens=32_768, size=100 * 1000**3),
}


def line_of(form: Format, exchange: Exchange, system: str = "") -> bytes:
    """One example as one line of JSON, with its line end."""
    turns = turns_of(exchange)
    made = _vertex(turns, system) if form == "vertex" else _chat(turns, system)
    return msgspec.json.encode(made) + b"\n"


def _chat(turns: Sequence[Turn], system: str) -> dict[str, Any]:
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    for number, turn in enumerate(turns, 1):
        message: dict[str, Any] = {"role": turn.role, "content": turn.text}
        if turn.role == "assistant" and number < len(turns):
            message["weight"] = 0
        messages.append(message)
    return {"messages": messages}


def _vertex(turns: Sequence[Turn], system: str) -> dict[str, Any]:
    earlier = "\n".join(
        f"{_CUSTOMER if turn.role == 'user' else _BUSINESS}: {turn.text}" for turn in turns[:-2]
    )
    told = "\n\n".join(filter(None, (system, earlier and f"What was said before:\n{earlier}")))
    contents = [
        {"role": "user", "parts": [{"text": turns[-2].text}]},
        {"role": "model", "parts": [{"text": turns[-1].text}]},
    ]
    instruction = {"systemInstruction": {"role": "system", "parts": [{"text": told}]}} if told else {}
    return {**instruction, "contents": contents}


def problems_in(
    form: Format, lines: Sequence[bytes], *, validation: bool, tokens: Callable[[str], int]
) -> list[str]:
    """Why the vendor would refuse a file of these lines, each as a sentence; empty: it takes it."""
    rules, found = RULES[form], []
    if not validation and len(lines) < rules.least:
        found.append(f"{len(lines)} examples are too few; at least {rules.least} are wanted")
    most = rules.most_validation if validation else rules.most
    if most is not None and len(lines) > most:
        found.append(f"{len(lines)} examples are too many; at most {most} are taken")
    if (size := sum(map(len, lines))) > rules.size:
        found.append(f"the file has {size} bytes; at most {rules.size} are taken")
    for number, line in enumerate(lines, 1):
        if (problem := _problem(form, line, rules, tokens)) is not None:
            found.append(f"line {number}: {problem}")
            if len(found) >= TOLD:
                break
    return found


def _problem(form: Format, line: bytes, rules: Rules, tokens: Callable[[str], int]) -> str | None:
    """Of one line, read anew, as the vendor does."""
    try:
        example = msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.MsgspecError:
        return "it is no JSON object"
    turns = _turns_in(form, example)
    if turns is None:
        return "it has another form than the vendor's"
    spoken = [(role, text) for role, text in turns if role != "system"]
    if [role for role, _ in turns].count("system") > 1 or (
        turns[0][0] != "system" and len(spoken) < len(turns)
    ):
        return "a system text stands first, or nowhere"
    if any(not text.strip() for _, text in turns):
        return "a text is empty"
    if not spoken or spoken[0][0] != "user" or spoken[-1][0] == "user":
        return "it begins with the customer, and ends with the answer"
    if any(one[0] == other[0] for one, other in pairwise(spoken)):
        return "the customer and the business take turns"
    # A token has no more than a few bytes' meaning: what is short in bytes is not counted.
    if len(line) > rules.tokens and (count := sum(tokens(text) for _, text in turns)) > rules.tokens:
        return f"it has {count} tokens; at most {rules.tokens} are taken"
    return None


def _turns_in(form: Format, example: dict[str, Any]) -> list[tuple[str, str]] | None:
    """Role and text of each turn; None: it is not of the vendor's form."""
    try:
        if form == "vertex":
            if not example.keys() <= {"systemInstruction", "contents"}:
                return None
            told = example.get("systemInstruction")
            system = [] if told is None else [("system", _one(told["parts"]))]
            turns = [*system, *((turn["role"], _one(turn["parts"])) for turn in example["contents"])]
            allowed = {"system", "user", "model"}
        else:
            if example.keys() != {"messages"}:
                return None
            turns = [(turn["role"], turn["content"]) for turn in example["messages"]]
            allowed = {"system", "user", "assistant"}
            if any(turn.get("weight", 1) not in (0, 1) for turn in example["messages"]):
                return None
    except (LookupError, TypeError, ValueError, AttributeError):
        return None
    fits = bool(turns) and all(role in allowed and isinstance(text, str) for role, text in turns)
    return turns if fits else None


def _one(parts: Any) -> str:
    (part,) = parts
    return part["text"]  # type: ignore[no-any-return]  # whether it is one is looked at by whoever asks
