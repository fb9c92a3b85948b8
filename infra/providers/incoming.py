"""An answer as it comes in, whole or in pieces; what it comes to, and what of it is paid for when it breaks off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from application.ports import Counter, Piece, ProviderError
from domain.models.attachment_tokens import attached_tokens
from domain.models.choices import Choice, TokenLogprob, all_shown
from domain.models.completion import Completion, CompletionRequest, Finish, Outcome, Usage
from domain.models.usage_forms import TIER, merged
from infra.providers.counts import Counts, checked_usage, kept_usage, plain_name
from infra.providers.incoming_calls import MOST, TooManyCalls
from infra.providers.incoming_choice import IncomingChoice
from infra.providers.usage_forms import load_forms

LONGEST = 4_000_000
"""Characters of one answer, all choices together; the largest models give a tenth of it."""

PROBABILITY = 4
"""Characters that each told probability counts as; 47,000 tokens with 20 others beside each are within."""

FORGIVEN = frozenset({"refused", "bad_request"})
"""How a choice may have ended beside others."""


def unheard(*_: object) -> None:
    """For a caller that does not ask whether its request has gone out, nor what had come when it went away."""


class Incoming:
    """All choices of one answer. What is said of `text`, `finish` and calls without a choice is of the first one: most requests want no other."""

    def __init__(self, request: CompletionRequest, counter: Counter) -> None:
        self._request, self._counter = request, counter
        self._calls = 1 if request.parallel_tool_calls is False else MOST
        self._choices = [self._new(number) for number in range(request.choices)]
        self._length = 0
        self.served: str | None = None
        self.id: str | None = None
        self.tier: str | None = None
        """The service tier as the answer names it beside its usage."""

        self._counts: Counts | None = None
        self._raw_usage: dict[str, Any] = {}

    def _new(self, number: int) -> IncomingChoice:
        return IncomingChoice(number, calls=self._calls, likely=self._request.logprobs)

    @property
    def model(self) -> str:
        """That was asked."""
        return self._request.model

    @property
    def several(self) -> bool:
        """Whether more than one choice was asked for."""
        return len(self._choices) > 1

    @property
    def wants_logprobs(self) -> bool:
        return self._request.logprobs is not None

    @property
    def finish(self) -> Finish | None:
        return self._choices[0].finish

    @finish.setter
    def finish(self, finish: Finish | None) -> None:
        self._choices[0].finish = finish

    def choice(self, number: object) -> IncomingChoice:
        """The choice of this number; one that has none is the first, as servers that know of one alone have it. Raises ProviderError for a number that was
        not asked for."""
        at = number if type(number) is int else 0
        if 0 <= at < len(self._choices):
            return self._choices[at]
        if len(self._choices) == 1:  # it is the only one, whatever its server counts from
            return self._choices[0]
        detail = f"the server gave a choice beyond the {len(self._choices)} of n"
        raise self.error("incomplete", detail)

    def block(self) -> None:
        """None of the choices is given: the prompt itself is refused."""
        for each in self._choices:
            each.finish = "content_filter"

    def add(self, text: str, choice: int = 0, logprobs: tuple[TokenLogprob, ...] = ()) -> str:
        """Take a piece; returns it as it is passed on, where that is not by `taken`. Raises ProviderError when the answer gets too long to be one."""
        text = _plain(text)
        self._grow(len(text) + PROBABILITY * sum(1 + len(each.top) for each in logprobs))
        return self._choices[choice].add(text, logprobs)

    def add_call(
        self,
        *,
        number: int | None = None,
        id: str | None = None,
        name: str | None = None,
        arguments: str = "",
        signature: str | None = None,
        choice: int = 0,
    ) -> None:
        """Take a piece of a call of a tool, as `IncomingCalls.add`. Of a model that was given none it is no part of the answer. Raises ProviderError when
        the answer gets too long to be one."""
        if not self._request.tools:
            return
        arguments = _plain(arguments)
        self._grow(len(arguments))
        try:
            self._choices[choice].calls.add(
                number=number,
                id=plain_name(id) or None,
                name=plain_name(name) or None,
                arguments=arguments,
                signature=signature,
            )
        except TooManyCalls:
            raise self.error("unavailable", "the answer does not end") from None

    def taken(self) -> list[Piece]:
        """Calls, and pieces of further choices, that came since the last time, as they are passed on."""
        return [piece for choice in self._choices for piece in choice.taken()]

    def _grow(self, length: int) -> None:
        self._length += length
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
        """The whole. Raises ProviderError where it is no answer, with what is paid for it all the same.

        Of several choices one may be filtered, or cut before it said anything, as long as another one says something.
        """
        found = [self._judged(each) for each in self._choices]
        errors = [each for each in found if isinstance(each, ProviderError)]
        forgiven = len(errors) < len(found) and all(each.outcome in FORGIVEN for each in errors)
        if errors and not forgiven:
            raise next((each for each in errors if each.outcome not in FORGIVEN), errors[0])
        return self._completion([each.whole() for each in self._choices])

    def _judged(self, choice: IncomingChoice) -> ProviderError | None:
        """Why a choice is no answer."""
        if choice.finish == "content_filter":
            return self.error("refused", "the provider's content filter refused an answer")
        if choice.failed is not None:
            return self.error(*choice.failed)
        whole = choice.whole()
        if whole.calls or whole.text:
            return None
        if choice.finish == "length":
            return self.error("bad_request", "its tokens were used up before it said anything; allow more")
        # A model may begin with what it was told to stop at.
        if choice.finish == "stop" and any(self._request.stop):
            return None
        missing = "is empty" if not choice.number else f"has no choice {choice.number + 1} of n"
        return self.error("incomplete", f"the server's answer {missing}", ended=True)

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
        begun = self._raw_usage or any(each.pieces or each.calls for each in self._choices)
        return self._completion([each.so_far() for each in self._choices]) if begun else None

    @property
    def ended(self) -> bool:
        """Whether it was said how it ended, of each choice."""
        return all(each.ended for each in self._choices)

    def broken(self, error: ProviderError) -> ProviderError:
        """The same error with what has come."""
        broken = self.error(error.outcome, error.detail, error.retry_after, definite=error.definite)
        broken.again = error.again
        return broken

    def _completion(self, choices: Sequence[Choice]) -> Completion:
        first = choices[0]
        return Completion(
            text=first.text,
            calls=first.calls,
            finish=first.finish,
            logprobs=first.logprobs,
            others=tuple(choices[1:]),
            model=plain_name(self.served) or self._request.model,
            usage=self._usage(all_shown(choices)),
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
