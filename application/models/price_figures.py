"""The prices of an entry of LiteLLM's price file, in USD per token there, per million tokens here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.models.catalogue import Model
from domain.models.pricing import FINEST, MILLION, LongContext, Price, ServiceTier

SERVICE_TIERS = {"priority": "priority", "flex": "flex", "batches": "batch", "ultrafast": "ultrafast"}
"""As the file ends the names of a tier's prices → as we name it."""

_ABOVE = re.compile(r"(?:in|out)put_cost_per_token_above_(\d{1,6})k_tokens")


class LeftOut(Exception):
    """Why an entry is none of ours."""


def price_in(facts: Mapping[str, Any], model: Model, since: datetime) -> Price | None:
    """The model's price; None for a model of another endpoint that is not paid by the token."""
    base = _figures(facts, "")
    if base["input"] is None or (base["output"] is None and model.kind != "embedding"):
        if model.kind in ("chat", "embedding"):
            raise LeftOut("without a price")
        return None
    tiers = sorted(
        {int(found[1]) for key in facts if (found := _ABOVE.fullmatch(key)) and facts[key] is not None}
    )
    services = (_service_tier(facts, suffix, name, tiers) for suffix, name in SERVICE_TIERS.items())
    return Price(
        provider=model.provider,
        model=model.name,
        input=base["input"],
        output=base["output"] or Decimal(0),
        cached=base["cached"],
        cache_write=base["cache_write"],
        long_context=tuple(_tier(facts, thousands, base) for thousands in tiers),
        service_tiers=tuple(tier for tier in services if tier is not None),
        since=since,
    )


def _service_tier(
    facts: Mapping[str, Any], suffix: str, name: str, tiers: Sequence[int]
) -> ServiceTier | None:
    """None where the file does not have both its input and its output."""
    figures = _figures(facts, f"_{suffix}")
    if figures["input"] is None or figures["output"] is None:
        return None
    return ServiceTier(
        name=name,
        input=figures["input"],
        output=figures["output"],
        cached=figures["cached"],
        cache_write=figures["cache_write"],
        long_context=tuple(_tier(facts, thousands, figures, f"_{suffix}") for thousands in tiers),
    )


def _tier(
    facts: Mapping[str, Any], thousands: int, base: Mapping[str, Decimal | None], suffix: str = ""
) -> LongContext:
    """What the file does not have for the tier costs as below it, or as in the standard one where that is more."""
    above = f"_above_{thousands}k_tokens"
    own, standard = _figures(facts, above + suffix), _figures(facts, above)
    figures = {
        name: max((each for each in (base[name], standard[name]) if each is not None), default=None)
        if figure is None
        else figure
        for name, figure in own.items()
    }
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
        raise LeftOut("a price that is no number")
    if not 0 <= figure <= 1:
        raise LeftOut("a price that can't be")
    return (figure * MILLION).quantize(Decimal(1).scaleb(-FINEST)).normalize() + 0
