"""Fine-tuning targets by provider: one line each, with its rows in `targets.toml`. A new one is a file beside this one and both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from application.ports import FineTuner
    from infra.outgoing.client import Outgoing


class Maker(Protocol):
    """What makes a vendor's tuner. It is called in a thread, and imports the vendor's SDK. `tenants`: whether the key is a tenant's own."""

    def __call__(self, *, key: str, base_url: str, http: Outgoing, tenants: bool) -> FineTuner: ...


def _openai(*, key: str, base_url: str, http: Outgoing, tenants: bool) -> FineTuner:
    from infra.providers.tuning.openai import OpenAITuner

    return OpenAITuner(key=key, base_url=base_url, http=http, tenants=tenants)


def _together(*, key: str, base_url: str, http: Outgoing, tenants: bool) -> FineTuner:
    from infra.providers.tuning.together import TogetherTuner

    return TogetherTuner(key=key, base_url=base_url, http=http)


def _vertex(*, key: str, base_url: str, http: Outgoing, tenants: bool) -> FineTuner:
    from infra.providers.tuning.vertex import VertexTuner

    return VertexTuner(key=key, base_url=base_url, http=http)


TUNERS: dict[str, Maker] = {"openai": _openai, "vertex": _vertex, "together": _together}
