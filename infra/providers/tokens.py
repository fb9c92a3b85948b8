"""Counts tokens where no provider has: with OpenAI's tokenizer where its vocabulary lies on this machine, else by estimate.

tiktoken would fetch a vocabulary from the network at its first use. Here it never does: a vocabulary counts that was fetched before,
into the folder that TIKTOKEN_CACHE_DIR names, or into tiktoken's own one below the system's folder for temporary files.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

import tiktoken

from domain.base.errors import Invalid

VOCABULARIES = {
    "o200k_base": (
        "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
    "cl100k_base": (
        "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
}
"""Name → (address that tiktoken caches it under, SHA-256 of the file)."""

_OPENAI = re.compile(r"^(?:ft:)?(?:openai/)?(?:gpt-|chatgpt|o\d|text-embedding-)")


class TokenCounter:
    """Implements `application.ports.Counter`. Models by name, without the provider."""

    def count(self, text: str, model: str | None) -> int:
        tokenizer = _tokenizer(model)
        return estimate(text) if tokenizer is None else len(tokenizer.encode_ordinary(text))

    def source(self, model: str | None) -> Literal["tokenizer", "estimate"]:
        return "estimate" if _tokenizer(model) is None else "tokenizer"

    def text_of(self, tokens: Sequence[int], model: str) -> str | None:
        tokenizer = _tokenizer(model)
        if tokenizer is None:
            return None
        for token in tokens:  # the library panics at what is no number of 32 bits
            if not 0 <= token < tokenizer.n_vocab:
                raise Invalid(f"{token} is no token of {model}")
        try:
            return tokenizer.decode(tokens)
        except KeyError:  # a gap in the vocabulary
            raise Invalid(f"the tokens are not all of {model}") from None


def estimate(text: str) -> int:
    """A token for four ASCII characters, and one for three bytes of all others (one Chinese character, one and a half Cyrillic ones).

    Tokenizers of today give about as many for prose; source code, and rows of digits, come to more.
    """
    if text.isascii():
        return -(-len(text) // 4)
    whole = len(text.encode("utf-8", "surrogatepass"))
    # Bytes below 128 are the ASCII characters; each other character has two to four bytes above.
    plain = len(text.encode("ascii", "ignore"))
    return -(-plain // 4) + -(-(whole - plain) // 3)


@lru_cache(maxsize=1024)
def _tokenizer(model: str | None) -> tiktoken.Encoding | None:
    """The model's own one; for those that tiktoken does not know yet the newest. None for other vendors', or without a vocabulary."""
    if model is None or not _OPENAI.match(model):
        return None
    try:
        name = tiktoken.encoding_name_for_model(model)
    except KeyError:
        name = "o200k_base"
    return _vocabulary(name if name in VOCABULARIES else "o200k_base")


@lru_cache(maxsize=8)
def _vocabulary(name: str) -> tiktoken.Encoding | None:
    address, digest = VOCABULARIES[name]
    file = _folder() / hashlib.sha1(address.encode()).hexdigest()
    try:
        # tiktoken fetches it anew where the digest is another.
        good = hashlib.sha256(file.read_bytes()).hexdigest() == digest
    except OSError:
        return None
    return tiktoken.get_encoding(name) if good else None


def _folder() -> Path:
    named = os.environ.get("TIKTOKEN_CACHE_DIR") or os.environ.get("DATA_GYM_CACHE_DIR")
    return Path(named) if named else Path(tempfile.gettempdir(), "data-gym-cache")
