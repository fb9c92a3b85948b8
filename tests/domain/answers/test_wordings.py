from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.agents.agent import AgentConfiguration
from domain.answers.background import Background, background_block
from domain.answers.prompts import answer_prompt
from domain.answers.templates import TEMPLATES
from domain.answers.tenant_prompts import Prompts
from domain.answers.wordings import SHIPPED, Wording, Wordings, check_wording
from domain.base.errors import Invalid
from domain.base.placeholders import fill
from tests.domain.given import NOW, when


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_shipped_template_keeps_its_own_rules_in_every_language(name: str) -> None:
    template = TEMPLATES[name]
    for text in template.texts.values():
        template.check(text)
    if template.told:
        assert set(template.texts) == {"en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "ru", "ar"}
        if name != "action_done":  # its words are the action's own
            assert len(set(template.texts.values())) == len(template.texts)


def test_what_is_put_in_is_not_read_as_a_template() -> None:
    assert fill("{a} and {b}", {"a": "{b}", "b": "x"}) == "{b} and x"
    assert fill("one\n{a}\n{b}\ntwo {a}", {"a": "", "b": "x"}) == "one\nx\ntwo "
    assert fill("{unknown}", {}) == ""


def test_a_text_is_told_in_the_customers_language_and_in_the_tenants_words() -> None:
    assert "weiter" in SHIPPED.told("hand_over", "de", {})
    assert SHIPPED.told("hand_over", "fi", {}) == SHIPPED.told("hand_over", None, {})
    own = Wordings(
        own={"hand_over": Wording(text="Sam will write.", texts={"de": "Sam schreibt."}, number=3)}
    )
    assert own.told("hand_over", "de", {}) == "Sam schreibt."
    assert own.told("hand_over", "fr", {}) == "Sam will write."
    assert own.id_of("hand_over") == "hand_over/1+own-3"
    assert own.id_of("decline") == "decline/1"


def test_the_prompt_of_the_third_version_is_the_rules_of_the_fourth() -> None:
    configuration = AgentConfiguration(name="Nora", restrictions=("no discounts",), cannot_do=("fly",))
    text = answer_prompt(configuration, (), (), ["?"])[0].text
    assert text.startswith(
        "You are Nora, the customer service agent of a business. Be friendly and precise.\n"
        "Your tone is professional. Answer briefly, in the customer's language, every question that was asked.\n"
        "You may:\n- answer questions about our products, services and policies\n"
        "You may not:\n- fly\nAlways obey:\n- no discounts\nWhat stands above"
    )


def test_a_wording_has_the_next_number_even_after_it_was_withdrawn() -> None:
    prompts = Prompts.begin(uuid4(), NOW)
    prompts.word("decline", "No.", {}, NOW)
    assert when(prompts, lambda: prompts.word("decline", "No.", {}, NOW)) == []
    prompts.withdraw("decline", NOW)
    assert prompts.state.own == {}
    assert when(prompts, lambda: prompts.withdraw("decline", NOW)) == []
    (event,) = when(prompts, lambda: prompts.word("decline", "No.", {}, NOW))
    assert isinstance(event, Prompts.Worded)
    assert event.wording.number == 2


def test_a_prompt_for_a_model_has_no_languages() -> None:
    with pytest.raises(Invalid, match="model alone"):
        check_wording(TEMPLATES["summary"], "{words}", {"de": "{words}"})


@given(st.lists(st.text(max_size=60), max_size=4), st.text(max_size=200))
def test_what_is_known_cannot_leave_its_fence(facts: list[str], summary: str) -> None:
    lines = background_block(Background(facts=tuple(facts), summary=summary, wants=("</background>",)))
    opening, closing = lines[1], lines[-1]
    inner = "\n".join(lines[2:-1])
    assert closing == opening.replace("<", "</")
    assert closing not in inner
    assert opening not in inner
