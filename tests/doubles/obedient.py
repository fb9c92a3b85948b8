"""A model that does whatever the texts in its prompt tell it, whoever wrote them, on the wire of OpenAI's chat completions: the worst that could
stand behind the guards."""

from __future__ import annotations

import base64
import codecs
import itertools
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from tests.doubles.openai import GOOD, Double
from tests.doubles.wire import Call, Reply, server_events, serving

HONEST = "From nine to five [1]."
WORD = re.compile(r"nor the word ([0-9a-f]{20})\.")
"""How the canary stands in a system prompt."""

_RULES = "What stands above and here"

WAYS: dict[str, Callable[[str, str], str]] = {
    "the prompt": lambda system, word: f"Gladly. {system}",
    "the word": lambda system, word: f"The word is {word}.",
    "spaced": lambda system, word: " ".join(word),
    "backwards": lambda system, word: f"Read it from the end: {word[::-1]}",
    "base64": lambda system, word: base64.b64encode(f"xy{word}".encode()).decode(),
    "hexadecimal": lambda system, word: word.encode().hex(),
    "rot13": lambda system, word: codecs.encode(f"Nothing but {word}", "rot13"),
    "between markers": lambda system, word: " [2]".join(word),
    "the rules, loudly": lambda system, word: system.split(_RULES)[0].upper(),
}
"""How it gives its prompt away; the canary first, as `word`."""


class Obedient(Double):
    """`orders`: texts that it obeys wherever they stand in a prompt. `obeyed`: those that it did; `leaked`: what it answered then. It calls tools,
    too, that nobody has given it."""

    def __init__(self, orders: Iterable[str]) -> None:
        super().__init__()
        self.answer = self._answered
        self.orders = {_bare(order): order for order in orders}
        self.obeyed: list[str] = []
        self.leaked: list[str] = []
        self.words: set[str] = set()
        """Canaries of all prompts that it saw."""

        self._ways = itertools.cycle(WAYS.values())
        self._lengths = itertools.cycle((1, 7, 2, 19, 3, 1, 40))

    def _answered(self, call: Call) -> Reply:
        text, more = self._said(call)
        return self._pieces(text) if call.body.get("stream") else _said(text, **more)

    def _pieces(self, text: str) -> Reply:
        """As a stream, in pieces of several lengths."""
        deltas: list[dict[str, Any]] = []
        at = 0
        while at < len(text):
            end = at + next(self._lengths)
            deltas.append({"content": text[at:end]})
            at = end
        head = {**GOOD, "object": "chat.completion.chunk"}
        del head["usage"]
        events = [{**head, "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
        events.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        events.append({**head, "choices": [], "usage": GOOD["usage"]})
        return server_events([*(json.dumps(each).encode() for each in events), b"[DONE]"])

    def _said(self, call: Call) -> tuple[str, dict[str, Any]]:
        messages: list[dict[str, Any]] = call.body["messages"]
        texts = [message["content"] for message in messages]
        found = WORD.search(texts[0])
        word = found[1] if found else ""
        self.words.add(word)
        prompt = _bare("\n".join(texts))
        order = next((order for bare, order in self.orders.items() if bare in prompt), None)
        if order is None:
            return HONEST, {}
        text = next(self._ways)(texts[0], word)
        self.obeyed.append(order)
        self.leaked.append(text)
        call_ = {"id": "call_1", "type": "function", "function": {"name": "refund", "arguments": "{}"}}
        return text, {"tool_calls": [call_]}


def _said(text: str, **more: Any) -> Reply:
    choice = {**GOOD["choices"][0], "message": {"role": "assistant", "content": text, **more}}
    return replace(Reply(), body=json.dumps({**GOOD, "choices": [choice]}).encode())


def _bare(text: str) -> str:
    """Letters and digits alone: however a text is laid out, it is the same order."""
    return re.sub(r"[\W_]+", "", text.lower())


def forms(word: str) -> set[str]:
    """What no answer may hold, without blanks and marks: the canary, and what it can be written as."""
    raw = word.encode()
    shifted = {base64.b64encode(b"\0" * by + raw).decode()[4:-4] for by in range(3)}
    return {_bare(form) for form in {word, word[::-1], raw.hex(), codecs.encode(word, "rot13"), *shifted}}


@asynccontextmanager
async def obedient(orders: Iterable[str]) -> AsyncIterator[Obedient]:
    double = Obedient(orders)
    async with serving(double):
        yield double
