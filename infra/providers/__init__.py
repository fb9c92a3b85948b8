"""The providers by name: one line each. A new one is a file beside this one and a line here (docs/providers.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import msgspec

from domain.gateway.default_policy import ProviderTiers

if TYPE_CHECKING:  # whoever wants the names only, as the settings do, need not wait for an HTTP client
    from application.ports import Completer, Counter, Embedder
    from domain.retrieval.embedding_model import VectorSpace
    from infra.outgoing.client import Outgoing


class Maker(Protocol):
    """What makes a vendor's completer. It is called in a thread, and imports the vendor's SDK, which takes a second."""

    def __call__(
        self,
        *,
        name: str,
        key: str,
        base_url: str,
        http: Outgoing,
        counter: Counter,
        abilities: Callable[[str], frozenset[str]],
        owner: UUID | None,
    ) -> Completer: ...


class EmbedderMaker(Protocol):
    """What makes one of a vendor's embedding models, as `Maker` does a completer."""

    def __call__(
        self,
        space: VectorSpace,
        *,
        key: str,
        base_url: str,
        http: Outgoing,
        counter: Counter,
        owner: UUID | None,
    ) -> Embedder: ...


def _openai(**facts: Any) -> Completer:
    from infra.providers.openai.completer import OpenAICompleter

    return OpenAICompleter(**facts)


def _together(**facts: Any) -> Completer:
    from infra.providers.openai.completer import USUAL, OpenAICompleter

    return OpenAICompleter(options=USUAL, likely_only=True, **facts)


def _gemini(**facts: Any) -> Completer:
    from infra.providers.gemini.completer import GeminiCompleter

    return GeminiCompleter(**facts)


def _vertex(**facts: Any) -> Completer:
    from infra.providers.vertex.completer import VertexCompleter

    return VertexCompleter(**facts)


def _openai_embedder(space: VectorSpace, **facts: Any) -> Embedder:
    from infra.providers.embedding.openai import OpenAIEmbedder

    return OpenAIEmbedder(space, binary=space.provider == "openai", **facts)


def _gemini_embedder(space: VectorSpace, **facts: Any) -> Embedder:
    from infra.providers.gemini.embedder import GeminiEmbedder

    return GeminiEmbedder(space, **facts)


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """The deployment's key and address stand in the settings NAME_API_KEY and NAME_BASE_URL (`infra/settings/providers.py`).

    `base_url`: the vendor's own; None: there is none.

    `keyless`: whether the deployment may use it without a key. `thinking`: names of models that think before they answer, for those
    that the catalogue does not know yet.
    """

    make: Maker
    embed: EmbedderMaker | None = None
    """Makes its embedding models; None: none is asked from here."""

    base_url: str | None = None
    keyless: bool = False
    thinking: str | None = None
    listing: str = "/models"
    """Path, after the address, of the list of models, which `retrace doctor` asks for; `key_field` and `key_form`: how the key goes along."""
    key_field: str = "Authorization"
    key_form: str = "Bearer {}"
    tiers: ProviderTiers | None = None
    """The models of a tenant's routing by default, where the vendor itself is asked."""


PROVIDERS: dict[str, Provider] = {
    "openai": Provider(
        make=_openai,
        embed=_openai_embedder,
        base_url="https://api.openai.com/v1",
        keyless=True,
        thinking=r"(?:o\d|gpt-[5-9])",
        tiers=ProviderTiers(
            provider="openai",
            simple="gpt-6-luna",
            default="gpt-6.1-terra",
            complex="gpt-6.1-sol",
            large_context="gpt-6.1-terra",
        ),
    ),
    "gemini": Provider(
        make=_gemini,
        embed=_gemini_embedder,
        base_url="https://generativelanguage.googleapis.com",
        listing="/v1beta/models?pageSize=1",
        key_field="x-goog-api-key",
        key_form="{}",
        thinking=r"gemini-[3-9]",
        tiers=ProviderTiers(
            provider="gemini",
            simple="gemini-3.5-flash-lite",
            default="gemini-3.8-flash",
            complex="gemini-4-argon",
            large_context="gemini-3.8-flash",
        ),
    ),
    "together": Provider(
        make=_together,
        embed=_openai_embedder,
        base_url="https://api.together.xyz/v1",
        tiers=ProviderTiers(
            provider="together",
            simple="Qwen/Qwen3.8-Flash",
            default="openai/gpt-oss-120b",
            complex="deepseek-ai/DeepSeek-V4.1-Flash",
            large_context="openai/gpt-oss-120b",
        ),
    ),
    "vertex": Provider(
        make=_vertex,
        base_url="https://aiplatform.googleapis.com",
        listing="/v1beta1/publishers/google/models?pageSize=1",
        key_field="x-goog-api-key",
        key_form="{}",
        thinking=r"gemini-[3-9]",
    ),
    "compatible": Provider(make=_openai, embed=_openai_embedder, keyless=True),
}
"""All but the built-in one, `local`."""
