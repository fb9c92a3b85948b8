"""A server that speaks OpenAI's chat completions on loopback, with faults. The path before /v1 says which."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from tests.doubles.embeddings import Embeddings
from tests.doubles.openai_saying import saying
from tests.doubles.wire import CUT, Call, Reply, Step, Wire, server_events, serving

USAGE: dict[str, Any] = {
    "prompt_tokens": 120,
    "completion_tokens": 30,
    "total_tokens": 150,
    "prompt_tokens_details": {"cached_tokens": 20},
    "completion_tokens_details": {"reasoning_tokens": 10},
}
GOOD: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-test-2026",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": " Yes. "}}],
    "usage": USAGE,
}
PIECES = (" Yes", ", we", " are", " open.")
"""The text of a stream."""

WRONG_USAGES: dict[str, Any] = {
    "usage-negative": {"prompt_tokens": -120, "completion_tokens": -3},
    "usage-none": {"prompt_tokens": None, "completion_tokens": None},
    "usage-strings": {"prompt_tokens": "120", "completion_tokens": "many"},
    "usage-huge": {"prompt_tokens": 120, "completion_tokens": 10**30},
    "usage-zero": {"prompt_tokens": 0, "completion_tokens": 0},
    "usage-text": "120 tokens",
    "usage-list": [120, 30],
    "usage-deep": {"prompt_tokens": {"of": {"of": {"of": {"of": {"of": {"of": {"of": {"of": [[1]]}}}}}}}}},
    "usage-vast": {"prompt_tokens": -1, "of": {"some": [2**64, -(2**63) - 1]}},
    "no-usage": None,
}
TWISTED_USAGE = {
    "prompt_tokens": 120,
    "completion_tokens": 30,
    "prompt_tokens_details": {"cached_tokens": 500, "cache_write_tokens": "some"},
    "completion_tokens_details": {"reasoning_tokens": -1},
}
"""Its sums can be true, its parts can't."""


class Double(Wire):
    """`url` is a base URL with a fault; with the fault `scripted` it is `script` that names one for each body that comes.

    With the fault `says` it gives the message that `says` makes of the body (`tests/doubles/openai_saying.py`)."""

    def __init__(self) -> None:
        super().__init__(self._reply)
        self.script: Callable[[dict[str, Any]], str] = lambda body: "ok"
        self.says: Callable[[dict[str, Any]], dict[str, Any]] = lambda body: {"content": "Yes."}
        self.embeddings = Embeddings()
        """What answers at /embeddings; it has a script of its own."""

    def url(self, fault: str = "scripted") -> str:
        return f"http://127.0.0.1:{self.port}/{fault}/v1"

    def _reply(self, call: Call) -> Reply:
        if call.path.endswith("/embeddings"):
            return self.embeddings.reply(call)
        fault = call.path.split("/")[1]
        fault = self.script(call.body) if fault == "scripted" else fault
        if fault == "says":
            return saying(self.says(call.body), call.body, USAGE)
        return streamed(fault) if call.body.get("stream") else whole(fault)


@asynccontextmanager
async def openai_double() -> AsyncIterator[Double]:
    double = Double()
    async with serving(double):
        yield double


def whole(fault: str) -> Reply:
    if (common := _status(fault)) is not None:
        return common
    if fault in WRONG_USAGES:
        return Reply(body=_json({**GOOD, "usage": WRONG_USAGES[fault]}))
    match fault:
        case "ok":
            return Reply(body=_json(GOOD))
        case "cites":
            return _choice(message={"role": "assistant", "content": "Yes. [1]"})
        case "usage-twisted":
            return Reply(body=_json({**GOOD, "usage": TWISTED_USAGE}))
        case "length":
            return _choice(finish_reason="length")
        case "malformed":
            return Reply(body=b'{"choices": [{')
        case "deep":
            return Reply(body=b'{"usage":' + b"[" * 100_000)
        case "deep-error":
            return Reply(500, body=b'{"error":' + b"[" * 100_000)
        case "no-json":
            return Reply(body=b"<html>hello</html>", fields={"Content-Type": "text/html"})
        case "other-shape":
            return Reply(body=b'{"choices": {"text": 7}}')
        case "half-character":
            return Reply(body=_json(GOOD).replace(b" Yes. ", rb"\ud800"))
        case "empty-choices":
            return Reply(body=_json({**GOOD, "choices": []}))
        case "empty-text":
            return _choice(message={"role": "assistant", "content": ""})
        case "only-thoughts":
            return _choice(finish_reason="length", message={"role": "assistant", "content": ""})
        case "filter":
            return _choice(finish_reason="content_filter", message={"role": "assistant", "content": None})
        case "refusal":
            return _choice(message={"role": "assistant", "content": None, "refusal": "no"})
        case "error":
            return Reply(body=_json({"error": {"message": "no such model", "code": "model_not_found"}}))
        case "nul":
            said = {**GOOD["choices"][0], "message": {"role": "assistant", "content": "Ye\x00s."}}
            return Reply(body=_json({**GOOD, "model": "gpt\x00-odd\n", "id": "\x00", "choices": [said]}))
        case "zipped":
            return Reply(body=gzip.compress(_json(GOOD)), fields={"Content-Encoding": "gzip"})
        case "endless":
            return Reply(steps=itertools.repeat(b" " * 2**20, 20))
        case "cut":
            return Reply(steps=[_json(GOOD)[:100], CUT])
        case "slow":
            return Reply(body=_json(GOOD), delay=5.0)
        case "slow-stream":
            return Reply(steps=_dripping(_json(GOOD)))
    raise AssertionError(f"no fault {fault}")


