"""The providers by name: one line each. A new one is a file beside this one and a line here."""

from __future__ import annotations

from collections.abc import Callable

from application.ports import Completer
from domain.errors import Refused
from infra.providers.local import LocalCompleter
from infra.providers.openai import OpenAICompleter
from infra.retrieval.embedding import WordLlamaEmbedder
from infra.settings import Settings

PROVIDERS: dict[str, Callable[[Settings, WordLlamaEmbedder], Completer | None]] = {
    "local": lambda _, embedder: LocalCompleter(embedder),
    "openai": lambda settings, _: (
        OpenAICompleter(key=settings.openai_api_key, base_url=settings.openai_base_url)
        if settings.openai_api_key or settings.openai_base_url
        else None
    ),
    "together": lambda settings, _: (
        OpenAICompleter(
            key=settings.together_api_key,
            base_url=settings.together_base_url or "https://api.together.xyz/v1",
            name="together",
        )
        if settings.together_api_key
        else None
    ),
}


class ConfiguredCompleters:
    """Those that this deployment has a key or an address for. Implements `application.ports.Completers`."""

    def __init__(self, settings: Settings, embedder: WordLlamaEmbedder) -> None:
        made = {name: make(settings, embedder) for name, make in PROVIDERS.items()}
        self._completers = {name: completer for name, completer in made.items() if completer is not None}

    def get(self, provider: str) -> Completer:
        if provider not in self._completers:
            raise Refused(f"there is no provider {provider!r} here; there are {', '.join(self._completers)}")
        return self._completers[provider]
