"""The vocabulary of the word vectors, read from its file in the package `wordllama`: tokens, and which of them are joined.

The form is that of the package tokenizers (https://huggingface.co/docs/tokenizers/api/models#tokenizers.models.BPE); what it can say beside
what is known here is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

SPACE = "\u2581"
"""What a space is to it; one stands before each text."""

FORM = {
    "normalizer": {
        "type": "Sequence",
        "normalizers": [
            {"type": "Prepend", "prepend": SPACE},
            {"type": "Replace", "pattern": {"String": " "}, "content": SPACE},
        ],
    },
    "pre_tokenizer": None,
}
MODEL = {"type": "BPE", "byte_fallback": True, "dropout": None, "ignore_merges": False}


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    tokens: Mapping[str, int]
    merges: Sequence[str]
    """"LEFT RIGHT", what is joined first in front."""

    signs: Mapping[str, int]
    """Tokens that are taken out of a text as they stand, before it is read: the beginning of a text, and the like."""


class _Added(msgspec.Struct):
    id: int
    content: str


class _Model(msgspec.Struct):
    type: str
    byte_fallback: bool
    vocab: dict[str, int]
    merges: list[str]
    dropout: float | None = None
    ignore_merges: bool = False


class _File(msgspec.Struct):
    added_tokens: list[_Added]
    normalizer: Any
    pre_tokenizer: Any
    model: _Model


def read(file: Path) -> Vocabulary:
    """Raises FileNotFoundError, ValueError where it is of another form than is known here, or has a token over two words."""
    said = msgspec.json.decode(file.read_bytes(), type=_File)
    form = {name: getattr(said, name) for name in FORM}
    model = {name: getattr(said.model, name) for name in MODEL}
    over = [token for token in said.model.vocab if SPACE in token.lstrip(SPACE)]
    if (form, model, over) != (FORM, MODEL, []):
        raise ValueError(f"{file} is of a form that is not known here")
    return Vocabulary(
        tokens=said.model.vocab,
        merges=said.model.merges,
        signs={each.content: each.id for each in said.added_tokens},
    )
