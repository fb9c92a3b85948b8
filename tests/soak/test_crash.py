"""kill -9 of writers, workers, projectors and the database at seeded random moments, under load: many runs, each in a new folder.

Nothing acknowledged is lost, nothing doubled, each message answered once, all invariants hold over every prefix, verification is
clean, projections are equal to a rebuild from zero. A failing run tells how to run it again the same way.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from interfaces.processes import keeping
from tests.soak.clients import Clients
from tests.soak.deployment import deployment
from tests.soak.kills import end
from tests.soak.proofs import quiet, verify

pytestmark = pytest.mark.soak
RUNS = 200
TARGETS = ("serve", "worker", "projector", "database")
EACH = 2
"""Kills of each target in one run."""
CLIENTS = 8


class Kill(NamedTuple):
    """After so many more acknowledged messages, then after so many seconds."""

    target: str
    messages: int
    pause: float


def plan(seed: int) -> Sequence[Kill]:
    """Every target equally often, in any order. Every third dies while the one before is still coming up."""
    chance = random.Random(seed)
    targets = [*TARGETS] * EACH
    chance.shuffle(targets)
    return [
        Kill(target, chance.randrange(1, 20) if chance.random() < 0.67 else 0, chance.uniform(0.0, 0.5))
        for target in targets
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    option = metafunc.config.getoption
    runs = option("--runs") or max(2, round(RUNS * option("--share")))
    first = option("--seed")
    metafunc.parametrize("run", range(first, first + runs))


async def test_nothing_is_lost_or_doubled_by_kills(run: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PAUSES", (0.0,))
    kills, clients = plan(run), None
    try:
        # Not pytest's folder: that one is closed to the user that PostgreSQL runs as.
        with tempfile.TemporaryDirectory(prefix="retrace-crash-") as folder:
            async with asyncio.timeout(600), deployment(Path(folder)) as deployed:
                clients = Clients(deployed)
                async with clients.load(CLIENTS, run):
                    for kill in kills:
                        await clients.more(kill.messages)
                        await asyncio.sleep(kill.pause)
                        await end(deployed, kill.target)
                    await clients.more(20)
                await quiet(deployed.parts)
                await verify(deployed, clients.acknowledged)
    except BaseException as error:
        heard = (
            clients and f"{len(clients.acknowledged)} acknowledged, {clients.lost} lost, {clients.refusals}"
        )
        error.add_note(
            f"{heard}\n{kills}\nagain: pytest -m soak tests/soak/test_crash.py --seed {run} --runs 1"
        )
        raise
    print(f"seed {run}: {', '.join(kill.target for kill in kills)}; {len(clients.acknowledged)} messages")
