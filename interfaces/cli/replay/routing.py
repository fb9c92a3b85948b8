"""`retrace replay routing`: recorded traffic under another routing policy."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import click
import msgspec

from application.agents.agent import configuration_of
from application.models.catalogue import catalogue_of
from application.replay.redecide import Source
from application.replay.routing import ReplayRouting, replay_routing
from application.replay.routing_report import RoutingReplay, Side
from domain.gateway.policy import RoutingPolicy
from domain.replay.latencies import LatencyReplay
from domain.replay.saving import PROMISE, Interval
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
from interfaces.cli.replay.prices import MOMENTS


@click.command()
@tenant_option
@click.option(
    "--policy",
    "wanted",
    default="current",
    show_default=True,
    help="as-recorded, current, or a file with a policy as PUT /v1/routing takes it (.toml or .json)",
)
@click.option("--since", type=MOMENTS, help="decisions recorded then or later; a day is its midnight in UTC")
@click.option("--until", type=MOMENTS, help="decisions recorded before")
@click.option(
    "--against", multiple=True, help="a further model to compare with, as openai/gpt-6-luna; repeatable"
)
@click.option("--rows", type=click.IntRange(0, 100_000), default=1000, show_default=True, help="rows shown")
@data_option
@json_option
def routing(
    tenant_id: UUID,
    wanted: str,
    since: datetime | None,
    until: datetime | None,
    against: tuple[str, ...],
    rows: int,
    data: Path | None,
    as_json: bool,
) -> None:
    """What another routing policy would have chosen for recorded questions, what it would have cost, how long it would have taken. Nothing is written."""
    command = ReplayRouting(
        source=_source(wanted), since=_moment(since), until=_moment(until), against=against, rows=rows
    )

    async def do(parts: Services) -> RoutingReplay:
        configuration, _ = await configuration_of(tenant_id, store=parts.store)
        head = await parts.reads.head(tenant_id)
        with counting("replaying", head, "events", quiet=as_json) as tell:
            return await replay_routing(
                command,
                tenant_id,
                head=head,
                configuration=configuration,
                store=parts.store,
                catalogue=await catalogue_of(tenant_id, store=parts.store, shipped=parts.catalogue),
                counter=parts.providers.counter,
                tell=tell,
            )

    found = with_services(data, do)
    if as_json:
        print_json(found)
    else:
        _print(found)


def _source(wanted: str) -> Source:
    """Raises click.BadParameter."""
    if wanted == "as-recorded":
        return "as-recorded"
    if wanted == "current":
        return "current"
    file = Path(wanted)
    if not file.is_file():
        raise click.BadParameter(f"--policy is as-recorded, current or a file; there is no file {wanted!r}")
    try:
        text = file.read_text()
        found = tomllib.loads(text) if file.suffix == ".toml" else msgspec.json.decode(text)
        return msgspec.convert(found, RoutingPolicy)
    except (ValueError, msgspec.MsgspecError) as error:
        raise click.BadParameter(f"{file.name} is no routing policy: {error}") from None


def _moment(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time


def _print(found: RoutingReplay) -> None:
    rows = [
        [
            row.position,
            row.interaction,
            _chosen(row.recorded.routing.model, row.recorded.routing.tier),
            _usd(row.recorded.cost),
            _chosen(row.replayed.routing.model, row.replayed.routing.tier),
            _usd(row.replayed.cost),
        ]
        for row in found.rows
    ]
    if rows:
        columns = ["position", "interaction", "recorded", "cost", "replayed", "cost"]
        print_table("decisions that differ", columns, rows)
        if found.differing > len(rows):
            console.print(f"  and {found.differing - len(rows)} more", style="dim")
    tiers = [[tier.name, *_side(tier.recorded), *_side(tier.replayed)] for tier in found.tiers]
    print_table("tiers", ["tier", "recorded", "share", "cost", "replayed", "share", "cost"], tiers)
    for base in found.baselines:
        console.print(
            f"all on {base.model} ({', '.join(base.roles)}): {_usd(base.cost)} for {base.decisions} decisions, "
            f"routed {_usd(base.routed_cost)}: {_saving(base.saving)} saved; "
            f"the {PROMISE[0]:.0%} to {PROMISE[1]:.0%} of the promise: {base.promise}",
            markup=False,
            soft_wrap=True,
        )
    console.print(
        f"{found.decisions} decisions, {found.differing} differ ({found.policy}): recorded {_usd(found.recorded_cost)}, "
        f"replayed {_usd(found.replayed_cost)} (at the prices of {found.table}), difference {_usd(found.difference)}; "
        f"{_per_decision(found.mean_difference)}; {_saving(found.saving)} saved",
        style="bold",
        markup=False,
        soft_wrap=True,
    )
    _print_latency(found.latency_ms)
    if found.unpriced:
        console.print(
            f"{found.unpriced} decisions have no price under this policy and are missing in its sums"
        )
    if found.undecided:
        console.print(
            f"{found.undecided} decisions are left out: the question is erased and has no score on record"
        )


def _print_latency(found: LatencyReplay) -> None:
    if found.recorded is not None and found.difference is not None:
        reach = _reach(found.difference, "+,.0f")
        console.print(
            f"latency a decision: recorded {found.recorded:,.0f} ms, replayed {found.replayed:,.0f} ms, difference "
            f"{found.difference.estimate:+,.0f}{reach} ms",
            markup=False,
            soft_wrap=True,
        )
    if found.untold:
        console.print(
            f"{found.untold} decisions go to models that have answered nothing in this time, and are missing in the latency"
        )


def _reach(found: Interval, form: str) -> str:
    """From where to where, where there are enough figures to say."""
    return "" if found.low is None or found.high is None else f" [{found.low:{form}} to {found.high:{form}}]"


def _side(side: Side) -> tuple[object, ...]:
    return side.decisions, f"{side.share:.1%}", _usd(side.cost)


def _chosen(model: str, tier: str | None) -> str:
    return f"{model} ({tier})" if tier else model


def _usd(amount: Decimal | None) -> str:
    return "no price" if amount is None else f"${amount:f}"


def _per_decision(mean: Interval) -> str:
    return f"{mean.estimate:+.3g}{_reach(mean, '.3g')} USD a decision"


def _saving(saving: Interval | None) -> str:
    """As a share, with its interval at 95 %."""
    if saving is None:
        return "nothing to be"
    return f"{saving.estimate:.1%}{_reach(saving, '.1%')}"
