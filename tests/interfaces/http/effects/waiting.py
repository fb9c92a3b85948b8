"""How long a customer may go on writing before they are answered."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from tests.interfaces.http.effects.world import NUMBERS, Proof, World


async def due(world: World, address: str) -> datetime:
    """Send a message for which nobody waits; when is its answer due?"""
    made = await world.customer.ask("Are you open?", address=address, wait=0)
    async with world.parts.system.system() as connection:
        query = "SELECT due_at FROM work WHERE tenant = %s AND kind = 'answer' AND key = %s"
        key = UUID(made.json()["conversation"]).hex
        (found,) = await (await connection.execute(query, [world.customer.tenant, key])).fetchall()
    at: datetime = found[0]
    return at


async def quiet_seconds(world: World) -> None:
    await world.configure(quiet_seconds=20, burst_seconds=30)
    assert await due(world, f"customer {next(NUMBERS)}") - world.parts.clock() > timedelta(seconds=15)


async def burst_seconds(world: World) -> None:
    """Each message puts the answer off, but for so long in all."""
    for longest, put_off in ((20, False), (60, True)):
        await world.configure(quiet_seconds=20, burst_seconds=longest)
        address = f"customer {next(NUMBERS)}"
        first, second = [await due(world, address) for _ in range(2)]
        assert (second > first) == put_off


AGENT: dict[str, Proof] = {
    "quiet_seconds": quiet_seconds,
    "burst_seconds": burst_seconds,
}
