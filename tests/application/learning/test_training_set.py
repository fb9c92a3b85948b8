"""Training sets on the real log: read without holding others up, and never for ever on the way."""

from __future__ import annotations

import dataclasses
import threading
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.learning.dataset import CreateDataset, add_cases, create_dataset
from application.learning.training.training_set import (
    BuildTrainingSet,
    RequestTrainingSet,
    build_training_set,
    delete_training_set,
    examples_of,
    request_training_set,
)
from application.learning.tuning.training import TrainingSets
from application.learning.use import Forbidden
from domain.base.errors import Refused
from domain.feedback.exchange import Exchange
from domain.learning.importing import CaseIn
from domain.learning.training.curation import Cases, Guard
from domain.learning.training.example import Example
from domain.learning.training.near_duplicates import NearDuplicates
from domain.learning.training_set import Statistics, TrainingSet
from tests.application.conftest import Shop


class Known:
    """Datasets that a projection has come to."""

    def __init__(self, *datasets: UUID) -> None:
        self._rows = [SimpleNamespace(dataset=each, added=2**40) for each in datasets]

    async def all(self, tenant: UUID) -> Any:
        return self._rows


class Nothing:
    """A tenant that has approved no correction."""

    async def approved(self, tenant: UUID, **wanted: Any) -> Any:
        return []


async def made(shop: Shop, examples: int) -> UUID:
    """A training set with as many examples of each side."""
    parts, at = shop.parts, shop.parts.clock()
    sides = ("train", "validation")
    every = [
        Example(
            id=uuid4(),
            conversation=(await shop.receive("Hello?", address=side)).conversation,
            sender=None,
            part=side,
            category="other",
            quality=5.0,
            exchange=Exchange(message=f"Question {number} of {side}", answer=f"Answer {number}"),
        )
        for side in sides
        for number in range(examples)
    ]
    found = TrainingSet.request(uuid4(), name="All", system="", minimum_quality=4.0, at=at)
    found.complete(every, Statistics(), 0, at)
    await parts.store.save(found, context=shop.context)
    return found.id


def test_an_example_that_tells_no_channel_is_of_none_that_is_surely_allowed() -> None:
    ours = "whatsapp:+15550100200"
    assert not Forbidden().holds(None, ours)
    assert not Forbidden(senders=frozenset({"whatsapp:+1"})).holds(None, ours)
    web = Forbidden(channels=frozenset({"web"}))
    assert (web.holds("web", None), web.holds("http", None)) == (True, False)
    assert web.holds(None, ours), "made when none told its channel: it may have come by this one"


def test_without_a_case_nothing_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    exchange, asked = Exchange(message="Do you mend shoes?", answer="Yes."), []
    monkeypatch.setattr(NearDuplicates, "has", lambda self, text: asked.append(text))
    assert Guard(Cases()).reason(uuid4(), exchange) is None
    assert asked == []
    assert Guard(Cases(messages=["Another?"])).reason(uuid4(), exchange) is None
    assert asked == [exchange.message]


async def test_examples_are_compared_beside_the_event_loop_and_once_for_all_files(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, tenant, id = shop.parts, shop.context.tenant, await made(shop, 12)
    dataset, _ = await create_dataset(
        CreateDataset(name="Held out"), shop.context, store=parts.store, clock=parts.clock, ids=parts.ids
    )
    rows = [CaseIn(message="Which wax is good for suede?", expected_answer="x")]
    await add_cases(
        dataset.id, rows, shop.context, store=parts.store, keyring=parts.keyring, clock=parts.clock
    )
    ports = dataclasses.replace(parts, datasets=Known(dataset.id))
    looks: list[bool] = []
    reason = Guard.reason

    def watched(self: Guard, *facts: Any) -> Any:
        looks.append(threading.current_thread() is threading.main_thread())
        return reason(self, *facts)

    monkeypatch.setattr(Guard, "reason", watched)
    found = await examples_of(id, tenant, ports)
    assert (len(found.examples), looks) == (24, [False] * 24)
    looks.clear()
    files = await TrainingSets(ports).files(tenant, id, "vertex")
    assert len(looks) == 24
    assert (files.examples, files.validation_examples) == (12, 12)
    assert files.tokens > 0


async def test_one_that_can_not_be_made_fails_and_says_why(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.learning.training.training_set.MOST", -1)
    parts, tenant = shop.parts, shop.context.tenant
    asked, _ = await request_training_set(
        RequestTrainingSet(name="All", minimum_quality=4.0), shop.context, parts
    )
    ports = dataclasses.replace(parts, datasets=Known(), corrections=Nothing())
    build = BuildTrainingSet(training_set=asked.id)
    assert await build_training_set(build, shop.context, ports) > 0
    found = await parts.store.load(TrainingSet, asked.id, tenant=tenant)
    assert found.state.status == "failed"
    assert "raise minimum_quality" in (found.state.reason or "")
    assert await build_training_set(build, shop.context, ports) == 0
    with pytest.raises(Refused, match="could not be made: 0 approved"):
        await examples_of(asked.id, tenant, ports)
    assert await TrainingSets(ports).examples(tenant, asked.id) == frozenset()
    await delete_training_set(asked.id, shop.context, parts)
    assert (await parts.store.load(TrainingSet, asked.id, tenant=tenant)).state.status == "deleted"
