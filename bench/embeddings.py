"""Embeddings through Retrace and through LiteLLM's proxy, one worker process each, before the same upstream.

Ours keeps every call as events, prices it, and holds it to a budget. LiteLLM's keeps nothing. Every request is another text: no vector
comes from a cache. Vectors go in base64, as openai's clients ask for them.
"""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from functools import partial

from bench.gateway import ROUNDS, contestants, load
from bench.harness import Floor, Result, arguments, conditions, report, rounds
from bench.parts import message
from bench.server import server

CLIENTS = (1, 16)
PATH = "/v1/embeddings"
MODEL = "text-embedding-3-small"
_numbers = itertools.count()


def body() -> dict[str, object]:
    text = f"{next(_numbers)}: {message(300)}"
    return {"model": MODEL, "input": text, "encoding_format": "base64"}


def main() -> None:
    given = arguments("embeddings through a gateway", seconds=40)
    part = given.seconds / (ROUNDS * 3 * len(CLIENTS))
    with ExitStack() as stack:
        running = stack.enter_context(server())
        there, version = stack.enter_context(contestants(running, MODEL))
        asked = partial(load, path=PATH, body=body)
        for name, place in there.items():
            asked(name, *place, 16, 1)  # to warm up
        everyone = [
            partial(asked, name, *place, clients, part)
            for clients in CLIENTS
            for name, place in there.items()
        ]
        measured = rounds(everyone, ROUNDS)
    figures = measured.medians
    for clients in CLIENTS:
        figures[f"to_litellm_{clients}"] = measured.ratio(
            f"retrace_{clients}_per_s", f"litellm_{clients}_per_s"
        )
    ratio = figures["to_litellm_16"]
    result = Result(
        name="embeddings",
        ratio=ratio,
        figures=figures,
        floors=(Floor("× LiteLLM's requests/s, 16 clients", ratio, least=8),),
        conditions=conditions(running.version, rounds=ROUNDS, litellm=version, budget=True),
    )
    report(result, given.json)


if __name__ == "__main__":
    main()
