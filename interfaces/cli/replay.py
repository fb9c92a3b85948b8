"""`retrace replay`: the recorded traffic under other rules, from events alone. Nothing is written."""

from __future__ import annotations

import click

from interfaces.cli.replay_prices import prices
from interfaces.cli.replay_routing import routing


@click.group()
def replay() -> None:
    """Recorded traffic under another routing policy or other prices, from events alone."""


replay.add_command(prices)
replay.add_command(routing)
