"""Every setting changes something: one proof a variable, on a server that was given all of them. One without a proof fails here.

One file a subject, whose table is PROOFS.
"""

from __future__ import annotations

import pytest

from infra.settings import all_fields
from tests.interfaces.setting_effects import (
    addresses,
    alerting,
    asking,
    connections,
    rates,
    retrieving,
    roles,
    signing_in,
    storing,
    streams,
    telemetry,
    tenants,
)
from tests.interfaces.setting_effects.deployment import Deployment, Proof

SUBJECTS = (
    addresses,
    alerting,
    asking,
    connections,
    rates,
    retrieving,
    roles,
    signing_in,
    storing,
    streams,
    telemetry,
    tenants,
)
PROOFS: dict[str, Proof] = {
    variable: proof for subject in SUBJECTS for variable, proof in subject.PROOFS.items()
}


def test_every_setting_has_a_proof() -> None:
    assert len(PROOFS) == sum(len(subject.PROOFS) for subject in SUBJECTS)
    assert set(PROOFS) == {field.variable for field in all_fields().values()}


@pytest.mark.parametrize("setting", PROOFS)
async def test_a_setting_changes_something(deployment: Deployment, setting: str) -> None:
    await PROOFS[setting](deployment)
