"""How a model did lately, and whether it is to be asked: a circuit breaker over a sliding window. Pure.

healthy ──(over half of the window's calls failed, or one failure that says all)──▶ unhealthy until a moment
unhealthy ──(that moment has come)──▶ one call probes it ──▶ healthy, or unhealthy for twice as long

A model that hangs is told by calls that had no answer in time, one after the other, whatever went well before; calls under way count
once they have taken much longer than calls do (`Lately.overdue`).

No chance in it: of all callers one probes, so there is no crowd that had to be spread.

A pause that a limit of the provider's brought about (429) is a matter of whoever else can be asked: who has no other model asks this one.
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from domain.models.completion import Outcome

State = Literal["healthy", "unhealthy", "probing"]

BUCKET, BUCKETS = 5, 12
"""Seconds of a bucket, and how many of them make the window: a minute."""

FEWEST = 5
"""Calls below which the share of failures says nothing."""

SHARE = 0.5
FIRST, LONGEST, LONGEST_TOLD = 0.5, 8.0, 60.0
"""Seconds of the first pause, of the longest, and of the longest for which a provider may ask (Retry-After)."""

HANGS = 5
"""Calls in a row without an answer in time that show that it hangs. Whoever finds it hanging waits for long: its first pause is longer."""

FIRST_HANGING = 5.0
SLOWEST, SLOWER = 5.0, 4.0
"""Seconds, and times the slowest of a hundred calls (the longer counts), after which a call has taken much longer than calls do."""

AT_ONCE: frozenset[Outcome] = frozenset({"authentication", "not_found", "rate_limited"})
"""One of these is enough: the next call would fare no better."""

SILENT: frozenset[Outcome] = frozenset(
    {"bad_request", "context_too_long", "refused", "incomplete", "cancelled"}
)
"""These say something of the request, or of the caller; not of the model. So may an answer without an end that is known: what was asked
may have brought it about."""

STEP = 1.1
"""Latencies are counted in steps of a tenth: what is told of them is right within 5 %."""


class Bucket(msgspec.Struct, frozen=True, array_like=True):
    """Seconds `number` × BUCKET since 1970 and the next ones. `latencies`: step → successful calls."""

    number: int
    calls: int = 0
    failed: int = 0
    latencies: dict[int, int] = {}


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """Why a model is not to be asked, and for how many `seconds` more (0: somebody else is trying it). `limited`: by nothing but a 429."""

    reason: str
    seconds: float
    limited: bool


class Lately(msgspec.Struct, frozen=True, array_like=True):
    """`until`: not to be asked before (seconds since 1970, 0: healthy), `since` when; `pauses` in a row so far; `reason` of the last, and
    whether that was a limit of the provider's. `unanswered`: calls in a row that had no answer in time."""

    buckets: tuple[Bucket, ...] = ()
    until: float = 0.0
    since: float = 0.0
    pauses: int = 0
    reason: str = ""
    limited: bool = False
    unanswered: int = 0

    def overdue(self, now: float) -> float | None:
        """Seconds after which a call has taken much longer than calls do; None where too few are known."""
        window = Window.of(self, now)
        slowest = window.latency(0.99)
        if slowest is None or window.calls - window.failed < FEWEST:
            return None
        return max(SLOWEST, SLOWER * slowest / 1000)

    def pause(self, now: float) -> Pause | None:
        """None: it is healthy. Whoever may probe it asks it all the same."""
        match self.state(now):
            case "healthy":
                return None
            case "unhealthy":
                reason = f"unhealthy for {self.until - now:.1f} s more: {self.reason}"
            case "probing":
                reason = f"it is being tried again: {self.reason}"
        return Pause(reason=reason, seconds=max(0.0, self.until - now), limited=self.limited)

    def state(self, now: float) -> State:
        """`probing`: the next call that is let through shows whether it is back."""
        if not self.until:
            return "healthy"
        return "unhealthy" if now < self.until else "probing"

    def recorded(
        self, outcome: Outcome, latency_ms: float, at: float, retry_after: float | None = None
    ) -> Lately:
        """With one more call, which ended at `at`."""
        if outcome in SILENT:
            return self
        if outcome == "ok" and self.until and at >= self.until:
            # It is back. What failed before is no measure any more.
            return Lately(_counted((), outcome, latency_ms, at))
        counted = msgspec.structs.replace(
            self,
            buckets=_counted(self.buckets, outcome, latency_ms, at),
            unanswered=self.unanswered + 1 if outcome == "timeout" else 0,
        )
        if outcome == "ok":  # also of a call that was begun before the pause: it ends nothing
            return counted
        told = min(retry_after, LONGEST_TOLD) if retry_after is not None and retry_after > 0 else 0.0
        if at < self.until:
            return msgspec.structs.replace(counted, until=max(self.until, at + told if told else 0.0))
        window = Window.of(counted, at)
        sick = window.calls >= FEWEST and window.failed > SHARE * window.calls
        hangs = counted.unanswered >= HANGS
        if not (self.until or outcome in AT_ONCE or sick or hangs):
            return counted
        pause = min(max(FIRST * 2**self.pauses, FIRST_HANGING if hangs else 0.0), LONGEST)
        return Lately(
            buckets=counted.buckets,
            until=at + max(pause, told),
            since=self.since or at,
            pauses=min(self.pauses + 1, 10),
            reason=f"{outcome}; {window.failed} of {window.calls} calls failed",
            limited=outcome == "rate_limited",
            unanswered=counted.unanswered,
        )


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """The last minute, as it is at some moment."""

    calls: int
    failed: int
    latencies: dict[int, int]

    @classmethod
    def of(cls, lately: Lately, now: float) -> Window:
        buckets = _within(lately.buckets, now)
        latencies: dict[int, int] = {}
        for bucket in buckets:
            for step, calls in bucket.latencies.items():
                latencies[step] = latencies.get(step, 0) + calls
        calls, failed = sum(each.calls for each in buckets), sum(each.failed for each in buckets)
        return cls(calls=calls, failed=failed, latencies=latencies)

    @property
    def success_rate(self) -> float | None:
        """0 to 1; None without calls."""
        return (self.calls - self.failed) / self.calls if self.calls else None

    def percentile(self, share: float) -> float | None:
        """As `latency`; None too where there are so few calls that it would be that of the slowest one."""
        calls = sum(self.latencies.values())
        return None if math.ceil(round(share * calls, 6)) >= calls else self.latency(share)

    def latency(self, share: float) -> float | None:
        """The latency in ms that `share` of the successful calls do not exceed, within 5 %; None without one."""
        rest = math.ceil(share * sum(self.latencies.values()))
        for step, calls in sorted(self.latencies.items()):
            rest -= calls
            if rest <= 0:
                return float(f"{STEP ** (step - 0.5):.3g}")
        return None


def _within(buckets: tuple[Bucket, ...], at: float) -> tuple[Bucket, ...]:
    """Those that still count."""
    oldest = int(at // BUCKET) - BUCKETS
    return tuple(bucket for bucket in buckets if bucket.number > oldest)


def _counted(
    buckets: tuple[Bucket, ...], outcome: Outcome, latency_ms: float, at: float
) -> tuple[Bucket, ...]:
    """With one more call. One that is told late counts as of the newest bucket."""
    number = int(at // BUCKET)
    if not buckets or buckets[-1].number < number:
        buckets = (*_within(buckets, at), Bucket(number))
    last, ok = buckets[-1], outcome == "ok"
    latencies = last.latencies
    if ok:
        step = math.ceil(math.log(max(latency_ms, 1.0), STEP))
        latencies = {**latencies, step: latencies.get(step, 0) + 1}
    return (*buckets[:-1], Bucket(last.number, last.calls + 1, last.failed + (not ok), latencies))
