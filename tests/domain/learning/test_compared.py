"""Variants side by side: each once, by a figure that all of them have."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

from domain.answers.variant import Variant
from domain.learning.compared import Evaluated, Mean, latest, metric_of, option_of
from domain.learning.report import Latency


def row(name: str, variant: Variant, *, judge: str | None = None, marks: float | None = None) -> Evaluated:
    return Evaluated(
        name=name,
        variant=variant,
        model=variant.model,
        evaluation=uuid4(),
        arm="candidate",
        judge=judge,
        chrf=Mean(cases=40, value=0.25),
        marks=None if marks is None else Mean(cases=30, value=marks),
        failure_rate=0.0,
        handoff_rate=0.0,
        cost=Decimal("0.001"),
        latency=Latency(p50=10.0, p95=20.0),
    )


BRIEF, WARM = Variant(configuration={"tone": "brief"}), Variant(configuration={"tone": "warm"})


def test_the_judges_mark_counts_where_the_same_judge_marked_them_all() -> None:
    one, two = row("a", BRIEF, judge="p/j", marks=0.5), row("b", WARM, judge="p/j", marks=0.75)
    assert metric_of([one, two]) == "judge"
    option = option_of(two, "judge")
    assert (option.judged, option.quality, option.latency_ms) == (30, 0.75, 10.0)
    for other in (row("b", WARM, judge="p/other", marks=0.75), row("b", WARM), row("b", WARM, judge="p/j")):
        assert metric_of([one, other]) == "chrf"
    assert option_of(one, "chrf").quality == 0.25
    assert metric_of([]) == "chrf"


def test_a_variant_is_there_once_as_it_was_last_and_names_are_told_apart() -> None:
    first, last, other = row("x", BRIEF), row("x", BRIEF), row("x", WARM)
    found = latest([first, other, last])
    assert [(each.name, each.evaluation) for each in found] == [
        ("x", other.evaluation),
        ("x (2)", last.evaluation),
    ]
