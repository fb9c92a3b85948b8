"""`retrace replay answers`: recorded interactions answered again by another prompt, model, retrieval or configuration."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal, cast
from uuid import UUID

import click
import msgspec

from application.replay.answers import ReplayAnswers, replay_answers
from application.replay.answers_report import AnswersReplay, Row
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.learning.paired import Difference
from interfaces.bootstrap import Services
from interfaces.cli.bar import counting
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    print_json,
    print_table,
    tenant_option,
    with_services,
)
from interfaces.cli.replay_prices import MOMENTS

SHOWN = 60
"""Characters of a text in a table."""


@click.command()
@tenant_option
@click.option(
    "--config",
    "wanted",
    default="as-recorded",
    show_default=True,
    help="as-recorded, current, or a file with a variant of the agent (.toml or .json): configuration, routing, prompts, model",
)
@click.option(
    "--completions",
    type=click.Choice(["recorded", "ask"]),
    help="take those of the record, or ask models, which is paid; by default a file's variant is asked",
)
@click.option("--since", type=MOMENTS, help="answers recorded then or later; a day is its midnight in UTC")
@click.option("--until", type=MOMENTS, help="answers recorded before")
@click.option(
    "--limit",
    type=click.IntRange(1, 1_000_000),
    help="answers at most; by default 100 where models are asked",
)
@click.option("--at-once", type=click.IntRange(1, 32), default=4, show_default=True, help="answers at a time")
@click.option("--rows", type=click.IntRange(0, 100_000), default=100, show_default=True, help="rows shown")
@data_option
@json_option
def answers(
    tenant_id: UUID,
    wanted: str,
    completions: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    at_once: int,
    rows: int,
    data: Path | None,
    as_json: bool,
) -> None:
    """What another agent would have answered recorded questions, and what that would cost. Nothing is written to what is replayed."""
    source = _source(wanted)
    if completions is None:
        completions = "ask" if isinstance(source, Variant) else "recorded"
    command = ReplayAnswers(
        source=source,
        completions=cast(Literal["recorded", "ask"], completions),
        since=_moment(since),
        until=_moment(until),
        limit=limit or (100 if completions == "ask" else 1_000_000),
        at_once=at_once,
        rows=rows,
    )

    async def do(parts: Services) -> AnswersReplay:
        context = Context(tenant=tenant_id, actor="operator:cli", correlation=parts.ids())
        head = await parts.reads.head(tenant_id)
        with counting("answering again", head, "events", quiet=as_json) as tell:
            return await replay_answers(command, context, parts, head=head, tell=tell)

    found = with_services(data, do)
    if as_json:
        print_json(found)
    else:
        _print(found)


def _source(wanted: str) -> Literal["as-recorded", "current"] | Variant:
    """Raises click.BadParameter."""
    if wanted == "as-recorded":
        return "as-recorded"
    if wanted == "current":
        return "current"
    file = Path(wanted)
    if not file.is_file():
        raise click.BadParameter(f"--config is as-recorded, current or a file; there is no file {wanted!r}")
    try:
        text = file.read_text()
        found = tomllib.loads(text) if file.suffix == ".toml" else msgspec.json.decode(text)
        return msgspec.convert(found, Variant)
    except (ValueError, msgspec.MsgspecError) as error:
        raise click.BadParameter(f"{file.name} is no variant of the agent: {error}") from None


def _moment(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time


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
