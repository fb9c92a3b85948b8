"""What all benches share: arguments, interleaved rounds, medians, floors, and how a result is shown.

A round runs every contestant once, in turn, so that a slow moment of the machine falls on all of them alike; figures are
medians over rounds, and ratios of two figures medians of each round's ratio: a machine that is slow for a minute is so for both.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from infra.embedded.postgres import OPTIONS

Contestant = Callable[[], Mapping[str, float]]
"""One run: figures by name."""


class Arguments(msgspec.Struct, frozen=True):
    """`seconds` is for the whole bench, roughly; servers and data come on top. `beside`: another commit, in the same run."""

    json: bool
    seconds: float
    beside: str | None = None


class Floor(msgspec.Struct, frozen=True):
    """What a figure has to be: at least `least`, or at most `most`."""

    name: str
    figure: float
    least: float | None = None
    most: float | None = None

    @property
    def holds(self) -> bool:
        return (self.least is None or self.figure >= self.least) and (
            self.most is None or self.figure <= self.most
        )

    @property
    def wanted(self) -> str:
        return f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """`ratio` is the bench's one number; `figures` are medians by name, units in the names."""

    name: str
    ratio: float
    figures: dict[str, float]
    floors: tuple[Floor, ...] = ()
    conditions: dict[str, Any]


def arguments(description: str, seconds: float = 45, *, beside: bool = False) -> Arguments:
    """`beside`: whether it can be run beside another commit."""
    taken = parser(description, seconds)
    if beside:
        taken.add_argument(
            "--beside", metavar="COMMIT", help="another commit, or a folder with one, in the same run"
        )
    given = taken.parse_args()
    return Arguments(given.json, given.seconds, getattr(given, "beside", None))


def parser(description: str, seconds: float = 45) -> argparse.ArgumentParser:
    """For a bench with more arguments than all have."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    made.add_argument(
        "--seconds", type=_positive, default=seconds, help="time to measure (default: %(default)g)"
    )
    return made


def _positive(given: str) -> float:
    if not float(given) > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return float(given)


class Rounds(msgspec.Struct, frozen=True):
    """Figures by name, one a round."""

    seen: dict[str, list[float]]

    @property
    def medians(self) -> dict[str, float]:
        return {name: statistics.median(values) for name, values in self.seen.items()}

    def ratio(self, name: str, to: str, beyond: str | None = None) -> float:
        """The median of the rounds' ratios; with `beyond` of what both have more than that."""
        less = self.seen[beyond] if beyond is not None else [0.0] * len(self.seen[name])
        every = zip(self.seen[name], self.seen[to], less, strict=True)
        return statistics.median((a - c) / (b - c) for a, b, c in every)


def rounds(contestants: Sequence[Contestant], count: int) -> Rounds:
    """Run all contestants `count` times, in turn, every other round backwards."""
    seen: dict[str, list[float]] = {}
    for number in range(count):
        for contestant in contestants if number % 2 == 0 else reversed(contestants):
            for name, figure in contestant().items():
                seen.setdefault(name, []).append(figure)
    return Rounds(seen)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -int(-share * len(ordered) // 1) - 1))]


def conditions(postgres: str, **more: Any) -> dict[str, Any]:
    """Where and with what a bench ran; `postgres` is the server's version."""
    return {
        "cpus": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "postgres": postgres,
        "synchronous_commit": OPTIONS["synchronous_commit"],
        "machine": platform.machine(),
        "load": round(os.getloadavg()[0], 2),
        **more,
    }


def report(result: Result, as_json: bool) -> None:
    """Show the result. A floor that does not hold is shown, and makes the process end with status 1."""
    if as_json:
        facts = {
            "name": result.name,
            "ratio": round(result.ratio, 3),
            "figures": {name: round(value, 4) for name, value in result.figures.items()},
            "conditions": result.conditions,
        }
        print(json.dumps(facts, ensure_ascii=False))
    else:
        _show(result, Console())
    if not all(floor.holds for floor in result.floors):
        sys.exit(1)


def _show(result: Result, console: Console) -> None:
    figures = Table("figure", title=f"bench.{result.name}", title_justify="left")
    figures.add_column("median", justify="right")
    for name, value in result.figures.items():
        figures.add_row(name, f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}")
    console.print(figures)
    if result.floors:
        floors = Table("floor")
        for title in ("measured", "wanted"):
            floors.add_column(title, justify="right")
        floors.add_column("")
        for floor in result.floors:
            verdict = "[green]pass[/]" if floor.holds else "[red]fail[/]"
            floors.add_row(floor.name, f"{floor.figure:,.2f}", floor.wanted, verdict)
        console.print(floors)
    console.print("  ".join(f"{name} {value}" for name, value in result.conditions.items()), style="dim")
