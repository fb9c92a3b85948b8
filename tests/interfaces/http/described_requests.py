"""Requests made from the description: what it allows, and what it does not, one fault at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import jsonschema_rs

UNTYPED: dict[str, Any] = {
    "string": 7,
    "integer": "x",
    "number": "x",
    "boolean": "x",
    "array": 7,
    "object": 7,
}
"""Type → a value of another one."""


Validator = jsonschema_rs.Draft202012Validator


class Schemas:
    """Of a description: each is made a validator of once, with those that it refers to and no more: all of them together take half a second."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        self._all: Mapping[str, Any] = description["components"]["schemas"]
        self._made: dict[str, Validator] = {}

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            schema = self._all[schema["$ref"].rpartition("/")[2]]
        return schema

    def validator(self, schema: Mapping[str, Any]) -> Validator:
        text = json.dumps(schema)
        if text not in self._made:
            needed, open = dict[str, Any](), _named(text)
            while open:
                name = open.pop()
                needed[name] = self._all[name]
                open |= _named(json.dumps(needed[name])) - set(needed)
            self._made[text] = Validator({**schema, "components": {"schemas": needed}})
        return self._made[text]


def _named(text: str) -> set[str]:
    return set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', text))


@dataclass(frozen=True)
class Described:
    """One request. `wrong`: the fault that it has, None: none that the description tells."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    content: bytes | None = None
    wrong: str | None = None


class Operation:
    def __init__(self, description: Mapping[str, Any], schemas: Schemas, path: str, method: str) -> None:
        self.path, self.method, self._schemas = path, method, schemas
        self._facts: Mapping[str, Any] = description["paths"][path][method]
        content = self._facts.get("requestBody", {}).get("content", {}).get("application/json")
        self._schema = None if content is None else content["schema"]
        self._example = None if content is None else next(iter(content["examples"].values()))["value"]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    def requests(self) -> Iterator[Described]:
        """The description's example, and then one fault in each."""
        yield self._request()
        yield from self._of_parameters()
        if self._schema is None:
            return
        yield self._request(content=b"{", wrong="a body that is no JSON")
        yield self._request(content=b"", wrong="no body")
        for wrong, body in self._bodies():
            if self._schema and not self._schemas.validator(self._schema).is_valid(body):
                yield self._request(body=body, wrong=wrong)

    def complaint(self, asked: Described, status: int, content_type: str, body: Any) -> str | None:
        """How an answer is not what is described; None: it is."""
        if status >= 500 and status != 503:
            return f"{status}"
        if asked.wrong is not None and status < 400:
            return f"{asked.wrong} is taken ({status})"
        told = self._facts["responses"].get(str(status))
        if told is None:
            return f"{status} is not described"
        media = content_type.partition(";")[0]
        described = told.get("content") or {}
        if not described:
            return None if not body else f"{status} is described without a body"
        if media not in described:
            return f"{media} is not described for {status}"
        schema = described[media].get("schema")
        if schema is None or "json" not in media:
            return None
        error = next(iter(self._schemas.validator(schema).iter_errors(body)), None)
        return None if error is None else f"{status}: {error.message[:200]} at {list(error.instance_path)}"

    def _request(self, **facts: Any) -> Described:
        path = self.path
        for parameter in self._parameters("path"):
            path = path.replace(f"{{{parameter['name']}}}", quote(str(self._some(parameter)), safe=""))
        if "body" not in facts and "content" not in facts:
            facts["body"] = self._example
        return Described(method=self.method, path=path, **facts)

    def _parameters(self, where: str) -> list[Mapping[str, Any]]:
        return [each for each in self._facts.get("parameters", ()) if each["in"] == where]

    def _some(self, parameter: Mapping[str, Any]) -> Any:
        schema = self._schemas.resolved(parameter.get("schema", {}))
        if schema.get("enum"):
            return schema["enum"][0]
        if schema.get("type") == "integer":
            return schema.get("minimum", 1)
        return uuid4() if schema.get("format") == "uuid" else "some"

    def _of_parameters(self) -> Iterator[Described]:
        for parameter in self._parameters("query"):
            name = parameter["name"]
            schema = self._schemas.resolved(parameter.get("schema", {}))
            for one in schema.get("oneOf") or schema.get("anyOf") or (schema,):
                if one.get("type") == "null":
                    continue
                for value in _query_faults(self._schemas.resolved(one)):
                    yield self._request(query={name: value}, wrong=f"{name}={value}")

    def _bodies(self) -> Iterator[tuple[str, Any]]:
        schema, example = self._schemas.resolved(self._schema or {}), self._example
        yield "a list", [example]
        if not isinstance(example, dict):
            return
        yield "a field that nobody knows", {**example, "unknown_field": 1}
        for name, one in (schema.get("properties") or {}).items():
            for value in _faults(self._schemas.resolved(one)):
                yield f"{name}: {str(value)[:40]}", {**example, name: value}
        for name in schema.get("required", ()):
            yield f"no {name}", {key: value for key, value in example.items() if key != name}


def _faults(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Values next to what is allowed. Whoever takes them checks that they are not."""
    yield UNTYPED.get(str(schema.get("type")), {"no": ["such", "form"]})
    yield None
    for kind in (schema, *schema.get("oneOf", ()), *schema.get("anyOf", ())):
        if "maximum" in kind:
            yield kind["maximum"] + 1
        if "minimum" in kind:
            yield kind["minimum"] - 1
        if "maxLength" in kind and kind["maxLength"] < 10_000:
            yield "x" * (kind["maxLength"] + 1)
        if kind.get("minLength"):
            yield ""
        if kind.get("minItems"):
            yield []
        if kind.get("enum") or kind.get("pattern"):
            yield "!no such value!"


def _query_faults(schema: Mapping[str, Any]) -> Iterator[str]:
    if schema.get("type") in ("integer", "number"):
        yield "x"
        yield "null"
        if "maximum" in schema:
            yield str(schema["maximum"] + 1)
        if "minimum" in schema:
            yield str(schema["minimum"] - 1)
    elif schema.get("type") == "boolean" or schema.get("format") in ("uuid", "date", "date-time"):
        yield "x"
        yield "null"
    elif schema.get("enum"):
        yield "!no such value!"
