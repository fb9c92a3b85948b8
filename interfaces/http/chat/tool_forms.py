"""Tools in OpenAI's form: what an app offers, what a model calls, and which of them it may.

https://platform.openai.com/docs/guides/function-calling
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from domain.base.patterns import FUNCTION
from domain.models.tools import Tool, ToolCall, ToolChoice
from interfaces.http.chat.unasked import refused

MOST = 128
"""Tools of a request, as at OpenAI."""

LARGEST = 512 * 1024
"""Bytes of all tools of a request."""

Name = Annotated[str, Meta(pattern=FUNCTION)]
CallId = Annotated[str, Meta(min_length=1, max_length=400)]


class FunctionIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`parameters`: a JSON Schema of an object; without it the function takes none."""

    name: Name
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ToolIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A function that the model may call."""

    type: Literal["function"]
    function: FunctionIn


class Named(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name


class OneTool(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="function"):
    """This one must be called."""

    function: Named


class ToolNamed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    type: Literal["function"] = "function"
    function: Named


class Some(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    mode: Literal["auto", "required"]
    tools: Annotated[list[ToolNamed], Meta(min_length=1, max_length=MOST)]


class SomeTools(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="allowed_tools"):
    """Only these may, or must, be called."""

    allowed_tools: Some


ToolChoiceIn = Literal["none", "auto", "required"] | OneTool | SomeTools


class CalledFunction(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    arguments: str


class CallIn(msgspec.Struct, frozen=True, kw_only=True):
    """A call as an answer had it. What else some clients leave in it, as `index` of a stream, changes nothing."""

    id: CallId
    type: Literal["function"] = "function"
    function: CalledFunction

    def call(self) -> ToolCall:
        return ToolCall(id=self.id, name=self.function.name, arguments=self.function.arguments)


def tools_of(tools: Sequence[ToolIn] | None) -> tuple[Tool, ...]:
    """Raises Invalid."""
    found, names, size = list[Tool](), set[str](), 0
    for at, each in enumerate(tools or ()):
        function = each.function
        if function.name in names:
            raise refused(
                f"tools[{at}].function.name",
                f"there are two tools {function.name}; give each a name of its own",
            )
        names.add(function.name)
        parameters = (
            None if function.parameters is None else msgspec.json.encode(function.parameters).decode()
        )
        size += len(parameters or "") + len(function.description or "")
        if size > LARGEST:
            raise refused("tools", f"tools have at most {LARGEST} bytes in all; shorten them, or send fewer")
        found.append(
            Tool(
                name=function.name,
                description=function.description,
                parameters=parameters,
                strict=function.strict,
            )
        )
    return tuple(found)


def choice_of(choice: ToolChoiceIn | None, tools: Sequence[Tool]) -> ToolChoice | None:
    """Raises Invalid for one that asks for tools that are not there."""
    match choice:
        case None:
            return None
        case OneTool():
            made = ToolChoice(mode="required", names=(choice.function.name,))
        case SomeTools():
            some = choice.allowed_tools
            made = ToolChoice(mode=some.mode, names=tuple(each.function.name for each in some.tools))
        case "required":
            made = ToolChoice(mode="required")
        case _:
            return ToolChoice(mode=choice) if tools else None
    if not tools:
        raise refused("tool_choice", "it asks for a call, and there are no tools; send `tools` too")
    if strange := sorted(set(made.names) - {tool.name for tool in tools}):
        raise refused("tool_choice", f"there is no tool {strange[0]} in `tools`")
    return made
