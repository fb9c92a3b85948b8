"""A server that speaks Gemini's API on loopback, with faults. The path before /v1beta says which."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from tests.doubles.wire import CUT, Call, Reply, Step, Wire, server_events, serving

USAGE: dict[str, Any] = {
    "promptTokenCount": 120,
    "cachedContentTokenCount": 20,
    "candidatesTokenCount": 20,
    "thoughtsTokenCount": 10,
    "totalTokenCount": 150,
}
PIECES = (" Yes", ", we", " are", " open.")
"""The text of a stream."""

WRONG_USAGES: dict[str, Any] = {
    "usage-negative": {"promptTokenCount": -120, "candidatesTokenCount": -3},
    "usage-none": {"promptTokenCount": None, "candidatesTokenCount": None},
    "usage-huge": {"promptTokenCount": 120, "candidatesTokenCount": 10**12},
    "usage-no-answer": {"promptTokenCount": 120},
    "no-usage": None,
}
BLOCKED = ("SAFETY", "RECITATION", "PROHIBITED_CONTENT")


class Double(Wire):
    """`url` is a base URL with a fault; with the fault `scripted` it is `script` that names one for each body that comes."""

    def __init__(self) -> None:
        super().__init__(self._reply)
        self.script: Callable[[dict[str, Any]], str] = lambda body: "ok"

    def url(self, fault: str = "scripted") -> str:
        return f"http://127.0.0.1:{self.port}/{fault}"

    def _reply(self, call: Call) -> Reply:
        fault = call.path.split("/")[1]
        fault = self.script(call.body) if fault == "scripted" else fault
        return streamed(fault) if ":streamGenerateContent" in call.path else whole(fault)


@asynccontextmanager
async def gemini_double() -> AsyncIterator[Double]:
    double = Double()
    async with serving(double):
        yield double


def whole(fault: str) -> Reply:
    if (common := _status(fault)) is not None:
        return common
    if fault in WRONG_USAGES:
        return Reply(body=_answer(" Yes. ", "STOP", WRONG_USAGES[fault]))
    if fault in BLOCKED:
        return Reply(body=_answer(None, fault, USAGE))
    match fault:
        case "ok":
            return Reply(body=_answer(" Yes. ", "STOP", USAGE))
        case "length":
            return Reply(body=_answer(" Yes. ", "MAX_TOKENS", USAGE))
        case "unheard-of":
            return Reply(body=_answer(" Yes. ", "TIRED", USAGE))
        case "thoughts":
            parts = [{"text": "Let me think.", "thought": True}, {"text": "Yes."}]
            candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}
            return Reply(body=_json({**_facts(USAGE), "candidates": [candidate]}))
        case "only-thoughts":
            return Reply(body=_answer(None, "MAX_TOKENS", USAGE))
        case "prompt-blocked":
            return Reply(body=_json({**_facts(USAGE), "promptFeedback": {"blockReason": "SAFETY"}}))
        case "malformed":
            return Reply(body=b'{"candidates": [{')
        case "no-json":
            return Reply(body=b"<html>hello</html>", fields={"Content-Type": "text/html"})
        case "other-shape":
            return Reply(body=b'{"candidates": {"text": 7}}')
        case "empty-choices":
            return Reply(body=_json({**_facts(USAGE), "candidates": []}))
        case "empty-text":
            return Reply(body=_answer("", "STOP", USAGE))
        case "cut":
            return Reply(steps=[_answer(" Yes. ", "STOP", USAGE)[:60], CUT])
        case "slow":
            return Reply(body=_answer(" Yes. ", "STOP", USAGE), delay=5.0)
        case "slow-stream":
            return Reply(steps=_dripping(_answer(" Yes. ", "STOP", USAGE)))
    raise AssertionError(f"no fault {fault}")


def streamed(fault: str) -> Reply:
    if (common := _status(fault)) is not None:
        return common
    if fault in WRONG_USAGES:
        return server_events(_stream(WRONG_USAGES[fault]))
    first, second = _answer(PIECES[0]), _answer(PIECES[1])
    if fault in BLOCKED:
        return server_events([first, second, _answer(None, fault, USAGE)])
    match fault:
        case "ok":
            return server_events(_stream(USAGE))
        case "prompt-blocked":
            return server_events([_json({**_facts(USAGE), "promptFeedback": {"blockReason": "SAFETY"}})])
        case "malformed":
            return server_events([first, second, b'{"candidates": [{'])
        case "no-json":
            return Reply(body=b"<html>hello</html>", fields={"Content-Type": "text/html"})
        case "empty-choices":
            return server_events([_json({**_facts(USAGE), "candidates": []})])
        case "empty-text":
            return server_events([_answer("", "STOP", USAGE)])
        case "error":
            return server_events([first, second, _error(503, "UNAVAILABLE", "overloaded")])
        case "error-first":  # and nothing after it, but the line stays open
            return server_events([_error(503, "UNAVAILABLE", "overloaded"), 5.0])
        case "error-without-a-code":
            return server_events([first, second, _json({"error": "oops"})])
        case "cut":
            return server_events([first, second, CUT])
        case "cut-first":
            return server_events([CUT])
        case "cut-counted":  # Gemini counts as it goes
            return server_events([first, _answer(PIECES[1], None, USAGE), CUT])
        case "ends-early":
            return server_events([first, second])
        case "slow":
            return Reply(steps=[b"data: {}\n\n"], delay=5.0)
        case "slow-stream":
            return server_events([first, second, 5.0])
        case "long":
            return server_events(_endless())
    raise AssertionError(f"no fault {fault}")


def _status(fault: str) -> Reply | None:
    """Those that come before any body."""
    wait = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}
    reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    long = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
    return {
        "400": Reply(400, body=_error(400, "INVALID_ARGUMENT", "bad parameter")),
        "bad-key": Reply(400, body=_error(400, "INVALID_ARGUMENT", "API key not valid", reason)),
        "context": Reply(400, body=_error(400, "INVALID_ARGUMENT", long)),
        "401": Reply(401, body=_error(401, "UNAUTHENTICATED", "no key")),
        "403": Reply(403, body=_error(403, "PERMISSION_DENIED", "not yours")),
        "404": Reply(404, body=_error(404, "NOT_FOUND", "models/x is not found")),
        "408": Reply(408, body=_error(408, "CANCELLED", "too slow")),
        "429": Reply(429, body=_error(429, "RESOURCE_EXHAUSTED", "slow down")),
        "429-said": Reply(429, body=_error(429, "RESOURCE_EXHAUSTED", "slow down", wait)),
        "429-after": Reply(429, {"Retry-After": "9"}, _error(429, "RESOURCE_EXHAUSTED", "slow down", wait)),
        "500": Reply(500, body=_error(500, "INTERNAL", "oops")),
        "503": Reply(503, body=b"<html>down</html>"),
        "504": Reply(504, body=_error(504, "DEADLINE_EXCEEDED", "too slow")),
        "redirect": Reply(307, {"Location": "http://127.0.0.1:1/elsewhere"}, b""),
        "endless": Reply(steps=itertools.repeat(b" " * 2**20, 20)),
    }.get(fault)


def _stream(usage: Any) -> list[bytes]:
    *begin, last = PIECES
    return [*map(_answer, begin), _answer(last, "STOP", usage)]


def _answer(text: str | None, finish: str | None = None, usage: Any = None) -> bytes:
    candidate: dict[str, Any] = {"index": 0}
    if text is not None:
        candidate["content"] = {"role": "model", "parts": [{"text": text}]}
    if finish is not None:
        candidate["finishReason"] = finish
    return _json({**_facts(usage), "candidates": [candidate]})


def _facts(usage: Any) -> dict[str, Any]:
    facts = {"modelVersion": "gemini-test-2026", "responseId": "resp-1"}
    return facts if usage is None else {**facts, "usageMetadata": usage}


def _endless() -> Iterator[Step]:
    for number in itertools.count():
        yield _answer(f"{number} ")
        yield 0.005


def _dripping(body: bytes) -> Iterator[Step]:
    for at in range(0, len(body), 20):
        yield body[at : at + 20]
        yield 0.1


def _error(code: int, status: str, message: str, *details: dict[str, Any]) -> bytes:
    return _json({"error": {"code": code, "message": message, "status": status, "details": list(details)}})


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