def streamed(fault: str) -> Reply:
    if (common := _status(fault)) is not None:
        return common
    if fault in WRONG_USAGES:
        return server_events(_stream(WRONG_USAGES[fault]))
    first, second, *_ = said = [_piece(text) for text in PIECES]
    over = _json(_chunk(finish_reason="stop"))
    match fault:
        case "ok":
            return server_events(_stream(USAGE))
        case "cites":
            return server_events([*said, _piece(" [1]"), over, _usage(), b"[DONE]"])
        case "usage-twisted":
            return server_events(_stream(TWISTED_USAGE))
        case "length":
            return server_events([*said, _json(_chunk(finish_reason="length")), _usage(), b"[DONE]"])
        case "lines-of-windows":
            return server_events(_stream(USAGE), end=b"\r\n\r\n")
        case "in-bits":
            text = b"".join(b"data: " + each + b"\n\n" for each in _stream(USAGE))
            bits = [text[at : at + 7] for at in range(0, len(text), 7)]
            return Reply(fields={"Content-Type": "text/event-stream"}, steps=bits)
        case "comments":
            return Reply(steps=[b": wait\n\n", *(b"data:" + each + b"\n\n: go\n" for each in _stream(USAGE))])
        case "cut-after-done":
            return server_events([*_stream(USAGE), CUT])
        case "no-done":
            return server_events([*said, over, _usage()])
        case "malformed":
            return server_events([first, second, b'{"choices": [{', *said])
        case "no-json":
            return Reply(body=b"<html>hello</html>", fields={"Content-Type": "text/html"})
        case "empty-choices":
            return server_events([_json({**_chunk(), "choices": []}), _usage(), b"[DONE]"])
        case "empty-text":
            return server_events([over, _usage(), b"[DONE]"])
        case "filter":
            return server_events(
                [first, second, _json(_chunk(finish_reason="content_filter")), _usage(), b"[DONE]"]
            )
        case "refusal":
            return server_events([_json(_chunk(delta={"refusal": "no"})), over, _usage(), b"[DONE]"])
        case "error":
            return server_events([first, second, _json({"error": {"message": "overloaded", "code": 503}})])
        case "cut":
            return server_events([first, second, CUT])
        case "cut-first":
            return server_events([CUT])
        case "cut-counted":  # a server that counts as it goes
            return server_events([first, _json({**_chunk(delta={"content": ", we"}), "usage": USAGE}), CUT])
        case "ends-early":
            return server_events([first, second])
        case "slow":
            return Reply(steps=[b"data: [DONE]\n\n"], delay=5.0)
        case "slow-stream":
            return server_events([first, second, 5.0])
        case "long":
            return server_events(_endless())
        case "endless":
            return Reply(steps=itertools.repeat(b" " * 2**20, 20))
    raise AssertionError(f"no fault {fault}")


def _status(fault: str) -> Reply | None:
    """Those that come before any body."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    return {
        "400": Reply(400, body=_error("bad parameter")),
        "context": Reply(400, body=_error("too long", "context_length_exceeded")),
        "context-said": Reply(400, body=_error("This model's maximum context length is 8192 tokens")),
        "filter-400": Reply(400, body=_error("flagged", "content_filter")),
        "401": Reply(401, body=_error("bad key")),
        "403": Reply(403, body=_error("not yours")),
        "404": Reply(404, body=_error("no such model")),
        "no-model": Reply(400, body=_error("nothing here", "model_not_found")),
        "408": Reply(408, body=_error("too slow")),
        "413": Reply(413, body=_error("too large")),
        "429": Reply(429, body=_error("slow down")),
        "429-after": Reply(429, {"Retry-After": "7"}, _error("slow down")),
        "429-date": Reply(429, {"Retry-After": soon}, _error("slow down")),
        "429-long": Reply(429, {"Retry-After": "600"}, _error("slow down")),
        "429-nonsense": Reply(429, {"Retry-After": "soon"}, _error("slow down")),
        "500": Reply(500, body=_error("oops")),
        "503": Reply(503, body=b"<html>down</html>"),
        "redirect": Reply(307, {"Location": "http://127.0.0.1:1/elsewhere"}, b""),
    }.get(fault)


def _stream(usage: Any) -> list[bytes]:
    """A whole one, with a counted or uncounted end."""
    begin, over = (
        _json(_chunk(delta={"role": "assistant", "content": ""})),
        _json(_chunk(finish_reason="stop")),
    )
    counted = [] if usage is None else [_usage(usage)]
    return [begin, *map(_piece, PIECES), over, *counted, b"[DONE]"]


def _chunk(**choice: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-test-2026",
        "choices": [{"index": 0, "delta": {}, "finish_reason": None, **choice}],
    }


def _piece(text: str) -> bytes:
    return _json(_chunk(delta={"content": text}))


def _usage(usage: Any = USAGE) -> bytes:
    return _json({**_chunk(), "choices": [], "usage": usage})


def _endless() -> Iterator[Step]:
    for number in itertools.count():
        yield _piece(f"{number} ")
        yield 0.005


def _dripping(body: bytes) -> Iterator[Step]:
    for at in range(0, len(body), 20):
        yield body[at : at + 20]
        yield 0.1


def _choice(**changes: Any) -> Reply:
    return Reply(body=_json({**GOOD, "choices": [{**GOOD["choices"][0], **changes}]}))


def _error(message: str, code: str | None = None) -> bytes:
    return _json({"error": {"message": message, "type": "t", "code": code}})


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
