"""An answer as it comes in, whole or in pieces; what it comes to, and what of it is paid for when it breaks off."""

from __future__ import annotations

from typing import Any

import msgspec

from application.ports import Counter, ProviderError
from domain.completion import Completion, CompletionRequest, Finish, Outcome, Usage

LARGEST_USAGE = 10_000
"""Bytes of the provider's own usage that are kept."""

DEEPEST = 8
"""Levels within it; the vendors' have three."""

MOST = 10**9
"""Tokens beyond which a count is nonsense."""

SHORT = 200
"""Characters of a served model's name, or a request's id, that are kept."""

LONGEST = 4_000_000
"""Characters of one answer; the largest models give a tenth of it."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says that it counted, unchecked, as `domain.completion.Usage` means it."""

    input: Any = None
    cached: Any = None
    written: Any = None
    output: Any = None
    reasoning: Any = None


class Incoming:
    def __init__(self, request: CompletionRequest, counter: Counter) -> None:
        self._request, self._counter = request, counter
        self._pieces: list[str] = []
        self._length = 0
        self.finish: Finish | None = None
        self.served: str | None = None
        self.id: str | None = None
        self.counts: Counts | None = None
        self.raw_usage: dict[str, Any] = {}

    def add(self, text: str) -> str:
        """Take a piece; returns it as it is passed on. Raises ProviderError when the answer gets too long to be one."""
        if (
            "\x00" in text or not text.isascii()
        ):  # halves of characters, and NUL, which no database's text can hold
            text = text.replace("\x00", "").encode("utf-8", "replace").decode()
        self._pieces.append(text)
        self._length += len(text)
        if self._length > LONGEST:
            raise self.error("unavailable", "the answer does not end")
        return text

    def use(self, counts: Counts, raw: dict[str, Any]) -> None:
        """What the provider counted; of several the last one holds."""
        self.counts = counts
        self.raw_usage = raw if _keepable(raw) else {}

    def completion(self) -> Completion:
        """The whole. Raises ProviderError where it is no answer, with what is paid for it all the same."""
        if self.finish == "content_filter":
            raise self.error("refused", "the provider's content filter refused an answer")
        whole = self._so_far()
        if not whole.text and self.finish == "length":
            raise self.error("bad_request", "its tokens were used up before it said anything; allow more")
        if not whole.text:
            raise self.error("unavailable", "the server's answer is empty")
        return whole

    def error(self, outcome: Outcome, detail: str, retry_after: float | None = None) -> ProviderError:
        """With what has come, if anything has."""
        came = self._pieces or self.counts is not None
        return ProviderError(outcome, detail, retry_after, self._so_far() if came else None)

    def broken(self, error: ProviderError) -> ProviderError:
        """The same error with what has come."""
        return self.error(error.outcome, error.detail, error.retry_after)

    def _so_far(self) -> Completion:
        text = "".join(self._pieces).strip()
        return Completion(
            text=text,
            finish=self.finish or "other",
            model=_plain(self.served) or self._request.model,
            usage=self._usage(text),
            raw_usage=self.raw_usage,
            request_id=_plain(self.id) or None,
        )

    def _usage(self, text: str) -> Usage:
        """The provider's counts where they can be true, else our own."""
        said = self.counts or Counts()
        if (
            (given := _count(said.input))
            and (taken := _count(said.output)) is not None
            and (taken or not text)
        ):
            cached = min(_count(said.cached) or 0, given)
            return Usage(
                input=given,
                cached=cached,
                written=min(_count(said.written) or 0, given - cached),
                output=taken,
                reasoning=min(_count(said.reasoning) or 0, taken),
            )
        count, model = self._counter.count, self._request.model
        return Usage(
            input=count("\n".join(turn.text for turn in self._request.prompt), model),
            output=count(text, model),
            source=self._counter.source(model),
        )


def _count(value: Any) -> int | None:
    """None for what is no count: of another type, negative or beyond all bounds."""
    return value if type(value) is int and 0 <= value <= MOST else None


def _keepable(raw: Any) -> bool:
    """Whether an event can hold it: not too large or too deep, without a number of more than 64 bits or a half of a character."""
    try:
        return not _deeper(raw, DEEPEST) and len(msgspec.msgpack.encode(raw)) <= LARGEST_USAGE
    except (OverflowError, ValueError):
        return False


def _deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_deeper(each, levels - 1) for each in inner)


def _plain(name: str | None) -> str:
    """As much of a server's word for something as is kept."""
    return "".join(filter(str.isprintable, (name or "")[:SHORT]))
