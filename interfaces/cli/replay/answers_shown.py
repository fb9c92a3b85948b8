"""What a replay of answers has come to, for people and for programs."""

from __future__ import annotations

from decimal import Decimal

from application.replay.answers_report import AnswersReplay, Row
from domain.learning.paired import Difference
from interfaces.cli.base import console, print_json, print_table

SHOWN = 60
"""Characters of a text in a table."""


def show(found: AnswersReplay, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        _print(found)


def _print(found: AnswersReplay) -> None:
    if found.rows:
        columns = ["position", "interaction", "differs", "recorded", "replayed", "cost", "cost"]
        print_table("answers that differ", columns, [_row(row) for row in found.rows])
    if found.rows_left_out:
        console.print(f"  and {found.rows_left_out} more", style="dim")
    for name, figure in (
        ("cost, USD", found.cost),
        ("latency, ms", found.latency_ms),
        ("citations", found.cited),
        ("handovers", found.handoff),
    ):
        console.print(f"{name} an answer: {_told(figure)}", markup=False, soft_wrap=True)
    if found.likeness is not None:
        console.print(f"likeness of the texts (chrF): {found.likeness:.3f}")
    console.print(
        f"{found.answers} answers, {found.differing} differ ({found.source}, completions: {found.completions}): "
        f"recorded {_usd(found.recorded_cost)}, replayed {_usd(found.replayed_cost)}",
        style="bold",
        markup=False,
        soft_wrap=True,
    )
    if found.anew:
        console.print(f"{found.anew} of them have no recorded completion: --completions ask asks models")
    for why, count in found.left_out.items():
        console.print(f"{count} answers are left out: {why}")
    if found.stopped is not None:
        console.print(f"it ended early: {found.stopped}", markup=False, soft_wrap=True)
        if found.asked is not None:
            console.print(f"go on with --resume {found.asked}", markup=False, soft_wrap=True)


def _row(row: Row) -> list[object]:
    told = row.why if row.replayed.text is None else _short(row.replayed.text)
    return [
        row.position,
        row.interaction,
        ", ".join(row.differs),
        _short(row.recorded.text or ""),
        told,
        _usd(row.recorded.cost),
        _usd(row.replayed.cost),
    ]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"


def _usd(cost: Decimal | None) -> str:
    return "–" if cost is None else f"${cost:f}"


def _told(found: Difference) -> str:
    reach = "" if found.low is None or found.high is None else f" [{found.low:+.3g} to {found.high:+.3g}]"
    return f"{found.candidate:.4g}, {found.difference:+.4g}{reach} against {found.baseline:.4g}"
