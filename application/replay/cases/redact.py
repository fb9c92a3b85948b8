"""Redaction of a case: stable placeholders in the place of names, numbers, addresses and mail, in all its texts alike. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from application.learning.recorded_form import AnswerRecord
from domain.learning.masking import Mask

T = TypeVar("T")

NO_TEXTS = frozenset(
    [
        "id",
        "passage",
        "model",
        "by",
        "kind",
        "role",
        "source",
        "language",
        "category",
        "reason",
        "why",
        "how",
        "reaction",
        "withheld",
    ]
)
"""Fields of texts that no person has written: ids, names of models, of kinds."""

PARTS = ("inquiry", "passages", "text", "citations", "decision", "suggestions")
"""Fields of a record that hold what somebody has said."""


def mask_for(records: Sequence[AnswerRecord], kept: Sequence[str]) -> Mask:
    """One for the whole conversation, so that a name has the same placeholder in all its answers. `kept`: words of the business."""
    texts = [text for record in records for text in _texts((record.inquiry, record.text))]
    texts += [
        text
        for record in records
        for passage in record.passages
        if passage.source == "purchase"
        for text in _texts(passage)
    ]
    known = {record.inquiry.name for record in records if record.inquiry.name}
    return Mask(texts, sorted(known), kept, numbered=True)


def redacted(record: AnswerRecord, mask: Mask) -> AnswerRecord:
    """Its prompt is left out: it is composed again of the redacted parts."""
    parts = {name: masked(getattr(record, name), mask) for name in PARTS}
    attempts = tuple(
        replace(each, request_id=None, error=masked(each.error, mask)) for each in record.attempts
    )
    return replace(record, **parts, attempts=attempts, embeddings=(), prompt=())


def masked(value: T, mask: Mask) -> T:
    """With all its texts masked."""
    found: Any = value
    if isinstance(value, str):
        found = mask(value)
    elif isinstance(value, msgspec.Struct):
        fields = {n: getattr(value, n) for n in value.__struct_fields__ if n not in NO_TEXTS}
        found = replace(value, **{name: masked(each, mask) for name, each in fields.items()})
    elif isinstance(value, dict):
        found = {key: masked(each, mask) for key, each in value.items()}
    elif isinstance(value, tuple | list | set | frozenset):
        found = type(value)(masked(each, mask) for each in value)
    return found  # type: ignore[no-any-return]  # of the same kind


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            if name not in NO_TEXTS:
                yield from _texts(getattr(value, name))
    elif isinstance(value, dict):
        yield from _texts(tuple(value.values()))
    elif isinstance(value, tuple | list | set | frozenset):
        for each in value:
            yield from _texts(each)
