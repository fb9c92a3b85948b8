"""Tests do not end on the day on which a vendor takes a model away."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from infra.providers import catalogue
from infra.providers.catalogue import load_catalogue
from infra.providers.tuning.targets import load_targets
from tests.dated import SHIPPED, TARGETS, moved


@pytest.mark.parametrize("years", [0, 1, 3])
def test_in_years_to_come_the_catalogue_foresees_what_it_does_today(tmp_path: Path, years: int) -> None:
    shipped, file = load_catalogue(SHIPPED), tmp_path / SHIPPED.name
    as_of = date.fromisoformat(shipped.name.rpartition(" ")[2])
    gone_by = timedelta(days=365 * years)
    file.write_text(moved(SHIPPED, as_of + gone_by))
    later = load_catalogue(file)
    for model in shipped.models():
        there, retires = later.get(model.id), model.retires_at
        assert there is not None
        foreseen = retires is not None and retires.date() > as_of
        assert there.retires_at == (retires + gone_by if retires and foreseen else retires), model.id
    now = {price.id for price in shipped.prices() if price.since.date() <= as_of}
    assert now <= {price.id for price in later.prices()}


def test_what_is_past_stays_and_no_date_comes_nearer() -> None:
    assert moved(SHIPPED, date(2020, 1, 1)) == SHIPPED.read_text()


def test_the_targets_of_fine_tuning_move_too(tmp_path: Path) -> None:
    (file := tmp_path / TARGETS.name).write_text(moved(TARGETS, date(2029, 1, 1)))
    closes = load_targets(file).all["openai"].closes
    assert closes is not None
    assert closes.year == 2029


def test_every_test_has_todays_catalogue() -> None:
    assert catalogue.FILE != SHIPPED
    model = load_catalogue().get("openai/gpt-4o")
    assert model is not None
    assert model.retires_at is not None
    assert model.retires_at - datetime.now(UTC) >= timedelta(days=30)
