"""What no agent's configuration may be: blank where somebody reads it, or longer than a prompt bears."""

from __future__ import annotations

from typing import Any

import pytest

from domain.agents.configuration import LINES, AgentConfiguration
from domain.base.errors import Invalid


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((name, " \t") for name in ("name", "tone", "disclosure", "out_of_budget", "handoff_expired")),
        ("disclosures", {"de": " "}),
        *((name, ("x",) * (LINES + 1)) for name in ("personality", "restrictions", "disclaimers", "can_do")),
    ],
)
def test_what_is_blank_or_endless_is_refused_by_its_name(field: str, value: Any) -> None:
    with pytest.raises(Invalid, match=f"^{field}"):
        AgentConfiguration(**{field: value}).check()
    AgentConfiguration(restrictions=("x",) * LINES).check()
