"""Functions that a response's model may ask for, and the form of its text. The vendors' own tools are refused by name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from domain.base.patterns import FUNCTION
from domain.models.answer_format import AnswerFormat
from domain.models.tools import Tool, ToolChoice
from interfaces.http.chat.unasked import refused

Name = Annotated[str, Meta(pattern=FUNCTION)]


class ToolIn(msgspec.Struct, frozen=True, kw_only=True):
    """`type` is function. Others have fields of their own, and are refused by their names."""

    type: Annotated[str, Meta(max_length=64)]
    name: Name | None = None
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ChoiceIn(msgspec.Struct, frozen=True, kw_only=True):
    """One function, or (`allowed_tools`) some of them."""

    type: Annotated[str, Meta(max_length=64)]
    name: Name | None = None
    mode: Literal["auto", "required"] = "auto"
    tools: Annotated[list[dict[str, Any]], Meta(max_length=128)] = []


class FormatIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    type: Literal["text", "json_object", "json_schema"]
    name: Name | None = None
    description: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None


class TextIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: FormatIn | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


def tools_of(given: list[ToolIn]) -> tuple[Tool, ...]:
    """Raises Invalid."""
    found: list[Tool] = []
    for at, tool in enumerate(given):
        if tool.type != "function":
            raise refused(
                f"tools[{at}].type",
                f"{tool.type} is a vendor's own tool, which is not offered here; declare a function, and call what you like in your app",
            )
        if tool.name is None:
            raise refused(f"tools[{at}].name", "a function has a name; send it")
        parameters = None if tool.parameters is None else msgspec.json.encode(tool.parameters).decode()
        found.append(
            Tool(name=tool.name, description=tool.description, parameters=parameters, strict=tool.strict)
        )
    if len({tool.name for tool in found}) < len(found):
        raise refused("tools", "two functions have the same name; give each one of its own")
    return tuple(found)


def choice_of(given: str | ChoiceIn | None, tools: tuple[Tool, ...]) -> ToolChoice | None:
    """Raises Invalid for what is none of the tools."""
    match given:
        case None | "auto":
            return None
        case "none":
            return ToolChoice(mode="none") if tools else None
        case "required":
            choice = ToolChoice(mode="required")
        case ChoiceIn(type="function"):
            choice = ToolChoice(mode="required", names=(given.name or "",))
        case ChoiceIn(type="allowed_tools"):
            choice = ToolChoice(mode=given.mode, names=tuple(str(tool.get("name")) for tool in given.tools))
        case _:
            kind = given.type if isinstance(given, ChoiceIn) else given
            raise refused("tool_choice", f"{kind} is none of auto, none, required, function, allowed_tools")
    known = {tool.name for tool in tools}
    for name in choice.names:
        if name not in known:
            raise refused("tool_choice", f"there is no function {name[:64]!r} in tools; choose one that is")
    if not tools:
        raise refused("tool_choice", "there are no tools to choose from; send tools, or leave it out")
    return choice


def format_of(given: TextIn | None) -> AnswerFormat | None:
    """Raises Invalid."""
    if given is None or given.format is None or given.format.type == "text":
        return None
    form = given.format
    if form.type == "json_object":
        return AnswerFormat(type="json_object")
    if form.schema is None or form.name is None:
        raise refused("text.format", "json_schema has a name and a schema; send both")
    return AnswerFormat(
        type="json_schema",
        schema=msgspec.json.encode(form.schema).decode(),
        name=form.name,
        description=form.description,
        strict=form.strict,
    )
