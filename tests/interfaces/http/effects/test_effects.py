"""Whatever a tenant can set changes something: one proof a field, at the wire. A field without a proof fails here.

One file a subject. What is set elsewhere is not offered (its type's ELSEWHERE); whoever sends it is told where.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from domain.agents.agent import AgentConfiguration
from domain.budgets.budget import BudgetLimits
from domain.flags.feature import FEATURES
from domain.gateway.policy import RoutingPolicy, Target, Thresholds
from interfaces.http.budgets.budget import BudgetLimits as BudgetIn
from interfaces.http.privacy.retention import RetentionIn
from interfaces.http.tenancy.tenant_forms import TenantIn
from tests.interfaces.http.effects import (
    asking,
    citing,
    deciding,
    disclosing,
    handing_over,
    prompting,
    remembering,
    understanding,
    waiting,
)
from tests.interfaces.http.effects.budget import BUDGET
from tests.interfaces.http.effects.elsewhere import ELSEWHERE
from tests.interfaces.http.effects.flags import FLAGS
from tests.interfaces.http.effects.policy import ROUTING
from tests.interfaces.http.effects.tenant import TENANT
from tests.interfaces.http.effects.world import Proof, World

SUBJECTS = (
    asking,
    citing,
    deciding,
    disclosing,
    handing_over,
    prompting,
    remembering,
    understanding,
    waiting,
)
AGENT: dict[str, Proof] = {field: proof for subject in SUBJECTS for field, proof in subject.AGENT.items()}


def leaves(cls: type[msgspec.Struct]) -> set[str]:
    """The fields of a body: of one that is a struct of its own, its fields."""
    found = set()
    for field in msgspec.structs.fields(cls):
        if (
            isinstance(field.type, type)
            and issubclass(field.type, msgspec.Struct)
            and field.type is not Target
        ):
            found |= {f"{field.name}.{below}" for below in leaves(field.type)}
        else:
            found.add(field.name)
    return found


def test_every_field_has_a_proof() -> None:
    assert len(AGENT) == sum(len(subject.AGENT) for subject in SUBJECTS)
    assert {*AGENT, *ELSEWHERE} == leaves(AgentConfiguration)
    for file, test in ELSEWHERE.values():
        assert f"def {test}(" in (Path(__file__).parents[3] / file).read_text()
    assert set(BUDGET) == leaves(BudgetIn) == leaves(BudgetLimits)
    assert set(FLAGS) == set(FEATURES)
    assert set(ROUTING) == leaves(RoutingPolicy)
    assert leaves(Thresholds) == {name.partition(".")[2] for name in ROUTING if name.startswith("thresholds")}
    assert set(TENANT) == leaves(RetentionIn) | leaves(TenantIn)


PROOFS = {"agent": AGENT, "budget": BUDGET, "flag": FLAGS, "routing": ROUTING, "tenant": TENANT}


EACH = [
    pytest.param(proof, id=f"{of}-{field}") for of, table in PROOFS.items() for field, proof in table.items()
]


@pytest.mark.parametrize("proof", EACH)
async def test_it_changes_something(world: World, proof: Proof) -> None:
    await proof(world)
