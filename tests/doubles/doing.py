"""A model on the wire of OpenAI's API that does what it is asked: calls the tools that it is given, answers in the form that is wanted."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.doubles.openai_saying import call

QUOTED = re.compile(r"'([^']+)'")
NUMBER = re.compile(r"-?\d+")


def doing(body: dict[str, Any]) -> dict[str, Any]:
    """What `Double.says` may be. A tool is called where one must be, and where none was in the last turn; then one that was not called yet, if there is one."""
    asked = next((_text(each) for each in reversed(body["messages"]) if each["role"] == "user"), "")
    if tools := _callable(body):
        called = [
            each["function"]["name"] for turn in body["messages"] for each in turn.get("tool_calls") or ()
        ]
        named = next((tool for tool in tools if tool["name"] not in called), tools[-1])
        arguments = made_by(named.get("parameters") or {}, asked)
        id = f"call_{len(called) + 1}_{named['name']}"
        return {"tool_calls": [call(named["name"], json.dumps(arguments, ensure_ascii=False), id)]}
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        return {"content": json.dumps(made_by(form["json_schema"]["schema"], asked), ensure_ascii=False)}
    if form.get("type") == "json_object":
        return {"content": json.dumps(dict.fromkeys(QUOTED.findall(asked), "a text") or {"answer": "yes"})}
    return {"content": "It is as you say, and all is well."}


def _callable(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The functions that may be called now, in order; none where it is time for a text."""
    functions = [each["function"] for each in body.get("tools") or ()]
    choice = body.get("tool_choice", "auto")
    if isinstance(choice, dict):
        return [each for each in functions if each["name"] == choice["function"]["name"]]
    last = next((each for each in reversed(body["messages"]) if each["role"] == "assistant"), {})
    return [] if choice == "none" or (choice == "auto" and last.get("tool_calls")) else functions


def made_by(schema: dict[str, Any], asked: str, root: dict[str, Any] | None = None) -> Any:
    """A value that fits a JSON Schema, made of the numbers and quoted words in what was asked."""
    root = schema if root is None else root
    if reference := schema.get("$ref"):
        found: Any = root
        for name in reference.removeprefix("#/").split("/"):
            found = found[name]
        return made_by(found, asked, root)
    for choice in ("anyOf", "oneOf", "allOf"):
        if schema.get(choice):
            return made_by(schema[choice][0], asked, root)
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: made_by(each, asked, root) for name, each in schema.get("properties", {}).items()}
        case "array":
            return [made_by(schema.get("items", {"type": "string"}), asked, root)]
        case "integer" | "number":
            number = NUMBER.search(asked)
            return int(number[0]) if number else 1
        case "boolean":
            return True
        case "null":
            return None
        case _:
            quoted = QUOTED.search(asked)
            return quoted[1] if quoted else "a text"


def _text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content)
