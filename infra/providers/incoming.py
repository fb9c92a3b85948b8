"""An answer as it comes in, whole or in pieces; what it comes to, and what of it is paid for when it breaks off."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from application.ports import Counter, ProviderError
from domain.models.attachment_tokens import attached_tokens
from domain.models.completion import Completion, CompletionRequest, Finish, Outcome, Usage
from domain.models.tools import ToolCallPiece, shown
from domain.models.usage_forms import TIER, merged
from infra.providers.counts import Counts, checked_usage, kept_usage, plain_name
from infra.providers.incoming_calls import MOST, IncomingCalls, TooManyCalls
from infra.providers.usage_forms import load_forms

LONGEST = 4_000_000
"""Characters of one answer; the largest models give a tenth of it."""


def unheard(*_: object) -> None:
    """For a caller that does not ask whether its request has gone out, nor what had come when it went away."""


class Incoming:
    def __init__(self, request: CompletionRequest, counter: Counter) -> None:
        self._request, self._counter = request, counter
        self._pieces: list[str] = []
        self._calls = IncomingCalls(1 if request.parallel_tool_calls is False else MOST)
        self._length = 0
        self.finish: Finish | None = None
        self.failed: tuple[Outcome, str] | None = None
        """Outcome and detail, where it ended in a way that is no answer's (`finishes.py`)."""

        self.served: str | None = None
        self.id: str | None = None
        self.tier: str | None = None
        """The service tier as the answer names it beside its usage."""

        self._counts: Counts | None = None
        self._raw_usage: dict[str, Any] = {}

    @property
    def model(self) -> str:
        """That was asked."""
        return self._request.model

    def add(self, text: str) -> str:
        """Take a piece; returns it as it is passed on. Raises ProviderError when the answer gets too long to be one."""
        text = _plain(text)
        self._pieces.append(text)
        self._grow(text)
        return text

    def add_call(
        self,
        *,
        number: int | None = None,
        id: str | None = None,
        name: str | None = None,
        arguments: str = "",
        signature: str | None = None,
    ) -> None:
        """Take a piece of a call of a tool, as `IncomingCalls.add`. Of a model that was given none it is no part of the answer. Raises ProviderError when
        the answer gets too long to be one."""
        if not self._request.tools:
            return
        arguments = _plain(arguments)
        self._grow(arguments)
        try:
            self._calls.add(
                number=number,
                id=plain_name(id) or None,
                name=plain_name(name) or None,
                arguments=arguments,
                signature=signature,
            )
        except TooManyCalls:
            raise self.error("unavailable", "the answer does not end") from None

    def pieces_of_calls(self) -> tuple[ToolCallPiece, ...]:
        """Those that came since the last time, as they are passed on."""
        return self._calls.taken()

    def _grow(self, text: str) -> None:
        self._length += len(text)
        if self._length > LONGEST:
            raise self.error("unavailable", "the answer does not end")

    def use(self, raw: dict[str, Any], counts: Counts | None = None) -> None:
        """What the provider counted, in its own words; of several the last one holds, where it says something.

        It is read by the table of forms (usage_forms.toml), unless the `counts` are given.
        """
        self._raw_usage = merged(self._raw_usage, raw)
        self._counts = counts

    @property
    def raw_usage(self) -> dict[str, Any]:
        """All that was said of it, unaltered, with the tier that served it."""
        tier = {TIER: self.tier} if self.tier and TIER not in self._raw_usage else {}
        return self._raw_usage | tier

    def completion(self) -> Completion:
        """The whole. Raises ProviderError where it is no answer, with what is paid for it all the same."""
        if self.finish == "content_filter":
            raise self.error("refused", "the provider's content filter refused an answer")
        if self.failed is not None:
            raise self.error(*self.failed)
        whole = self._so_far()
        if whole.calls:
            # Some say that it has stopped, or nothing at all, where tools are asked for.
            return whole if self.finish == "length" else replace(whole, finish="tool_calls")
        if whole.finish == "tool_calls":
            whole = replace(whole, finish="other")
        if not whole.text and self.finish == "length":
            raise self.error("bad_request", "its tokens were used up before it said anything; allow more")
        # A model may begin with what it was told to stop at.
        if not whole.text and not (self.finish == "stop" and any(self._request.stop)):
            raise self.error("incomplete", "the server's answer is empty", ended=True)
        return whole

    def error(
        self,
        outcome: Outcome,
        detail: str,
        retry_after: float | None = None,
        *,
        definite: bool = False,
        ended: bool = False,
    ) -> ProviderError:
        """With what has come, if anything has."""
        ended, partial = ended or self.ended, self.partial
        return ProviderError(outcome, detail, retry_after, partial, definite=definite, ended=ended)

    @property
    def partial(self) -> Completion | None:
        """What has come; None: nothing."""
        return self._so_far() if self._pieces or self._calls or self._raw_usage else None

    @property
    def ended(self) -> bool:
        """Whether it was said how it ended."""
        return self.finish is not None or self.failed is not None

    def broken(self, error: ProviderError) -> ProviderError:
        """The same error with what has come."""
        broken = self.error(error.outcome, error.detail, error.retry_after, definite=error.definite)
        broken.again = error.again
        return broken

    def _so_far(self) -> Completion:
        text, calls = "".join(self._pieces).strip(), self._calls.whole()
        return Completion(
            text=text,
            calls=calls,
            finish=self.finish or "other",
            model=plain_name(self.served) or self._request.model,
            usage=self._usage(shown(text, calls)),
            raw_usage=kept_usage(self.raw_usage),
            request_id=plain_name(self.id) or None,
        )

    def _usage(self, text: str) -> Usage:
        """The provider's counts where they can be true, else our own; what is only a total is split by our own."""
        raw, model, forms = self.raw_usage, self._request.model, load_forms()
        said = forms.read(raw, self.served or model) if self._counts is None else checked_usage(self._counts)
        if said is not None and said.input and (said.output or not text):
            return said
        count = self._counter.count
        own = Usage(
            input=count(self._request.read, model) + attached_tokens(self._request),
            output=count(text, model),
            source=self._counter.source(model),
            tier=forms.tier(raw),
        )
        if said is not None and said.input:  # what it had read before the stream broke off
            return replace(said, output=own.output, source=own.source)
        if self._counts is None and said is None and (total := forms.total(raw)):
            rest = total - own.input
            return replace(own, output=max(own.output, rest), source="unknown")
        return own


def _plain(text: str) -> str:
    """Without halves of characters, and NUL, which no database's text can hold."""
    if "\x00" in text or not text.isascii():
        return text.replace("\x00", "").encode("utf-8", "replace").decode()
    return text
