"""Models and prices out of a file in the form of LiteLLM's model_prices_and_context_window.json.

https://docs.litellm.ai/docs/provider_registration/add_model_pricing describes it: an object, model → facts, prices in USD per token.
Its numbers are read as the decimals that they are written as, never as binary fractions.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Set
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from application.models.price_figures import LeftOut, price_in
from domain.base.errors import Invalid
from domain.models.catalogue import Kind, Model
from domain.models.pricing import Price, most

PROVIDERS = {"openai": "openai", "gemini": "gemini", "together_ai": "together"}
"""As the file names them → as we do."""

MODES: dict[str, Kind] = {
    "chat": "chat",
    "responses": "responses",
    "embedding": "embedding",
    "completion": "completion",
    "rerank": "rerank",
    "image_generation": "image",
    "image_edit": "image",
    "audio_transcription": "audio",
    "audio_speech": "audio",
    "video_generation": "video",
    "moderation": "moderation",
    "realtime": "realtime",
}
"""As the file names the endpoint → as we do; all others are "other"."""

CHAT_ENDPOINT, RESPONSES_ENDPOINT = "/v1/chat/completions", "/v1/responses"

ASSUMED_WINDOW = 8_192
"""Tokens, where the file has no figure."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What a file has for us. `prices` hold from `since` on, one of each model for chat or embeddings and of others that are paid by
    the token; `left_out` counts the other entries by why."""

    source: str
    digest: str
    models: dict[str, Model]
    prices: dict[str, Price]
    left_out: dict[str, int]


def read_offer(source: str, data: bytes, since: datetime) -> Offer:
    """Raises Invalid for what is no such file."""
    try:
        entries = json.loads(data, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{source} is no JSON: {str(error)[:200]}") from None
    if not isinstance(entries, dict):
        raise Invalid(f"{source} is no object of models, as LiteLLM's price file is")
    models, prices, left_out = dict[str, Model](), dict[str, Price](), Counter[str]()
    for key, facts in entries.items():
        try:
            model = _model(key, facts)
            price = price_in(facts, model, since)
            model.check()
            if price is not None:
                price.check()
        except LeftOut as reason:
            left_out[str(reason)] += 1
            continue
        except Invalid:
            left_out["what can't be a model or a price"] += 1
            continue
        models[model.id] = model
        known = prices.get(model.id)  # under its name with the provider's, or without
        if price is not None and (known is None or most(1, 1, price) > most(1, 1, known)):
            prices[model.id] = price
    digest = hashlib.sha256(data).hexdigest()
    return Offer(source=source, digest=digest, models=models, prices=prices, left_out=dict(left_out))


ABILITIES = {
    "supports_function_calling": ("tools",),
    "supports_response_schema": ("json", "json_schema"),
    "supports_vision": ("images",),
    "supports_pdf_input": ("files",),
}
"""Fields of the file → abilities of a model for which they are true."""


def _of_choices(provider: str, abilities: Set[str]) -> set[str]:
    """The file says nothing of it: as the vendors' APIs are."""
    if provider not in ("openai", "together"):
        return set()
    return {"choices"} if provider == "openai" and "reasoning" in abilities else {"choices", "logprobs"}


def _model(key: str, facts: Any) -> Model:
    if key == "sample_spec" or not isinstance(facts, dict):
        raise LeftOut("no model")
    provider = PROVIDERS.get(str(facts.get("litellm_provider")))
    if provider is None:
        raise LeftOut("of another provider")
    if not isinstance(facts.get("mode"), str):
        raise LeftOut("without an endpoint")
    kind = _kind(facts)
    name = key.removeprefix(f"{facts['litellm_provider']}/")
    if name.startswith("ft:"):
        raise LeftOut("a placeholder of tuned models")
    if kind == "image" and "/" in name and provider != "together":
        raise LeftOut("a size of images")
    window = _tokens(facts, "max_input_tokens") or _tokens(facts, "max_tokens")
    abilities = {"stream"} if kind == "chat" else set()
    if kind == "chat" and facts.get("supports_system_messages") is not False:
        abilities.add("system")
    if provider == "openai" and facts.get("supports_reasoning") is True:
        abilities.add("reasoning")
    if kind == "chat":
        abilities |= {
            name for field, names in ABILITIES.items() if facts.get(field) is True for name in names
        }
        abilities |= _of_choices(provider, abilities)
    return Model(
        provider=provider,
        name=name,
        kind=kind,
        context_window=window or ASSUMED_WINDOW,
        max_output=_tokens(facts, "max_output_tokens") if kind == "chat" else None,
        abilities=frozenset(abilities),
        retires_at=_day(facts.get("deprecation_date")),
        successor=_successor(facts, provider, name),
        dimensions=_tokens(facts, "output_vector_size") if kind == "embedding" else None,
        assumed=window is None,
    )


def _kind(facts: Mapping[str, Any]) -> Kind:
    """By the endpoints that it has, where the file lists them: some say `chat` and are none."""
    kind = MODES.get(str(facts.get("mode")), "other")
    endpoints = facts.get("supported_endpoints")
    if kind != "chat" or not isinstance(endpoints, list) or not endpoints or CHAT_ENDPOINT in endpoints:
        return kind
    return "responses" if RESPONSES_ENDPOINT in endpoints else "other"


def _successor(facts: Mapping[str, Any], provider: str, name: str) -> str | None:
    """provider/name; the file names it without the provider, or with it as its keys do."""
    found = facts.get("successor_model")
    if not isinstance(found, str) or not found.strip():
        return None
    successor = found.strip().removeprefix(f"{facts['litellm_provider']}/")
    return None if successor == name else f"{provider}/{successor}"


def _tokens(facts: Mapping[str, Any], name: str) -> int | None:
    figure = facts.get(name)
    return figure if isinstance(figure, int) and not isinstance(figure, bool) and figure > 0 else None


def _day(text: Any) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except (ValueError, TypeError):
        return None
