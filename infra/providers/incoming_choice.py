"""One choice of an answer as it comes in: its text, calls of tools, log probabilities, and how it ended."""

from __future__ import annotations

from msgspec.structs import replace

from application.ports import Piece
from domain.models.choices import Choice, ChoicePiece, Finish, LikelyToken, TokenLogprob
from domain.models.completion import Outcome
from domain.models.tools import ToolCallPiece
from infra.providers.incoming_calls import IncomingCalls


class IncomingChoice:
    """`calls`: that are taken; `likely`: tokens told beside each, None: none are told."""

    def __init__(self, number: int, *, calls: int, likely: int | None) -> None:
        self.number, self._likely = number, likely
        self.pieces: list[str] = []
        self.calls = IncomingCalls(calls)
        self.finish: Finish | None = None
        self.failed: tuple[Outcome, str] | None = None
        """Outcome and detail, where it ended in a way that is no answer's (`finishes.py`)."""

        self._logprobs: list[TokenLogprob] = []
        self._taken: list[Piece] = []

    @property
    def ended(self) -> bool:
        """Whether it was said how it ended."""
        return self.finish is not None or self.failed is not None

    @property
    def plain(self) -> bool:
        """Whether its text is passed on as it is: it is the first, and nobody wants more of it."""
        return not self.number and self._likely is None

    def add(self, text: str, logprobs: tuple[TokenLogprob, ...] = ()) -> str:
        """Take a piece; returns it where it is passed on as it is."""
        wanted = () if self._likely is None else tuple(shortened(each, self._likely) for each in logprobs)
        self.pieces.append(text)
        self._logprobs += wanted
        if self.plain:
            return text
        if text or wanted:
            self._taken.append(ChoicePiece(choice=self.number, text=text, logprobs=wanted))
        return ""

    def taken(self) -> list[Piece]:
        """What came since the last time, beside what `add` has returned."""
        pieces, self._taken = self._taken, []
        return [*pieces, *map(self._passed_on, self.calls.taken())]

    def _passed_on(self, call: ToolCallPiece) -> Piece:
        return ChoicePiece(choice=self.number, call=call) if self.number else call

    def so_far(self) -> Choice:
        return Choice(
            text="".join(self.pieces).strip(),
            calls=self.calls.whole(),
            finish=self.finish or "other",
            logprobs=tuple(self._logprobs),
        )

    def whole(self) -> Choice:
        """As it is told: some say that it has stopped, or nothing at all, where tools are asked for."""
        made = self.so_far()
        if made.calls:
            return made if self.finish == "length" else replace(made, finish="tool_calls")
        return replace(made, finish="other") if made.finish == "tool_calls" else made


def shortened(token: TokenLogprob, likely: int) -> TokenLogprob:
    """With as many others beside it as were asked for; some vendors know no number below one."""
    return token if len(token.top) <= likely else replace(token, top=token.top[:likely])


def likely_token(token: object, logprob: object, bytes: object = None) -> LikelyToken | None:
    """None for what is none. −9999 is OpenAI's word for one that can hardly be, and what is less than any number is that too."""
    if not isinstance(token, str) or isinstance(logprob, bool) or not isinstance(logprob, int | float):
        return None
    known = logprob == logprob  # NaN is not itself
    said = max(-9999.0, float(logprob)) if known else -9999.0
    token, data = token.replace("\x00", ""), None
    if isinstance(bytes, list) and all(type(each) is int and 0 <= each <= 255 for each in bytes[:64]):
        data = tuple(bytes[:64])
    encoded = token.encode("utf-8", "replace")
    return LikelyToken(
        token=encoded.decode(), logprob=said, bytes=None if data in (None, tuple(encoded)) else data
    )


def token_logprob(first: LikelyToken, top: list[LikelyToken]) -> TokenLogprob:
    return TokenLogprob(token=first.token, logprob=first.logprob, bytes=first.bytes, top=tuple(top))
