"""Random tamperings past the application, as a superuser without the keys: all found, all named.

A failing seed runs again the same way: pytest -m soak tests/soak/test_tampering.py --seed N
"""

from __future__ import annotations

from collections import Counter

import pytest

from infra.audit import together
from tests.infra.audit.conftest import audited, try_tampering
from tests.infra.audit.tampering import TAMPERINGS

pytestmark = pytest.mark.soak
RUNS = 1000
AFRESH = 100
"""Runs on one log."""


async def test_every_tampering_is_found_and_named(
    database_url: str, share: float, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "STRETCH", 7)  # so that a log of a hundred events has many
    done: Counter[str] = Counter()
    runs = max(2 * len(TAMPERINGS), round(RUNS * share))
    for first in range(0, runs, AFRESH):
        async with audited(database_url) as found:
            for events in (40, 1, 60):
                await found.write(events, streams=min(events, 7))
                last = await found.sign()
            for number in range(first, min(first + AFRESH, runs)):
                report, (numbers, faults) = await try_tampering(found, number, last, seed)
                name = TAMPERINGS[number % len(TAMPERINGS)].__name__
                named = any(f.seq in numbers and f.fault in faults for f in report.findings)
                assert named, (name, number, sorted(numbers)[:5], faults, report.findings[:5])
                done[name] += 1
            assert (await found.verify()).findings == []
    print(f"{runs} tamperings, all found and named: {dict(done)}")
