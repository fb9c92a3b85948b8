"""What differs in a variant of the agent, as people write it: `tone: terse`; and arms of an experiment, a line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_type_hints

import msgspec

from domain.agents.configuration import AgentConfiguration
from interfaces.http.console.screens.validation import told

HINTS = get_type_hints(AgentConfiguration, include_extras=True)
PROMPTS, SETTINGS, BETWEEN = "prompts.", "configuration.", ";"


def read_settings(pairs: Mapping[str, str]) -> dict[str, Any]:
    """Fields of the agent's configuration from texts. Raises ValueError."""
    return {name: _setting(name, text) for name, text in pairs.items()}


def write_settings(settings: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in settings.items()}


def read_arms(lines: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Raises ValueError."""
    return [_arm(line) for line in lines]


def write_arms(arms: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    return [[each["name"], str(each["share"]), *_differences(each.get("variant") or {})] for each in arms]


def _arm(line: Sequence[str]) -> dict[str, Any]:
    name, *rest = line
    if not rest:
        raise ValueError(f"{name[:40]} has no share; each line has a name and a share, as now, 50 %")
    share, *parts = rest
    if share.endswith("%"):
        try:
            share = str(float(share[:-1]) / 100)
        except ValueError:
            raise ValueError(f"the share of {name[:40]} is no number") from None
    variant: dict[str, Any] = {"configuration": {}, "prompts": {}}
    for part in parts:
        what, colon, text = (each.strip() for each in part.partition(":"))
        if not colon:
            raise ValueError(f"what differs is written as tone: terse, and {part[:40]!r} has no colon")
        if what == "model":
            variant["model"] = text
        elif what.startswith(PROMPTS):
            variant["prompts"][what.removeprefix(PROMPTS)] = text
        else:
            field = what.removeprefix(SETTINGS)
            variant["configuration"][field] = _setting(field, text)
    return {"name": name, "share": share, "variant": variant}


def _differences(variant: Mapping[str, Any]) -> list[str]:
    found = [f"{name}: {text}" for name, text in write_settings(variant.get("configuration", {})).items()]
    found += [f"{PROMPTS}{name}: {text}" for name, text in variant.get("prompts", {}).items()]
    return [*found, *([f"model: {variant['model']}"] if variant.get("model") else [])]


def _setting(name: str, text: str) -> Any:
    """By the field's type. A name that there is not is told by who takes the variant."""
    if name not in HINTS:
        return text
    several = [each.strip() for each in text.split(BETWEEN) if each.strip()]
    for value in (text, several, _json(text), text or None):
        try:
            return msgspec.to_builtins(msgspec.convert(value, HINTS[name], strict=False))
        except msgspec.ValidationError as error:
            last = error
    raise ValueError(f"{name}: {told(str(last), '')['message']}")


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return f"{BETWEEN} ".join(value)
    return msgspec.json.encode(value).decode()
