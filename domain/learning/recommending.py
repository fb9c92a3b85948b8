"""What is recommended of a candidate, by its figures beside a baseline's and a minimum. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain.learning.paired import Difference
from domain.learning.result import Metric

VERSION = 1
"""Of the rule that recommends; goes up with any change of it."""

Share = Annotated[float, Meta(ge=0, le=1)]

Recommendation = Literal["take", "no_worse", "unsure", "keep"]
"""take: shown to be better, or good enough and nothing to compare with; no_worse: shown to be worse by no more than the minimum allows;
unsure: it passes, but there are too few cases to show that; keep: it does not pass."""


class Minimum(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a candidate must reach to pass. `quality`: its mean of the leading metric, the judge's mark where there is a judge, else chrF.
    `worse`: the part of the baseline's by which it may be below that. `failed`: the share of cases without an answer. `certain`: it is to be
    shown that it is not worse, by the whole interval; else the mean decides, and a rollout that looks goes on from there."""

    quality: Share | None = None
    worse: Share = 0.05
    failed: Share = 0.02
    certain: bool = False


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """Over the `cases` of the candidate that have it; `difference`: over those that the baseline has too. None: none has."""

    cases: int
    candidate: float | None
    difference: Difference | None = None


def recommended(
    metrics: Mapping[Metric, Measured], quality: Metric, minimum: Minimum, compares: bool
) -> tuple[bool, Recommendation, tuple[str, ...]]:
    """Whether a candidate passes, what is recommended, and why."""
    lead, failed = metrics[quality], metrics["failed"].candidate or 0.0
    against: list[str] = []
    reasons: list[str] = []
    if lead.candidate is None:
        against.append("no case has both an answer and an expected one: there is nothing to judge by")
    elif minimum.quality is not None and lead.candidate < minimum.quality:
        against.append(f"{quality} is {lead.candidate:.4g}, below the minimum of {minimum.quality:g}")
    if failed > minimum.failed:
        against.append(f"{failed:.1%} of the cases got no answer; {minimum.failed:.1%} are allowed")
    found, verdict = lead.difference, "take"
    if compares and found is None and not against:
        against.append("no case has a result of both: there is nothing to compare")
    if found is not None:
        bound = -minimum.worse * found.baseline
        told = _told(quality, found)
        sure = found.low is not None and found.low >= bound
        if found.difference < bound or (minimum.certain and not sure):
            why = (
                f"more than {minimum.worse:.0%} of the baseline's"
                if found.difference < bound
                else "it is not certain that it is no worse"
            )
            against.append(f"{told}: {why}")
        else:
            reasons.append(told)
        verdict = "take" if found.shown and found.difference > 0 else "no_worse" if sure else "unsure"
    for metric in ("cost", "latency_ms", "handoff"):
        other = metrics[metric].difference
        if other is not None and other.shown:
            reasons.append(_told(metric, other))
    if against:
        return False, "keep", (*against, *reasons)
    return True, verdict, tuple(reasons)  # type: ignore[return-value]  # one of the words above


def _told(metric: Metric, found: Difference) -> str:
    reach = "" if found.low is None or found.high is None else f" [{found.low:+.4g} to {found.high:+.4g}]"
    return f"{metric} is {found.candidate:.4g}, {found.difference:+.4g}{reach} against {found.baseline:.4g} over {found.cases} cases"
