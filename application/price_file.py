"""Models and prices out of a file in the form of LiteLLM's model_prices_and_context_window.json.

https://docs.litellm.ai/docs/provider_registration/add_model_pricing describes it: an object, model → facts, prices in USD per token.
Its numbers are read as the decimals that they are written as, never as binary fractions.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from domain.catalogue import Kind, Model
from domain.errors import Invalid
from domain.pricing import FINEST, MILLION, LongContext, Price

PROVIDERS = {"openai": "openai", "gemini": "gemini", "together_ai": "together"}
"""As the file names them → as we do."""

MODES: dict[str, Kind] = {"chat": "chat", "responses": "chat", "embedding": "embedding"}

ASSUMED_WINDOW = 8_192
"""Tokens, where the file has no figure."""

_ABOVE = re.compile(r"(?:in|out)put_cost_per_token_above_(\d{1,6})k_tokens")


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What a file has for us. `prices` hold from `since` on; `left_out` counts the other entries by why."""

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
            price = _price(model, facts, since)
            model.check()
            price.check()
        except _LeftOut as reason:
            left_out[str(reason)] += 1
            continue
        except Invalid:
            left_out["what can't be a model or a price"] += 1
            continue
        models[model.id], prices[model.id] = model, price
    digest = hashlib.sha256(data).hexdigest()
    return Offer(source=source, digest=digest, models=models, prices=prices, left_out=dict(left_out))


class _LeftOut(Exception):
    """Why an entry is none of ours."""


def _model(key: str, facts: Any) -> Model:
    if key == "sample_spec" or not isinstance(facts, dict):
        raise _LeftOut("no model")
    provider = PROVIDERS.get(str(facts.get("litellm_provider")))
    if provider is None:
        raise _LeftOut("of another provider")
    kind = MODES.get(str(facts.get("mode")))
    if kind is None:
        raise _LeftOut("neither for chat nor an embedding")
    name = key.removeprefix(f"{facts['litellm_provider']}/")
    if name.startswith("ft:"):
        raise _LeftOut("a placeholder of tuned models")
    window = _tokens(facts, "max_input_tokens") or _tokens(facts, "max_tokens")
    abilities = {"stream"} if kind == "chat" else set()
    if kind == "chat" and facts.get("supports_system_messages") is not False:
        abilities.add("system")
    if provider == "openai" and facts.get("supports_reasoning") is True:
        abilities.add("reasoning")
    return Model(
        provider=provider,
        name=name,
        kind=kind,
        context_window=window or ASSUMED_WINDOW,
        max_output=_tokens(facts, "max_output_tokens") if kind == "chat" else None,
        abilities=frozenset(abilities),
        retires_at=_day(facts.get("deprecation_date")),
        dimensions=_tokens(facts, "output_vector_size") if kind == "embedding" else None,
        assumed=window is None,
    )


def _price(model: Model, facts: Mapping[str, Any], since: datetime) -> Price:
    base = _figures(facts, "")
    if base["input"] is None or (base["output"] is None and model.kind == "chat"):
        raise _LeftOut("without a price")
    tiers = sorted(
        {int(found[1]) for key in facts if (found := _ABOVE.fullmatch(key)) and facts[key] is not None}
    )
    return Price(
        provider=model.provider,
        model=model.name,
        input=base["input"],
        output=base["output"] or Decimal(0),
        cached=base["cached"],
        cache_write=base["cache_write"],
        long_context=tuple(_tier(facts, thousands, base) for thousands in tiers),
        since=since,
    )


def _tier(facts: Mapping[str, Any], thousands: int, base: Mapping[str, Decimal | None]) -> LongContext:
    """What the file does not have for the tier costs as below it."""
    own = _figures(facts, f"_above_{thousands}k_tokens")
    figures = {name: base[name] if figure is None else figure for name, figure in own.items()}
    return LongContext(
        above=thousands * 1000,
        input=figures["input"] or Decimal(0),
        output=figures["output"] or Decimal(0),
        cached=figures["cached"],
        cache_write=figures["cache_write"],
    )


def _figures(facts: Mapping[str, Any], suffix: str) -> dict[str, Decimal | None]:
    return {
        "input": _per_million(facts.get(f"input_cost_per_token{suffix}")),
        "output": _per_million(facts.get(f"output_cost_per_token{suffix}")),
        "cached": _per_million(facts.get(f"cache_read_input_token_cost{suffix}")),
        "cache_write": _per_million(facts.get(f"cache_creation_input_token_cost{suffix}")),
    }


def _per_million(figure: Any) -> Decimal | None:
    """USD per million tokens. What is finer than we count is noise of whoever wrote the file with binary fractions."""
    if figure is None:
        return None
    if isinstance(figure, bool) or not isinstance(figure, int | Decimal):
        raise _LeftOut("a price that is no number")
    if not 0 <= figure <= 1:
        raise _LeftOut("a price that can't be")
    return (figure * MILLION).quantize(Decimal(1).scaleb(-FINEST)).normalize() + 0


def _tokens(facts: Mapping[str, Any], name: str) -> int | None:
    figure = facts.get(name)
    return figure if isinstance(figure, int) and not isinstance(figure, bool) and figure > 0 else None


def _day(text: Any) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except (ValueError, TypeError):
        return None
