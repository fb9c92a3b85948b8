"""A tenant that moves while it is written to, and whose move is killed (kill -9) at seeded random moments, again and again until it gets through.

Nothing acknowledged is lost, no position and no hash changes, at no time do both places take a message, and the new place's log, invariants and figures are whole.
"""

from __future__ import annotations

import asyncio
import dataclasses
import random
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from application.base.tasks import cancel_and_wait
from application.ports import Unavailable
from application.tenancy.tenant import CreateTenant, create_tenant
from domain.base.context import Context
from domain.base.errors import Moved, NotFound
from domain.conversations.conversation import Conversation
from infra.moving import fence, packing
from infra.moving.receiver import receiver_key
from tests.application.conftest import Played, Shop
from tests.infra.log.parts import MASTER
from tests.infra.moving.conftest import OTHER
from tests.infra.moving.places import Place, log_of, place, proved

pytestmark = pytest.mark.soak
RUNS, KILLS = 10, 2
MESSAGES = 150
"""In the log of a tenant that is imported."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    option = metafunc.config.getoption
    runs = option("--runs") or max(1, round(RUNS * option("--share")))
    first = option("--seed")
    metafunc.parametrize("run", range(first, first + runs))


def _apart(run: int, *urls: str) -> tuple[str, str]:
    """Where it goes from, and where to: one way and the other in turns, since with --citus one of the two is on a Citus."""
    one, other = urls
    return (other, one) if run % 2 else (one, other)


async def started(at: Place) -> Shop:
    parts = at.parts
    made = await create_tenant(
        CreateTenant(name="Shop"), actor="operator:test", store=parts.store, clock=parts.clock, ids=parts.ids
    )
    context = Context(tenant=made.tenant, actor="key:test", correlation=uuid4())
    return Shop(dataclasses.replace(parts), context, Played())


async def written(here: Shop, there: Shop, said: set[str]) -> None:
    """To whoever takes it; what the old place says no to is the new one's, which takes it once it is open there."""
    while True:
        await asyncio.sleep(0.01)
        name, other = f"c{len(said)}", f"x{len(said)}"
        try:
            await here.receive("Are you open?", address=name, message=name)
            said.add(name)
            with pytest.raises((Unavailable, NotFound)):
                await there.receive("Are you open?", address=other, message=other)
        except Unavailable:
            await asyncio.sleep(0.02)
        except Moved:
            try:
                await there.receive("Are you open?", address=name, message=name)
                said.add(name)
            except (Unavailable, NotFound):  # it knows for a second that the tenant was not there
                await asyncio.sleep(0.02)


async def moved(here: Place, there: Place, tenant: UUID, killed_after: float | None) -> bool:
    """Whether it got through."""
    where = [
        word
        for each in (here, there)
        for word in (str(each.parts.settings.database_url), str(each.parts.settings.data))
    ]
    return await ran("tests.soak.moving", *where, str(tenant), killed_after=killed_after) == b"moved\n"


async def test_kills_lose_nothing_and_leave_one_owner(run: int, database_url: str, other_url: str) -> None:
    chance = random.Random(run)
    first, second = _apart(run, database_url, other_url)
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            here = await stack.enter_async_context(
                place(first, Path(folder) / "here", MASTER, "the old place")
            )
            there = await stack.enter_async_context(
                place(second, Path(folder) / "there", OTHER, "https://new.example")
            )
            shop = await started(here)
            tenant, said = shop.context.tenant, set[str]()
            elsewhere = Shop(dataclasses.replace(there.parts), shop.context, Played())
            writer = asyncio.create_task(written(shop, elsewhere, said))
            done, kills = False, []
            try:
                while not done:
                    pause = chance.uniform(0.0, 1.5) if len(kills) < KILLS else None
                    kills.append(pause)
                    done = await moved(here, there, tenant, pause)
                    before, name = len(said), f"after kill {len(kills)}"
                    async with asyncio.timeout(
                        60
                    ):  # one of them goes on, by itself where it was not handed over
                        async with here.side() as source:
                            state, _, _ = await fence.state_of(source, tenant)
                        while len(said) == before and (done or state != "moved"):
                            assert not writer.done(), name
                            await asyncio.sleep(0.05)
                before = len(said)
                async with asyncio.timeout(60):
                    while len(said) < before + 5:
                        assert not writer.done()
                        await asyncio.sleep(0.05)
            except BaseException as error:
                error.add_note(f"seed {run}, killed after {kills} s, {len(said)} acknowledged")
                raise
            finally:
                await cancel_and_wait(writer)
            assert await proved(there, tenant) > 0
            events = await log_of(there, tenant)
            messages = [
                each.event.message for each in events if isinstance(each.event, Conversation.MessageReceived)
            ]
            assert said <= set(messages)
            assert len(messages) == len(set(messages))
            with pytest.raises(Moved):
                await shop.receive("Are you open?", address="late", message="late")
    print(f"seed {run}: killed after {kills} s, {len(said)} messages")


async def ran(module: str, *words: str, killed_after: float | None) -> bytes:
    """What it has said after `begun`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *words, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"begun\n"
    if killed_after is not None:
        await asyncio.sleep(killed_after)
        if process.returncode is None:
            process.kill()
    out = await process.stdout.read()
    await process.wait()
    return out


async def test_an_import_that_is_killed_opens_nothing_and_is_done_anew(
    run: int, database_url: str, other_url: str, tmp_path: Path
) -> None:
    chance = random.Random(run)
    first, second = _apart(run, database_url, other_url)
    async with (
        place(first, tmp_path / "here", MASTER, "the old place") as here,
        place(second, tmp_path / "there", OTHER, "https://new.example") as there,
    ):
        shop = await started(here)
        tenant = shop.context.tenant
        for number in range(MESSAGES):
            await shop.receive("Are you open?", address=f"c{number % 50}", message=f"c{number}")
        folder = tmp_path / "parcel"
        async with here.side() as source:
            made, _ = await packing.pack(
                tenant,
                source,
                folder,
                receiver_key(OTHER),
                here.parts.checkpoints,
                place="https://new.example",
            )
        before, elsewhere = await log_of(here, tenant), dataclasses.replace(shop, parts=there.parts)
        words = (second, str(tmp_path / "there"), str(folder))
        kills = [chance.uniform(0.0, 1.5) for _ in range(KILLS)]
        for pause in kills:
            if await ran("tests.soak.importing", *words, killed_after=pause) == b"imported\n":
                break
            there.parts.keyring.forget_tenant(tenant)
            with pytest.raises((Unavailable, NotFound)):
                await elsewhere.receive("Are you open?", address="early")
        else:
            assert await ran("tests.soak.importing", *words, killed_after=None) == b"imported\n"
        there.parts.keyring.forget_tenant(tenant)
        assert await proved(there, tenant) == made.head
        assert await log_of(there, tenant) == before
        await elsewhere.receive("Are you open?", address="late")
        async with here.side() as source:
            await packing.hand_over(tenant, source)
        with pytest.raises(Moved):
            await shop.receive("Are you open?", address="late")
    print(f"seed {run}: import killed after {kills} s, {made.head} events")
