"""Models that vendors take away, as pages tell of them: which, when, what names it, and what to take instead."""

from __future__ import annotations

from domain.gateway.models_in_use import ModelInUse
from interfaces.http.console.formats import words

OF_AGENT = frozenset({"default_model", "fallback_models", "understanding_model"})


def told_end(model: ModelInUse) -> str:
    day = "" if model.retires_at is None else f" on {model.retires_at.date()}"
    return f"The model {model.model} {'ended' if model.state == 'retired' else 'ends'}{day}"


def named_in(model: ModelInUse) -> str:
    return f"Set as {', '.join(words(name).lower() for name in model.named_by)}."


def told_instead(model: ModelInUse) -> str:
    gone = "It answers no more. " if model.state == "retired" else ""
    return f"{gone}Take {model.successor} instead." if model.successor else f"{gone}Choose another one."


def page_of(model: ModelInUse) -> str:
    """Where what names it first is set."""
    first = model.named_by[0]
    if first in OF_AGENT:
        return "/console/agent"
    return "/console/embeddings" if first == "embedding_model" else "/console/routing"
