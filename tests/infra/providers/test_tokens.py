"""Whose count of tokens it is, ours by the tokenizer or ours by estimate."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiktoken
import tiktoken.registry
import tiktoken_ext.openai_public as public

from infra.providers import tokens
from infra.providers.tokens import VOCABULARIES, TokenCounter, estimate


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """tiktoken's cache, empty, and no memory of what was there before."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("requests.get", lambda *_, **__: pytest.fail("it went to the network"))
    monkeypatch.setattr(tiktoken.registry, "ENCODINGS", {})
    for cached in (tokens._tokenizer, tokens._vocabulary):
        cached.cache_clear()
    yield tmp_path
    for cached in (tokens._tokenizer, tokens._vocabulary):
        cached.cache_clear()


def test_without_a_vocabulary_the_count_is_an_estimate_and_says_so(folder: Path) -> None:
    counter = TokenCounter()
    assert counter.source("gpt-6-luna") == "estimate"
    assert counter.count("Are you open?", "gpt-6-luna") == estimate("Are you open?")
    assert list(folder.iterdir()) == []


def test_a_vocabulary_that_was_changed_does_not_count(folder: Path) -> None:
    for address, _ in VOCABULARIES.values():
        (folder / hashlib.sha1(address.encode()).hexdigest()).write_bytes(b"IQ== 0\n")
    assert TokenCounter().source("gpt-4o") == "estimate"
    assert len(list(folder.iterdir())) == 2


def test_with_a_vocabulary_the_count_is_the_tokenizers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A vocabulary as the real one, but tiny: single bytes, and one merge.
    lines = [base64.b64encode(bytes([byte])) + b" %d\n" % byte for byte in range(256)]
    content = b"".join([*lines, base64.b64encode(b"op") + b" 256\n"])
    address, _ = VOCABULARIES["o200k_base"]
    digest = hashlib.sha256(content).hexdigest()
    (folder / hashlib.sha1(address.encode()).hexdigest()).write_bytes(content)
    monkeypatch.setitem(VOCABULARIES, "o200k_base", (address, digest))
    load = public.load_tiktoken_bpe
    monkeypatch.setattr(public, "load_tiktoken_bpe", lambda at, **_: load(at, expected_hash=digest))
    counter = TokenCounter()
    for model in ("gpt-4o", "gpt-6-luna", "o3", "openai/gpt-oss-120b"):
        assert (counter.source(model), counter.count("open", model)) == ("tokenizer", 3)
    for model in ("gpt-4", "gemini-3.8-flash", "Qwen/Qwen3.8-Flash", "extractive"):
        assert counter.source(model) == "estimate"


def test_the_vocabularies_are_those_that_tiktoken_would_fetch() -> None:
    code = Path(str(public.__file__)).read_text()
    for address, digest in VOCABULARIES.values():
        assert address in code
        assert digest in code


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("您好", 2), ("Привет", 4), ("hé", 2), ("\ud800", 1)],
)
def test_an_estimate_goes_by_a_simple_rule(text: str, count: int) -> None:
    assert estimate(text) == count
