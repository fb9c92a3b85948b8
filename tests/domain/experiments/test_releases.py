from __future__ import annotations

from uuid import UUID

import pytest

from domain.base.errors import NotFound, Refused
from domain.experiments.releases import Releases
from domain.experiments.version import Versions
from tests.domain.given import NOW, when

TENANT = UUID(int=1)


def versions(number: int) -> Versions:
    return Versions(agent=number, routing=0, prompts=0, digest=f"version {number}")


def releases(count: int) -> Releases:
    found = Releases.begin(TENANT, NOW)
    for number in range(1, count + 1):
        found.release(versions(number), UUID(int=number), NOW)
    return found


def numbers(found: Releases) -> list[int]:
    return [release.number for release in found.ready]


def test_the_last_three_before_the_present_one_stay_ready() -> None:
    found = releases(5)
    assert found.present is not None
    assert (found.present.number, numbers(found)) == (5, [4, 3, 2])
    with pytest.raises(NotFound, match="ready are 4, 3, 2"):
        found.to_go_back_to(1)
    with pytest.raises(Refused):
        found.to_go_back_to(5)
    assert found.to_go_back_to(None).number == 4
    assert found.to_go_back_to(2).versions == versions(2)


def test_before_the_first_promotion_there_is_nothing_to_go_back_to() -> None:
    for found in (releases(0), releases(1)):
        with pytest.raises(Refused):
            found.to_go_back_to(None)


def test_going_back_names_the_release_and_nothing_is_lost_by_it() -> None:
    found = releases(4)
    (event,) = when(found, lambda: found.roll_back(found.to_go_back_to(2), "complaints", NOW))
    assert isinstance(event, Releases.RolledBack)
    assert (event.number, event.before, event.versions) == (2, 4, versions(2))
    assert found.present is not None
    assert (found.present.number, numbers(found)) == (2, [4, 3, 1])
    found.roll_back(found.to_go_back_to(None), "it was not that", NOW)
    assert numbers(found) == [2, 3, 1]


def test_what_was_set_by_hand_is_a_release_too_once_it_is_to_go() -> None:
    found = releases(0)
    (event,) = when(found, lambda: found.note_present(versions(1), NOW))
    assert isinstance(event, Releases.Released)
    assert (event.number, event.deployment) == (1, None)
    assert when(found, lambda: found.note_present(versions(1), NOW)) == []
    found.release(versions(2), UUID(int=2), NOW)
    assert when(found, lambda: found.note_present(versions(2), NOW)) == []
    (event,) = when(found, lambda: found.note_present(versions(3), NOW))
    assert isinstance(event, Releases.Released)
    assert event.number == 3
