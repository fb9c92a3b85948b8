"""An evaluation of 1,000 cases whose worker is killed ten times at seeded moments: it ends with the report of one that was left alone, each case has
one result, and every call that the vendor has seen is on record."""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from application.budgets.charges import compare_tallies
from application.learning.dataset import CreateDataset, add_cases, create_dataset
from application.learning.evaluation import RequestEvaluation, request_evaluation
from domain.answers.variant import Variant
from domain.audit.invariants import Invariants
from domain.base.context import Context
from domain.learning.evaluation import Baseline, Evaluation, Pace
from domain.learning.importing import CaseIn
from infra.providers.access import ProviderAccess
from infra.settings import Secret
from interfaces.bootstrap import Services
from interfaces.processes import keeping
from tests.doubles.wire import Call, Reply, Wire, serving
from tests.soak.deployment import deployment
from tests.soak.kills import end

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]
CASES, KILLS = 1_000, 10
SMALL, LARGE = "gpt-6-luna", "gpt-6.1-terra"


class Vendor(Wire):
    """Answers by model and question, after some milliseconds; `seen` has what was asked, `told` what was answered to its end."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__(self._answer)
        self._chance = chance
        self.seen: Counter[tuple[str, str]] = Counter()

    def _answer(self, call: Call) -> Reply:
        model, question = call.body["model"], call.body["messages"][-1]["content"]
        self.seen[model, question] += 1
        shape = "is answered shortly" if model == SMALL else "is answered at length, and with care"
        message = {"role": "assistant", "content": f"{question} {shape}."}
        body = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": model,
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150},
        }
        return Reply(body=json.dumps(body).encode(), delay=self._chance.uniform(0.002, 0.04))


async def test_an_evaluation_that_is_killed_ten_times_ends_with_the_same_report(
    seed: int, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PAUSES", (0.0,))
    chance, count, kills = random.Random(seed), max(60, round(CASES * share)), max(2, round(KILLS * share))
    vendor = Vendor(chance)
    with tempfile.TemporaryDirectory() as folder:
        async with asyncio.timeout(3000), serving(vendor):
            url = f"http://127.0.0.1:{vendor.port}/v1"
            access = {"openai": ProviderAccess(api_key=Secret("sk-0123456789"), base_url=url)}
            async with deployment(Path(folder), providers=access) as deployed:
                parts, tenant = deployed.parts, deployed.tenants[0][0]
                context = Context(tenant=tenant, actor="key:test", correlation=parts.ids())
                cases = await _dataset(parts, context, count)
                alone = await _over(parts, context, await _requested(parts, context, cases))
                assert set(vendor.seen.values()) == {1}
                assert len(vendor.seen) == 2 * count
                vendor.seen.clear()
                id = await _requested(parts, context, cases)
                for kill in range(kills):
                    await _done(parts, context, id, 2 * count * (kill + chance.random()) / (kills + 1))
                    await asyncio.sleep(chance.uniform(0.0, 0.1))
                    await end(deployed, "worker")
                killed = await _over(parts, context, id)
                events = [recorded.event async for recorded in parts.store.stream(tenant, id)]
                ended = [event for event in events if isinstance(event, Evaluation.TrialEnded)]
                lost = [event for event in events if isinstance(event, Evaluation.TrialInterrupted)]
                assert len({(event.case, event.arm) for event in ended}) == len(ended) == 2 * count
                assert 2 * count <= vendor.seen.total() <= 2 * count + len(lost)
                assert _comparable(killed) == _comparable(alone)
                print(
                    f"{count} cases, {kills} kills, {len(lost)} trials interrupted, {vendor.seen.total()} calls"
                )
                assert await compare_tallies(tenant, store=parts.store) == {}
                invariants = Invariants()
                invariants.fold([recorded async for recorded in parts.store.events(tenant)])
                assert invariants.violations == []


async def _dataset(parts: Services, context: Context, count: int) -> UUID:
    made, _ = await create_dataset(
        CreateDataset(name="soak"), context, store=parts.store, clock=parts.clock, ids=parts.ids
    )
    for first in range(0, count, 200):
        rows = [
            CaseIn(
                message=f"Question {n}", expected_answer=f"Question {n} is answered, shortly or at length."
            )
            for n in range(first, min(first + 200, count))
        ]
        await add_cases(made.id, rows, context, store=parts.store, keyring=parts.keyring, clock=parts.clock)
    return made.id


async def _requested(parts: Services, context: Context, cases: UUID) -> UUID:
    command = RequestEvaluation(
        name="soak",
        dataset=cases,
        variant=Variant(model=f"openai/{SMALL}"),
        baseline=Baseline(variant=Variant(model=f"openai/{LARGE}")),
        pace=Pace(per_minute=100_000, at_once=4),
    )
    made = await request_evaluation(
        command, context, store=parts.store, catalogue=parts.catalogue, clock=parts.clock, ids=parts.ids
    )
    return made.evaluation.id


async def _done(parts: Services, context: Context, id: UUID, trials: float) -> Evaluation:
    """Until so many trials have ended, or all."""
    while True:
        found = await parts.store.load(Evaluation, id, tenant=context.tenant)
        if found.over or len(found.state.done) >= trials:
            return found
        await asyncio.sleep(0.02)


async def _over(parts: Services, context: Context, id: UUID) -> Evaluation:
    return await _done(parts, context, id, float("inf"))


def _comparable(evaluation: Evaluation) -> Any:
    """The report without what the clock has to say, and what interruptions cost."""
    assert evaluation.state.report is not None
    plain = msgspec.to_builtins(evaluation.state.report)
    plain["metrics"].pop("latency_ms")
    for name in ("latency", "interrupted"):
        plain.pop(name)
    for name in ("interrupted", "lost"):
        plain["spent"].pop(name)
    plain["reasons"] = [each for each in plain["reasons"] if "latency" not in each]
    return plain
