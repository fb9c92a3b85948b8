"""`retrace replay answers`: recorded interactions answered again by another prompt, model, retrieval or configuration."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast
from uuid import UUID

import click
import msgspec

from application.replay.answers import ReplayAnswers, ResumeReplay, replay_answers, resume_replay
from application.replay.answers_report import AnswersReplay
from domain.answers.variant import Variant
from domain.base.context import Context
from interfaces.bootstrap import Services
from interfaces.cli.bar import counting
from interfaces.cli.base import data_option, json_option, tenant_option, with_services
from interfaces.cli.replay.answers_shown import show
from interfaces.cli.replay.prices import MOMENTS


@click.command()
@tenant_option
@click.option(
    "--config",
    "wanted",
    help="as-recorded (the default), current, or a file with a variant of the agent (.toml or .json): configuration, routing, prompts, model",
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
@click.option(
    "--resume",
    "resumed",
    type=click.UUID,
    metavar="ID",
    help="go on with this replay, which asks models and was cut off: what it has on record is not asked again",
)
@data_option
@json_option
def answers(
    tenant_id: UUID,
    wanted: str | None,
    completions: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    at_once: int,
    rows: int,
    resumed: UUID | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """What another agent would have answered recorded questions, and what that would cost. Nothing is written to what is replayed."""
    if resumed is not None:
        if (wanted, completions, since, until, limit) != (None,) * 5:
            raise click.UsageError(
                "--resume goes on as the replay was begun: leave out --config, --completions, --since, --until and --limit"
            )
        _go_on(tenant_id, ResumeReplay(replay=resumed, at_once=at_once, rows=rows), data, as_json)
        return
    source = _source(wanted or "as-recorded")
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
            return await replay_answers(
                command, context, parts, head=head, tell=tell, begun=_tell_how_to_go_on
            )

    show(with_services(data, do), as_json)


def _go_on(tenant: UUID, command: ResumeReplay, data: Path | None, as_json: bool) -> None:
    async def do(parts: Services) -> AnswersReplay:
        context = Context(tenant=tenant, actor="operator:cli", correlation=parts.ids())
        head = await parts.reads.head(tenant)
        with counting("answering again", head, "events", quiet=as_json) as tell:
            return await resume_replay(command, context, parts, tell=tell)

    show(with_services(data, do), as_json)


def _tell_how_to_go_on(replay: UUID) -> None:
    """At once, and beside what is asked for: whoever is cut off has nothing else."""
    click.echo(f"replay {replay}: where it is cut off, go on with --resume {replay}", err=True)


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
