"""The provider that docs/providers.md shows as an example, put into the table of providers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from application.gateway.attempt import Attempted, Attempting
from domain.base.errors import Refused
from domain.models.completion import Usage
from infra import providers
from infra.outgoing.client import telling
from infra.providers import faults, incoming
from infra.providers.catalogue import load_catalogue
from infra.providers.configured import ConfiguredCompleters
from infra.retrieval.embedding import WordLlamaEmbedder
from tests.doubles.wire import CUT, Call, Reply, Wire, serving
from tests.infra.providers.asking import COUNTER, our_count, request
from tests.infra.providers.tenants import NOW, OneTenant

PAGE = Path(__file__).parents[3] / "docs" / "providers.md"
GOOD = {"said": " Yes. ", "whole": True, "heard": 12, "spoken": 3}


def example() -> type[Any]:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Any] = {**vars(faults), **vars(incoming), "telling": telling}
    exec("import asyncio\n" + code, names)
    made: type[Any] = names["AcmeCompleter"]
    return made


def answer(call: Call) -> Reply:
    return {
        "/good/say": Reply(body=json.dumps(GOOD).encode()),
        "/uncounted/say": Reply(body=json.dumps({**GOOD, "heard": None}).encode()),
        "/gone/say": Reply(404, body=b""),
        "/busy/say": Reply(429, {"Retry-After": "7"}, b""),
        "/odd/say": Reply(body=b"[]"),
        "/cut/say": Reply(steps=[b"{", CUT]),
    }[call.path]


async def test_the_example_is_a_whole_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(providers.PROVIDERS, "acme", providers.Provider(make=example()))
    store, wire = OneTenant(), Wire(answer)
    configured = ConfiguredCompleters(
        {},
        WordLlamaEmbedder(),
        allow_private_addresses=True,
        store=store,  # type: ignore[arg-type]  # `latest` is all that is asked of it
        catalogue=load_catalogue(),
        counter=COUNTER,
    )

    async def ask(path: str, *, stream: bool = True) -> tuple[list[str], Attempted]:
        """As a call does, in one piece or piece by piece."""
        store.tenant.set_provider_key("acme", "key-1", f"http://127.0.0.1:{wire.port}/{path}", NOW)
        pieces: list[str] = []

        async def emit(piece: str) -> None:
            pieces.append(piece)

        attempting = Attempting(
            await configured.find(store.tenant.id, "acme"),
            request("a-1"),
            catalogue=load_catalogue(),
            counter=COUNTER,
            clock=lambda: NOW,
            emit=emit if stream else None,
        )
        return pieces, await attempting.run(20)

    async with serving(wire):
        for stream in (False, True):
            pieces, attempted = await ask("good", stream=stream)
            last = attempted.completion
            assert last is not None
            assert (pieces, last.text, last.model) == (["Yes."] if stream else [], "Yes.", "a-1")
            assert (last.usage, last.raw_usage) == (Usage(input=12, output=3), {"spoken": 3})
        assert wire.calls[0].fields["x-key"] == "key-1"
        _, attempted = await ask("uncounted")
        assert attempted.completion is not None
        assert attempted.completion.usage == our_count("Yes.")
        for path, outcome, wait, billed in (
            ("gone", "not_found", None, False),
            ("busy", "rate_limited", 7, False),
            ("odd", "unavailable", None, True),
            ("cut", "unavailable", None, True),
        ):
            _, attempted = await ask(path)
            attempt = attempted.attempt
            assert (attempted.completion, attempt.outcome, attempted.wait) == (None, outcome, wait)
            assert attempt.usage.input == (our_count("").input if billed else 0)
    await configured.close()
    with pytest.raises(Refused, match="acme"):
        await configured.find(uuid4(), "acme")
