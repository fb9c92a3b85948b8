"""Requests and errors in the form of Gemini's SDK."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from google.genai import errors, types

from application.ports import ProviderError
from domain.models.completion import CompletionRequest
from infra.providers.faults import NONSENSE, connection
from infra.providers.gemini.reading import told

TIER = "x-gemini-service-tier"


def tier_of(headers: Mapping[str, str] | None) -> str | None:
    """The service tier that served the call, which no body tells (ai.google.dev/gemini-api/docs/priority-inference)."""
    return next((value for name, value in (headers or {}).items() if name.lower() == TIER), None)


@contextmanager
def faults(seconds: float) -> Iterator[None]:
    """Whatever goes wrong, in our words."""
    with connection(seconds):
        try:
            yield
        except errors.APIError as error:
            raise told(error) from None
        except (
            ValueError,
            TypeError,
            AttributeError,
            RecursionError,
        ):  # the SDK trips over an answer of another form
            raise ProviderError("unavailable", NONSENSE) from None


def turns_of(request: CompletionRequest) -> tuple[str, Any]:
    """The system instruction and the contents."""
    system = "\n\n".join(turn.text for turn in request.prompt if turn.role == "system")
    contents = [
        types.Content(
            role="model" if turn.role == "assistant" else "user", parts=[types.Part(text=turn.said)]
        )
        for turn in request.prompt
        if turn.role != "system"
    ]
    if not contents:  # it wants something to answer
        return "", [types.Content(role="user", parts=[types.Part(text=system)])]
    return system, contents
