"""Structured answers: the form of text that a model is to give."""

from __future__ import annotations

from typing import Literal

import msgspec


class AnswerFormat(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`json_object`: any JSON object. `json_schema`: one that fits `schema`, a JSON Schema as a JSON text; `name` and `description` tell the model what it is.

    `strict`: whether the vendor is to hold the model to it; None: as the vendor does where nothing is said.
    """

    type: Literal["json_object", "json_schema"]
    schema: str | None = None
    name: str = "answer"
    description: str | None = None
    strict: bool | None = None
