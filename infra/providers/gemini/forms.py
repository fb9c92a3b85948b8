"""Requests and errors in the form of Gemini's SDK."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from google.genai import errors, types

from application.ports import ProviderError
from domain.models.attachment import Attachment
from domain.models.completion import CompletionRequest, Turn
from infra.providers.faults import NONSENSE, connection
from infra.providers.gemini.reading import told
from infra.providers.gemini.tools import calls_of, result_of

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


def turns_of(request: CompletionRequest, *, signed: bool = False) -> tuple[str, Any]:
    """The system instruction and the contents. Results of tools that were called at once stand in one. `signed`: the model wants the signatures of calls."""
    system = "\n\n".join(turn.text for turn in request.prompt if turn.role == "system")
    contents, names, before = list[types.Content](), dict[str, str](), ""
    for turn in request.prompt:
        if turn.role == "system":
            continue
        names |= {call.id: call.name for call in turn.calls}
        parts = _parts(turn, request, names, signed)
        if turn.role == before == "tool":
            contents[-1].parts = [*(contents[-1].parts or ()), *parts]
        else:
            contents.append(types.Content(role="model" if turn.role == "assistant" else "user", parts=parts))
        before = turn.role
    if not contents:  # it wants something to answer
        return "", [types.Content(role="user", parts=[types.Part(text=system)])]
    return system, contents


def _parts(
    turn: Turn, request: CompletionRequest, names: Mapping[str, str], signed: bool
) -> list[types.Part]:
    """`names`: of the functions that were called so far, by the calls' ids."""
    if turn.call is not None:
        return [result_of(turn, names.get(turn.call, "function"))]
    if turn.attachments:
        named = [types.Part(text=f"{turn.name}:")] if turn.name else []
        return [*named, *(_part(part, request.contents) for part in turn.parts)]
    said = [types.Part(text=turn.said)] if turn.text or not turn.calls else []
    return [*said, *calls_of(turn, request.model, signed=signed)]


def _part(part: str | Attachment, contents: Mapping[UUID, bytes]) -> types.Part:
    if isinstance(part, str):
        return types.Part(text=part)
    return types.Part(inline_data=types.Blob(data=contents[part.id], mime_type=part.content_type))
