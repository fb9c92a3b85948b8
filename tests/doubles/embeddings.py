"""A server that speaks OpenAI's and Gemini's embeddings on loopback, in their valid odd forms and with faults. The path's first part says which."""

from __future__ import annotations

import base64
import json
import math
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from tests.doubles.wire import Call, Reply, Wire, serving

MOST = 32
"""Texts that a server of the fault `few` takes at once."""

LONGEST = 400
"""Characters of a text that one of the fault `short` takes."""

NATIVE = 1536


def vector_of(text: str, dimension: int) -> list[float]:
    """By its words alone, not of length 1: texts with like words are near each other."""
    total = np.zeros(dimension)
    for word in text.lower().split():
        total += np.random.default_rng(list(word.strip(".,?!").encode())).normal(size=dimension)
    return (3 * total).tolist()  # type: ignore[no-any-return]  # numpy does not type tolist


class Embeddings(Wire):
    """`embedded` counts the texts whose vectors went out, for which it is paid; `script` names the fault of each body where the path does not.

    `before` is awaited before an answer goes out.
    """

    def __init__(self) -> None:
        super().__init__(self.reply)
        self.embedded: Counter[str] = Counter()
        self.script: Callable[[dict[str, Any]], str] = lambda body: "ok"
        self.chance = random.Random(3)
        self.before: Callable[[], Awaitable[object]] | None = None

    def url(self, fault: str = "scripted") -> str:
        return f"http://127.0.0.1:{self.port}/{fault}/v1"

    def gemini(self, fault: str = "scripted") -> str:
        return f"http://127.0.0.1:{self.port}/{fault}"

    def reply(self, call: Call) -> Reply:
        fault = call.path.split("/")[1]
        fault = self.script(call.body) if fault == "scripted" else fault
        gemini = call.path.endswith(":batchEmbedContents")
        reply = self._gemini(fault, call.body) if gemini else self._openai(fault, call.body)
        return replace(reply, first=self.before)

    def _openai(self, fault: str, body: dict[str, Any]) -> Reply:
        texts: list[str] = body["input"]
        if (failed := _failed(fault, texts)) is not None:
            return failed
        dimension = body.get("dimensions", NATIVE)
        if fault == "long-vectors":
            dimension = NATIVE
        data = [
            {
                "object": "embedding",
                "index": index,
                "embedding": _form(vector_of(text, dimension), body.get("encoding_format")),
            }
            for index, text in enumerate(texts)
        ]
        usage: Any = {"prompt_tokens": 7 * len(texts), "total_tokens": 7 * len(texts)}
        match fault:
            case "shuffled":
                self.chance.shuffle(data)
            case "lists":
                data = [{**each, "embedding": vector_of(texts[each["index"]], dimension)} for each in data]
            case "no-index":
                data = [{"embedding": each["embedding"]} for each in data]
            case "all-zero":  # each is the first, it says
                data = [{**each, "index": 0} for each in data]
            case "fewer" if len(texts) > 1:
                data = data[::2]
            case "never":
                data = []
            case "no-usage":
                usage = None
            case "usage-negative":
                usage = {"prompt_tokens": -3}
            case "nan":
                data = [{**each, "embedding": _form([math.nan, 1.0], "base64")} for each in data]
        sent = {each.get("index", place) for place, each in enumerate(data)}
        self.embedded.update(texts[index] for index in sent)
        return _json(
            {"object": "list", "data": data, "model": "text-embedding-test", "usage": usage, "id": "embd-1"}
        )

    def _gemini(self, fault: str, body: dict[str, Any]) -> Reply:
        requests = body["requests"]
        texts = ["".join(part["text"] for part in each["content"]["parts"]) for each in requests]
        if fault == "429-info":
            info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "9s"}
            return _json(
                {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "x", "details": [info]}},
                429,
            )
        if (failed := _failed(fault, texts)) is not None:
            return failed
        vectors = [
            {"values": vector_of(text, each.get("outputDimensionality", 3072))}
            for text, each in zip(texts, requests, strict=True)
        ]
        if fault == "merged" and len(vectors) > 1:
            vectors = vectors[:1]
        else:
            self.embedded.update(texts)
        return _json({"embeddings": vectors, "usageMetadata": {"promptTokenCount": 5 * len(texts)}})


@asynccontextmanager
async def embeddings_double() -> AsyncIterator[Embeddings]:
    double = Embeddings()
    async with serving(double):
        yield double


def _failed(fault: str, texts: Sequence[str]) -> Reply | None:
    if fault == "few" and len(texts) > MOST:
        return _error(422, f"batch size {len(texts)} > maximum allowed batch size {MOST}")
    if fault == "short" and any(len(text) > LONGEST for text in texts):
        return _error(400, "This model's maximum context length is 512 tokens", "context_length_exceeded")
    return {
        "401": _error(401, "bad key"),
        "400": _error(400, "bad parameter"),
        "404": _error(404, "no such model"),
        "429": _error(429, "slow down"),
        "429-after": _error(429, "slow down", fields={"Retry-After": "7"}),
        "500": _error(500, "oops"),
        "no-json": Reply(body=b"<html>hello</html>", fields={"Content-Type": "text/html"}),
        "other-shape": _json({"data": {"embedding": 7}}),
        "no-base64": _json({"data": [{"index": 0, "embedding": "%%%"}]}),
        "slow": Reply(body=b"{}", delay=30.0),
    }.get(fault)


def _form(vector: Sequence[float], encoding: Any) -> Any:
    if encoding != "base64":
        return vector
    return base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode()


def _error(status: int, message: str, code: str | None = None, fields: dict[str, str] | None = None) -> Reply:
    error = {"message": message, "type": "t", "code": code}
    return Reply(status, fields or {}, json.dumps({"error": error}).encode())


def _json(value: Any, status: int = 200) -> Reply:
    return Reply(status, body=json.dumps(value).encode())
