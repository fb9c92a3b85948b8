"""`retrace replay`: the recorded traffic under other rules, from events alone. Nothing is written."""

from __future__ import annotations

import click


@click.group()
def replay() -> None:
    """Recorded traffic under another routing policy or other prices, from events alone."""
