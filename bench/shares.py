"""Where a message's time goes: the use cases run in this process, with a stopwatch around each port."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast
from uuid import UUID

from application.conversations.answer import Answer, answer
from application.conversations.conversation import ReceiveMessage, receive_message
from domain.base.context import Context
from infra.providers.embedding.embedders import ConfiguredEmbedders
from infra.providers.embedding.local import LocalEmbedder
from infra.retrieval.embedding import WordLlamaEmbedder
from infra.settings import Settings
from interfaces.bootstrap import services


class Stopwatch:
    """Milliseconds by name, for one message."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)

    def around(self, port: object, **names: str) -> Any:
        """The port; time in its methods (method = share) is added up."""
        return _Timed(port, names, self)

    async def take(self, name: str, call: Callable[..., Awaitable[Any]], *values: Any, **more: Any) -> Any:
        started = time.perf_counter()
        try:
            return await call(*values, **more)
        finally:
            self.spent[name] += 1000 * (time.perf_counter() - started)


class _Timed:
    def __init__(self, port: object, names: dict[str, str], stopwatch: Stopwatch) -> None:
        self._port, self._names, self._stopwatch = port, names, stopwatch

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._port, attribute)
        if attribute == "find" and "find" in self._names:  # completers give out what has the method
            return self._found
        if attribute not in self._names:
            return found
        name = self._names[attribute]

        async def timed(*values: Any, **more: Any) -> Any:
            return await self._stopwatch.take(name, found, *values, **more)

        return timed

    async def _found(self, *values: Any) -> Any:
        found = await cast(Any, self._port).find(*values)
        return self._stopwatch.around(found, complete=self._names["find"])


async def shares(
    settings: Settings, tenant: UUID, seconds: float, questions: Sequence[str]
) -> dict[str, float]:
    """Medians in ms, one message at a time: `receive` whole, then the parts of `answer`."""
    seen: dict[str, list[float]] = defaultdict(list)
    async with services(settings, pool=10) as parts:
        embedder = WordLlamaEmbedder()
        embedder.load()
        until, number = time.perf_counter() + seconds, 0
        while number < 5 or time.perf_counter() < until:
            number += 1
            watch = Stopwatch()
            context = Context(tenant=tenant, actor="key:bench", correlation=parts.ids())
            command = ReceiveMessage(
                channel="http",
                address=f"customer in process {number}",
                text=questions[number % len(questions)],
                wait=True,
            )
            started = time.perf_counter()
            received = await watch.take("receive", receive_message, command, context, parts)
            timed = dataclasses.replace(
                parts,
                store=watch.around(parts.store, load="load", latest="configuration", save="save"),
                embedder=dataclasses.replace(
                    parts.embedder,
                    embedders=ConfiguredEmbedders(
                        parts.completers,
                        LocalEmbedder(watch.around(embedder, embed="retrieve_embed")),
                        parts.providers.counter,
                    ),
                ),
                vectors=watch.around(parts.vectors, search="retrieve_search"),
                providers=dataclasses.replace(
                    parts.providers, completers=watch.around(parts.completers, find="complete")
                ),
            )
            given = await answer(Answer(conversation=received.conversation), context, timed)
            assert given is not None
            whole = 1000 * (time.perf_counter() - started)
            watch.spent["other"] = whole - sum(watch.spent.values())
            for name, spent in watch.spent.items():
                seen[f"share_{name}_ms"].append(spent)
            seen["in_process_ms"].append(whole)
    return {name: statistics.median(values) for name, values in seen.items()}
