"""`retrace replay`: the recorded traffic under other rules, at other prices, or answered by another agent; and recorded verdicts, and states of alerts, once more."""

from __future__ import annotations

import click

from interfaces.cli.replay.alerts import alerts
from interfaces.cli.replay.answers import answers
from interfaces.cli.replay.decisions import decisions
from interfaces.cli.replay.prices import prices
from interfaces.cli.replay.routing import routing


@click.group()
def replay() -> None:
    """Recorded traffic under another routing policy, at other prices, or answered by another agent; and recorded verdicts, and states of alerts, taken again."""


replay.add_command(alerts)
replay.add_command(answers)
replay.add_command(decisions)
replay.add_command(prices)
replay.add_command(routing)
