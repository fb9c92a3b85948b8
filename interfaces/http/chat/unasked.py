"""Fields of OpenAI's API that ask for what is not offered yet. The values of theirs that ask for nothing are taken, all others are refused by name.

Clients send many of them with every request, and send an answer's message back as it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.base.errors import Invalid

HINT = object()
"""Whatever the value: it changes nothing in the answer that is asked for."""

Silent = Mapping[str, tuple[Any, ...]]
"""Field → the values that ask for nothing; null always does."""

OF_REQUESTS: Silent = {
    "functions": ([],),
    "function_call": ("none", "auto"),
    "modalities": (["text"],),
    "audio": (),
    "prediction": (),
    "web_search_options": (),
    "moderation": (),
    "prompt_cache_options": (HINT,),
    "prompt_cache_retention": (HINT,),
}

OF_STREAMS: Silent = {"include_obfuscation": (False,)}

OF_MESSAGES: Silent = {
    "function_call": (),
    "audio": (),
    "annotations": (HINT,),
    "reasoning": (HINT,),
    "reasoning_content": (HINT,),
}
"""The last three tell of an earlier answer what no model is to be told."""

OF_PARTS: Silent = {
    "input_audio": (),
    "prompt_cache_breakpoint": (HINT,),
    "cache_control": (HINT,),
}
"""The last one is Anthropic's, and comes from clients that speak to both."""


class UnaskedOfRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Taken where they ask for nothing, as null, and refused else."""

    functions: Any = None
    function_call: Any = None
    modalities: Any = None
    audio: Any = None
    prediction: Any = None
    web_search_options: Any = None
    moderation: Any = None
    prompt_cache_options: Any = None
    prompt_cache_retention: Any = None


class UnaskedOfMessage(msgspec.Struct, frozen=True, kw_only=True):
    function_call: Any = None
    audio: Any = None
    annotations: Any = None
    reasoning: Any = None
    reasoning_content: Any = None


class UnaskedOfPart(msgspec.Struct, frozen=True, kw_only=True):
    input_audio: Any = None
    prompt_cache_breakpoint: Any = None
    cache_control: Any = None


def check(given: msgspec.Struct, silent: Silent, place: str = "") -> None:
    """Raises Invalid for the first field that asks for something. `place`: of `given` in the body, as `messages[0].`."""
    for name, values in silent.items():
        value = getattr(given, name)
        if value is None or HINT in values or any(_same(value, each) for each in values):
            continue
        left = "".join(f", or send {msgspec.json.encode(each).decode()}" for each in values)
        raise refused(place + name, f"it asks for what is not offered here yet; leave it out{left}")


def refused(field: str, message: str) -> Invalid:
    """What a client is told of a field of the body."""
    return Invalid(f"{field}: {message}", errors=[{"field": f"$.{field}", "message": message}])


def _same(value: Any, other: Any) -> bool:
    return type(value) is type(other) and value == other
