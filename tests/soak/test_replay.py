"""A replay that asks models, killed again and again at seeded moments and gone on with: no question is asked twice, and every call that the vendor
has seen is on record."""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections import Counter
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from application.budgets.charges import compare_tallies
from domain.audit.invariants import Invariants
from domain.replay.answer_replay import AnswerReplay
from infra.providers.access import ProviderAccess
from infra.settings import Secret
from tests.doubles.wire import Call, Reply, Wire, serving
from tests.soak.deployment import Deployment, deployment

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]
ANSWERS, KILLS = 400, 20
SMALL = "gpt-6-luna"


class Vendor(Wire):
    """Answers by model and question, after some milliseconds. `seen`: the questions that the small model was asked."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__(self._answer)
        self._chance = chance
        self.seen: Counter[str] = Counter()

    def _answer(self, call: Call) -> Reply:
        model, question = call.body["model"], call.body["messages"][-1]["content"]
        if model == SMALL:
            self.seen[question] += 1
        message = {"role": "assistant", "content": f"{question} is answered by {model}."}
        body = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": model,
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150},
        }
        return Reply(body=json.dumps(body).encode(), delay=self._chance.uniform(0.002, 0.04))


async def test_a_replay_that_is_killed_again_and_again_pays_nothing_twice(seed: int, share: float) -> None:
    chance, answers, kills = (
        random.Random(seed),
        max(40, round(ANSWERS * share)),
        max(3, round(KILLS * share)),
    )
    vendor = Vendor(chance)
    with tempfile.TemporaryDirectory() as folder:
        async with asyncio.timeout(3000), serving(vendor):
            url = f"http://127.0.0.1:{vendor.port}/v1"
            access = {"openai": ProviderAccess(api_key=Secret("sk-0123456789"), base_url=url)}
            async with deployment(Path(folder), providers=access) as deployed:
                tenant = deployed.tenants[0][0]
                await _traffic(deployed, answers)
                variant = Path(folder) / "variant.toml"
                variant.write_text(f'model = "openai/{SMALL}"\n')
                first = ("--config", str(variant), "--limit", str(answers))
                id = await _killed(deployed, vendor, chance, answers / (kills + 1), *first)
                for _ in range(kills - 1):
                    await _killed(deployed, vendor, chance, answers / (kills + 1), "--resume", id)
                last = await _replaying(deployed, "--resume", id)
                out, said = await last.communicate()
                assert last.returncode == 0, said.decode()
                found = json.loads(out)
                events = [each.event async for each in deployed.parts.store.stream(tenant, UUID(id))]
                made = [each for each in events if isinstance(each, AnswerReplay.Metered)]
                lost = [each for each in events if isinstance(each, AnswerReplay.TrialInterrupted)]
                print(f"{answers} answers, {kills} kills, {len(lost)} lost, {vendor.seen.total()} calls")
                assert len(vendor.seen) <= answers
                assert set(vendor.seen.values()) == {1}
                assert found["answers"] == len(made) == answers - len(lost)
                assert sum(found["left_out"].values()) == len(lost)
                assert len({each.replayed for each in (*made, *lost)}) == answers
                assert await compare_tallies(tenant, store=deployed.parts.store) == {}
                invariants = Invariants()
                invariants.fold([each async for each in deployed.parts.store.events(tenant)])
                assert invariants.violations == []


async def _traffic(deployed: Deployment, answers: int) -> None:
    headers = {"Authorization": f"Bearer {deployed.tenants[0][1]}"}
    async with httpx.AsyncClient(base_url=deployed.running.url, headers=headers, timeout=60) as client:

        async def ask(number: int) -> None:
            messages = [{"role": "user", "content": f"Question {number}"}]
            reply = await client.post("/v1/chat/completions", json={"model": "agent", "messages": messages})
            assert reply.status_code == 200, reply.text

        for first in range(0, answers, 8):
            await asyncio.gather(*(ask(number) for number in range(first, min(first + 8, answers))))


async def _replaying(deployed: Deployment, *words: str) -> Process:
    given = ["-m", "interfaces.cli", "replay", "answers", "--tenant", str(deployed.tenants[0][0]), "--json"]
    environment = dict(deployed.running.environment)
    return await asyncio.create_subprocess_exec(
        sys.executable, *given, *words, env=environment, stdout=PIPE, stderr=PIPE
    )


async def _killed(
    deployed: Deployment, vendor: Vendor, chance: random.Random, calls: float, *words: str
) -> str:
    """kill -9 after some calls, at any moment; which replay it was."""
    goal = vendor.seen.total() + max(1, round(calls * chance.uniform(0.5, 1.0)))
    running = await _replaying(deployed, *words)
    while vendor.seen.total() < goal and running.returncode is None:
        await asyncio.sleep(0.005)
    await asyncio.sleep(chance.uniform(0.0, 0.05))
    if running.returncode is None:
        running.kill()
    _, said = await running.communicate()
    found = re.search(r"--resume (\S+)", said.decode())
    return found[1] if found else words[-1]
