"""The figures of several cells as one exposition: each sample says whose it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from prometheus_client import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import CollectorRegistry

from infra.metrics.instruments import Instruments

Told = tuple[Instruments, Callable[[], Awaitable[None]]]
"""A cell's instruments, and what brings them up to date."""


async def exposition(cells: Mapping[str, Told], accept: str = "", *, labelled: bool) -> tuple[bytes, str]:
    """All figures, and their media type, as the caller's Accept has it. `labelled`: with a label `cell`, as where there are several."""
    given = list(cells.items())
    for _, (_, fresh) in given:
        await fresh()
    if not labelled:
        ((_, (instruments, _)),) = given
        return instruments.exposition(accept)
    encode, media_type = choose_encoder(accept)
    joined: Any = _Joined([(name, instruments.registry) for name, (instruments, _) in given])
    return encode(joined), media_type


class _Joined:
    """Of a registry an encoder wants that it collects."""

    def __init__(self, cells: list[tuple[str, CollectorRegistry]]) -> None:
        self._cells = cells

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Any] = {}
        for name, registry in self._cells:
            for family in registry.collect():
                whole = families.setdefault(
                    family.name, Metric(family.name, family.documentation, family.type, family.unit)
                )
                whole.samples += [
                    sample._replace(labels={**sample.labels, "cell": name}) for sample in family.samples
                ]
        return families.values()
