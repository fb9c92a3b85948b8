"""kill -9 of roles, of sessions on any node, of whole nodes and of the coordinator, at seeded random moments, under load: as tests/soak/test_crash.py,
on a Citus. For `make citus`."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from infra.settings import Secret, master_text
from interfaces.processes import keeping
from tests import citus
from tests.cells import KEY
from tests.citus_servers import WORKERS, OwnCitus, own_citus
from tests.soak.clients import Clients, until
from tests.soak.deployment import deployment
from tests.soak.kills import end
from tests.soak.proofs import quiet, verify

pytestmark = pytest.mark.skipif(citus.url() is None, reason="on a Citus: make citus")
ROLES = ("serve", "worker", "projector")
TARGETS = (*ROLES, "session", "session", "node", "node", "coordinator")
CLIENTS = 8
RUNS = 2


class Kill(NamedTuple):
    """After so many more acknowledged messages, then after so many seconds. `place`: of the node, where one is meant; it is away for `away` seconds."""

    target: str
    place: int
    messages: int
    pause: float
    away: float


def plan(seed: int) -> Sequence[Kill]:
    """In any order. Every third comes while the one before is still coming up."""
    chance = random.Random(seed)
    targets = [*TARGETS]
    chance.shuffle(targets)
    return [
        Kill(
            target,
            0 if target == "coordinator" else chance.randrange(0 if target == "session" else 1, WORKERS + 1),
            chance.randrange(1, 20) if chance.random() < 0.67 else 0,
            chance.uniform(0.0, 0.5),
            chance.uniform(0.0, 2.0),
        )
        for target in targets
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    runs, first = metafunc.config.getoption("--runs") or RUNS, metafunc.config.getoption("--seed")
    metafunc.parametrize("run", range(first, first + runs))


@pytest.fixture(scope="module", name="spread")
def _spread() -> Iterator[OwnCitus]:
    with own_citus() as made:
        yield made


@pytest.mark.timeout(900)
async def test_nothing_is_lost_or_doubled_by_kills(
    run: int, spread: OwnCitus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PAUSES", (0.0,))
    kills, clients, chance = plan(run), None, random.Random(run)
    try:
        with tempfile.TemporaryDirectory(prefix="retrace-crash-") as folder:
            given = {"database_url": Secret(spread.url), "master_key": master_text(KEY)}
            async with asyncio.timeout(800), deployment(Path(folder), **given) as deployed:
                clients = Clients(deployed)
                async with clients.load(CLIENTS, run):
                    for kill in kills:
                        await clients.more(kill.messages)
                        await asyncio.sleep(kill.pause)
                        if kill.target in ROLES:
                            await end(deployed, kill.target)
                        elif kill.target == "session":
                            await until(lambda kill=kill: spread.kill_backend(kill.place, chance), 60)  # type: ignore[misc]
                        else:
                            spread.kill(kill.place)
                            await asyncio.sleep(kill.away)
                            await asyncio.to_thread(spread.restart, kill.place)
                    await clients.more(20)
                await quiet(deployed.parts)
                await verify(deployed, clients.acknowledged, spread.url)
    except BaseException as error:
        heard = (
            clients and f"{len(clients.acknowledged)} acknowledged, {clients.lost} lost, {clients.refusals}"
        )
        again = f"pytest --citus tests/infra/citus/test_crash.py --seed {run} --runs 1"
        error.add_note(f"{heard}\n{kills}\nagain: {again}")
        raise
    print(f"seed {run}: {', '.join(kill.target for kill in kills)}; {len(clients.acknowledged)} messages")
