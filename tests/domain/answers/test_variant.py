from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec
import pytest

from domain.agents.agent import AgentConfiguration
from domain.answers.templates import ANSWER
from domain.answers.variant import Variant
from domain.answers.wordings import SHIPPED, Wording, Wordings
from domain.base.errors import Invalid
from domain.gateway.policy import RoutingPolicy, Target, Tiers

TARGET = Target(provider="openai", model="gpt-4o", reason="known")
POLICY = RoutingPolicy(
    tiers=Tiers(simple_queries=TARGET, default=TARGET, complex_reasoning=TARGET, large_context=TARGET)
)
TEXT = ANSWER.texts["en"]


def read(body: dict[str, Any]) -> Variant:
    """As it comes over the wire."""
    return msgspec.json.decode(msgspec.json.encode(body), type=Variant).checked()


def test_an_empty_variant_is_the_agent_in_force() -> None:
    configuration = AgentConfiguration(name="Ann")
    assert Variant().applied(configuration) is configuration
    assert Variant().parts == frozenset()
    assert Variant().models == ()


def test_what_it_names_takes_the_place_of_the_agents_own() -> None:
    variant = read({"configuration": {"temperature": 1, "cannot_do": ["guess"]}})
    assert variant.applied(AgentConfiguration(name="Ann")) == AgentConfiguration(
        name="Ann", temperature=1.0, cannot_do=("guess",)
    )
    pinned = read({"model": "gemini/gemini-x", "configuration": {"tone": "warm"}})
    assert pinned.applied(AgentConfiguration()) == AgentConfiguration(
        default_model="gemini/gemini-x", tone="warm"
    )


def test_the_digest_is_that_of_what_it_says() -> None:
    one = read({"configuration": {"temperature": 1, "tone": "warm"}, "routing": msgspec.to_builtins(POLICY)})
    other = read(
        {"routing": msgspec.to_builtins(POLICY), "configuration": {"tone": "warm", "temperature": 1.0}}
    )
    assert one.digest == other.digest
    # Recorded ones are compared with it: it never changes, whatever fields come.
    assert read({"model": "a/b"}).digest == sha256(b'{"model":"a/b"}').hexdigest()
    assert Variant().digest == sha256(b"{}").hexdigest()
    different = [
        Variant(),
        read({"model": "a/b"}),
        read({"configuration": {"tone": "a/b"}}),
        read({"prompts": {"answer": TEXT}}),
        read({"routing": msgspec.to_builtins(POLICY)}),
    ]
    assert len({variant.digest for variant in different}) == len(different)


def test_it_tells_which_parts_it_touches_and_which_models_it_names() -> None:
    variant = read(
        {
            "configuration": {
                "tone": "warm",
                "default_model": "a/b",
                "fallback_models": ["c/d"],
                "understanding_model": "e/f",
            },
            "routing": msgspec.to_builtins(POLICY),
            "prompts": {"answer": TEXT},
        }
    )
    assert variant.parts == {
        "configuration.tone",
        "configuration.understanding_model",
        "prompts.answer",
        "model",
    }
    assert variant.models == ("a/b", "e/f", "c/d", "openai/gpt-4o")
    renamed = variant.renamed(str.upper)
    assert renamed.models == ("A/B", "E/F", "C/D", "OPENAI/GPT-4O")
    assert read({"model": "a/b"}).renamed(str.upper).model == "A/B"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"configuration": {"tune": "warm"}}, r"has no 'tune'; it has name, personality, tone"),
        (
            {"configuration": {"embedding_model": "a/b"}},
            r"embedding_model .* PUT /v1/embedding-model sets it",
        ),
        ({"configuration": {"temperature": 3}}, r"configuration: .*<= 2.*temperature"),
        ({"configuration": {"temperature": "warm"}}, r"configuration: Expected `float \| null`, got `str`"),
        ({"prompts": {"anwser": TEXT}}, r"there is no prompt 'anwser'; there are action_confirm, "),
        ({"prompts": {"answer": TEXT + " {nobody}"}}, r"knows no \{nobody\}; known are"),
        ({"prompts": {"answer": "Be nice."}}, r"lacks \{"),
        ({"model": "a/b", "routing": msgspec.to_builtins(POLICY)}, r"would pass them by"),
        ({"model": "a/b", "configuration": {"default_model": "c/d"}}, r"would pass them by"),
        (
            {
                "routing": {
                    **msgspec.to_builtins(POLICY),
                    "thresholds": {"simple_below": 0.8, "complex_above": 0.2},
                }
            },
            r"simple_below must not be more",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_what_there_is(body: dict[str, Any], told: str) -> None:
    with pytest.raises(Invalid, match=told):
        read(body)


def test_a_prompt_of_a_variant_says_so_where_it_was_used() -> None:
    own = Wordings(own={"greet": Wording(text="Hi!", number=2)})
    varied = own.varied_by({"greet": "Hello!", "answer": "Be {name}."})
    assert varied.told("greet", "de", {}) == "Hello!"
    assert varied.prompt("answer", {"name": "Ann"}) == "Be Ann."
    assert own.id_of("greet").endswith("+own-2")
    assert varied.id_of("greet").startswith("greet/")
    assert "+variant-" in varied.id_of("greet")
    assert varied.id_of("greet") != own.varied_by({"greet": "Good day!"}).id_of("greet")
    assert varied.id_of("decline") == SHIPPED.id_of("decline")
