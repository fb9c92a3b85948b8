"""The form of an answer in OpenAI's form: text, a JSON object, or JSON by a schema.

https://platform.openai.com/docs/guides/structured-outputs
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from domain.base.errors import Invalid
from domain.base.patterns import FUNCTION
from domain.models.answer_check import check_format
from domain.models.answer_format import AnswerFormat
from interfaces.http.chat.unasked import refused

Name = Annotated[str, Meta(pattern=FUNCTION)]


class TextForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="text"):
    """As if nothing were said."""


class ObjectForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="json_object"):
    """Any JSON object. Say in a message too that you want JSON: some vendors refuse it else."""


class SchemaIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    description: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None


class SchemaForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="json_schema"):
    """JSON that fits a JSON Schema. It is looked at here, whatever the vendor promises."""

    json_schema: SchemaIn


FormatIn = TextForm | ObjectForm | SchemaForm


def format_of(form: FormatIn | None) -> AnswerFormat | None:
    """Raises Invalid for a schema that no answer can be held against."""
    match form:
        case ObjectForm():
            return AnswerFormat(type="json_object")
        case SchemaForm():
            wanted = form.json_schema
            made = AnswerFormat(
                type="json_schema",
                schema=None if wanted.schema is None else msgspec.json.encode(wanted.schema).decode(),
                name=wanted.name,
                description=wanted.description,
                strict=wanted.strict,
            )
            try:
                check_format(made)
            except Invalid as error:
                raise refused("response_format.json_schema.schema", error.detail) from None
            return made
        case _:
            return None
