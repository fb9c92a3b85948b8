"""Training sets on the real log: read without holding others up, and never for ever on the way."""

from __future__ import annotations

import dataclasses
import threading
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.learning.dataset import CreateDataset, add_cases, create_dataset
from application.learning.training.training_set import examples_of
from application.learning.tuning.training import TrainingSets
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
