"""Which of the models that an agent is set to ask are gone or going, and what there is instead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.agents.configuration import AgentConfiguration
from domain.gateway.models_in_use import SOON, ModelInUse, models_in_use
from domain.gateway.policy import RoutingPolicy, Target, Tiers
from domain.models.catalogue import Catalogue, Model

NOW = datetime(2026, 11, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def model(name: str, days: float | None = None, successor: str | None = None) -> Model:
    """`days` from NOW on until it is retired."""
    retires_at = None if days is None else NOW + days * DAY
    return Model(provider="v", name=name, context_window=9000, retires_at=retires_at, successor=successor)


MODELS = (
    model("old", -1, "v/going"),
    model("going", 30, "v/new"),
    model("today", 0),
    model("later", SOON.days + 1, "v/new"),
    model("new"),
)
CATALOGUE = Catalogue({each.id: each for each in MODELS}, {})


def policy(*names: str) -> RoutingPolicy:
    targets = (Target(provider="v", model=name, reason="-") for name in names)
    return RoutingPolicy(tiers=Tiers(**dict(zip(Tiers.__struct_fields__, targets, strict=True))))


def found(
    configuration: AgentConfiguration, of: RoutingPolicy | None = None, embedding: str | None = None
) -> list[ModelInUse]:
    return models_in_use(configuration, of, embedding, CATALOGUE, NOW)


def test_what_is_gone_comes_first_then_what_goes_first_each_with_what_is_there_then() -> None:
    configuration = AgentConfiguration(
        default_model="v/new", fallback_models=("v/later", "v/going", "v/old"), understanding_model="v/today"
    )
    told = [(each.model, each.state, each.successor) for each in found(configuration)]
    assert told == [
        ("v/old", "retired", "v/going"),
        ("v/today", "retired", None),
        ("v/going", "ends_soon", "v/new"),
        ("v/new", "in_use", None),
        ("v/later", "in_use", None),
    ]


def test_a_successor_that_goes_first_is_passed_over() -> None:
    following = Catalogue(
        {each.id: each for each in (model("a", 30, "v/b"), model("b", 20, "v/new"), model("new"))}, {}
    )
    configuration = AgentConfiguration(default_model="v/a")
    (only,) = models_in_use(configuration, None, None, following, NOW)
    assert only.successor == "v/new"


def test_a_model_is_told_once_with_all_that_names_it() -> None:
    configuration = AgentConfiguration(default_model="v/going", fallback_models=("v/going",))
    all_named = found(configuration, policy("going", "new", "going", "new"), "v/old")
    assert {each.model: each.named_by for each in all_named} == {
        "v/old": ("embedding_model",),
        "v/going": ("default_model", "fallback_models", "simple_queries", "complex_reasoning"),
        "v/new": ("default", "large_context"),
    }


def test_of_what_the_catalogue_does_not_know_nobody_knows_an_end() -> None:
    assert found(AgentConfiguration(default_model="compatible/mine"))[0].state == "in_use"
