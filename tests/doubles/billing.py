"""An upstream that speaks OpenAI's API and keeps its own books: what it has billed for each call, token by token."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from infra.providers.tokens import estimate
from tests.doubles.openai import WRONG_USAGES
from tests.doubles.usages import CASES, UNKNOWN, stated
from tests.doubles.wire import CUT, Call, Reply, Step, Wire, server_events

QUESTION = re.compile(r"#([\w-]+)#")
"""What a question holds, so that its plan is found."""

STATUSES = {"401": 401, "429": 429, "500": 500, "503": 503}
FORMS = {name: case for name, case in (CASES | UNKNOWN).items() if case.means.tier is None}
"""Those whose price does not depend on a tier."""

OVERSHOT = 10.0
"""Seconds after which a stream that nobody cancels is cut."""


UNHEARD = {
    "hang": Reply(steps=[], delay=OVERSHOT),
    "late": Reply(steps=[], delay=OVERSHOT),
    "504": Reply(504, body=b"{}"),
    "nonsense": Reply(body=b"<html>hello</html>", fields={"Content-Type": "text/html"}),
}
"""Answers that say nothing of what was done for them. `hang` is for a caller that goes away, `late` for one that waits."""


@dataclass(frozen=True)
class Bill:
    """Tokens; `cached` are part of `input`. `most`: of output that it would have billed, had the call come to its end."""

    model: str
    fault: str
    input: int
    cached: int
    output: int
    most: int


@dataclass
class Plan:
    """What a question meets at each upstream: one fault after the other, the last one stays. `books` are filled.

    `usage` (input, cached, output) is sent where the fault does not say otherwise; `pieces` are the answer, `sent` of them come before
    a stream is cut or held. A fault that is a case of tests/doubles/usages.py states its usage in that vendor's form. `delay`: seconds
    until a slow answer comes.
    """

    faults: dict[str, list[str]]
    pieces: list[str]
    sent: int
    usage: tuple[int, int, int]
    books: list[Bill]
    delay: float = 0.0
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a call has come that hangs."""

    asked: dict[str, int] = field(default_factory=dict)

    def next(self, upstream: str) -> str:
        number = self.asked[upstream] = self.asked.get(upstream, -1) + 1
        faults = self.faults[upstream]
        return faults[min(number, len(faults) - 1)]


class Billing(Wire):
    """`plans` by question, shared by all upstreams."""

    def __init__(self, name: str, plans: dict[str, Plan]) -> None:
        super().__init__(self._answer)
        self._name, self._plans = name, plans

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def _answer(self, call: Call) -> Reply:
        found = QUESTION.findall(call.body["messages"][-1]["content"])
        plan = self._plans[found[-1]]
        fault = plan.next(self._name)
        if fault in STATUSES:
            return Reply(STATUSES[fault], body=_json({"error": {"message": "no", "type": "t"}}))
        streamed = bool(call.body.get("stream"))
        if fault in UNHEARD or (fault == "hold" and not streamed):  # it works, and nobody hears of it
            self._bill(call, plan, fault, *_counted(call, ""))
            plan.hanging.set()
            return UNHEARD.get(fault, UNHEARD["hang"])
        if fault in FORMS:
            means = FORMS[fault].means
            self._bill(call, plan, fault, means.input, means.cached, means.output)
            return stated(FORMS[fault], plan.pieces, streamed=streamed)
        reply = self._streamed(call, plan, fault) if streamed else self._whole(call, plan, fault)
        return replace(reply, delay=plan.delay) if fault == "slow" else reply

    def _whole(self, call: Call, plan: Plan, fault: str) -> Reply:
        text = "".join(plan.pieces)
        choice: dict[str, Any] = {"finish_reason": "stop", "message": {"content": text}}
        match fault:
            case "cut":  # nothing can be read of it
                self._bill(call, plan, fault, *_counted(call, ""))
                return Reply(steps=[_json({"choices": [choice]})[:30], CUT])
            case "filter":
                choice = {"finish_reason": "content_filter", "message": {"content": None}}
        choices = [] if fault == "empty" else [choice]
        return Reply(body=_json({"choices": choices, "usage": self._billed(call, plan, fault, text)}))

    def _streamed(self, call: Call, plan: Plan, fault: str) -> Reply:
        held = fault in ("cut", "hold")
        pieces = plan.pieces[: plan.sent] if held or fault == "filter" else plan.pieces
        usage = None
        if not held:
            usage = self._billed(call, plan, fault, "".join(pieces))
        else:
            self._bill(call, plan, fault, *_counted(call, "".join(pieces)))
        if fault == "empty":
            pieces = []

        def steps() -> Iterator[Step]:
            for piece in pieces:
                yield _json({"choices": [{"delta": {"content": piece}}]})
            if fault == "hold":
                for _ in itertools.takewhile(lambda n: n * 0.005 < OVERSHOT, itertools.count()):
                    if call.gone.is_set():
                        return
                    yield 0.005
            if held:
                yield CUT
            finish = "content_filter" if fault == "filter" else "stop"
            if fault != "empty":
                yield _json({"choices": [{"delta": {}, "finish_reason": finish}]})
            yield _json({"choices": [], "usage": usage})
            yield b"[DONE]"

        return server_events(steps())

    def _billed(self, call: Call, plan: Plan, fault: str, text: str) -> Any:
        """The usage that is sent; what can't be true is counted by the text, as is what says just that."""
        if fault in WRONG_USAGES or fault == "counted":
            given, cached, taken = _counted(call, text)
            self._bill(call, plan, fault, given, cached, taken)
            return WRONG_USAGES.get(fault, {"prompt_tokens": given, "completion_tokens": taken})
        given, cached, taken = plan.usage
        self._bill(call, plan, fault, given, cached, taken)
        details = {"cached_tokens": cached}
        return {"prompt_tokens": given, "completion_tokens": taken, "prompt_tokens_details": details}

    def _bill(self, call: Call, plan: Plan, fault: str, given: int, cached: int, taken: int) -> None:
        model = f"{self._name}/{call.body['model']}"
        most = max(taken, estimate("".join(plan.pieces).strip()))
        plan.books.append(Bill(model, fault, given, cached, taken, most))


def _counted(call: Call, text: str) -> tuple[int, int, int]:
    """As docs/providers.md says, where nobody has counted."""
    prompt = "\n".join(message["content"] for message in call.body["messages"])
    return estimate(prompt), 0, estimate(text.strip())


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
