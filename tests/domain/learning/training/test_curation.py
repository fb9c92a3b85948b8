"""Curation at its full size: 5,000 examples, 500 made-up persons and 300 cases in them, in memory."""

from __future__ import annotations

import json
from itertools import pairwise
from random import Random
from uuid import UUID

from domain.feedback.exchange import Exchange
from domain.learning.training.curation import Candidate, Cases, Curated, curate
from domain.learning.training.example import part_of, turns_of
from domain.learning.training.formats import FORMATS, line_of, problems_in
from domain.models.completion import Turn
from tests.domain.learning.canaries import canaries

WORDS = [
    "order",
    "delivery",
    "refund",
    "parcel",
    "address",
    "invoice",
    "opening",
    "sunday",
    "change",
    "cancel",
    "payment",
    "card",
    "voucher",
    "size",
    "colour",
    "return",
    "shop",
    "store",
    "late",
    "broken",
    "missing",
    "warranty",
    "repair",
    "stock",
    "price",
    "discount",
    "account",
    "password",
    "email",
    "help",
    "week",
    "today",
    "when",
    "where",
    "how",
    "long",
    "does",
    "it",
    "take",
]


def sentence(random: Random, words: int) -> str:
    return " ".join(random.choices(WORDS, k=words))


def uuid(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128))


def world(seed: int, count: int = 5_400) -> tuple[list[Candidate], list[str], list[str], set[UUID]]:
    """Candidates; what must not be left of 500 persons; messages of cases; the corrections that are, nearly, such a case."""
    random = Random(seed)
    planted = iter(list(canaries(500, random)))
    conversations = [uuid(random) for _ in range(count // 2)]
    candidates, secrets, cases, held = [], [], [], set()
    for number in range(count):
        message, answer = sentence(random, random.randint(8, 30)), sentence(random, random.randint(8, 40))
        context = [
            Turn(role="user", text=sentence(random, 9)),
            Turn(role="assistant", text=sentence(random, 9)),
        ][: random.choice((0, 1, 2))]
        if number % 10 == 0 and (person := next(planted, None)) is not None:
            text, secret = person
            secrets.append(secret)
            place = number // 10 % 3
            message, answer = (f"{message}\n{text}", answer) if place == 0 else (message, f"{answer}\n{text}")
            context = [Turn(role="user", text=text), *context] if place == 2 else context
        correction = uuid(random)
        if number % 18 == 1:
            held.add(correction)
            asked = message if number % 4 == 1 else message.upper() + "!"
            words = asked.split()
            words[-1] = "please" if number % 8 == 3 else words[-1]
            cases.append(" ".join(words))
        candidates.append(
            Candidate(
                correction=correction,
                conversation=random.choice(conversations),
                exchange=Exchange(message=message, context=tuple(context), answer=answer),
                quality=4.5,
                category="other",
            )
        )
    return candidates, secrets, cases, held


def files(curated: Curated) -> dict[str, bytes]:
    found = {}
    for form in FORMATS:
        for part in ("train", "validation"):
            exchanges = [each.exchange for each in curated.examples if each.part == part and each.exchange]
            found[f"{form}/{part}"] = b"".join(line_of(form, exchange, "You help.") for exchange in exchanges)
    return found


def test_an_export_of_5000_examples_holds_no_person_and_no_case_and_is_always_the_same() -> None:
    candidates, secrets, cases, held = world(20261129)
    curated = curate(candidates, Cases(messages=cases))
    assert len(curated.examples) >= 5_000
    made = {example.id for example in curated.examples}
    assert made & held == set()
    assert curated.left_out.keys() == {"near_evaluation_case"}
    assert len(made) + curated.left_out["near_evaluation_case"] == len(candidates)
    assert curated.left_out["near_evaluation_case"] <= len(held) + 5, (
        "hardly anything else is taken for a case"
    )
    exported = files(curated)
    whole = b"".join(exported.values()).decode().lower()
    assert len(secrets) == 500
    assert [secret for secret in secrets if secret in whole] == []
    assert sum(curated.masked.values()) >= 490
    some = candidates[:500]
    first = curate(some, Cases(messages=cases))
    Random(1).shuffle(some)
    Random(2).shuffle(cases)
    again = curate(some, Cases(messages=cases))
    assert (again, files(again)) == (first, files(first))
    for name, data in exported.items():
        form, _, part = name.partition("/")
        lines = data.splitlines(keepends=True)
        assert problems_in(form, lines, validation=part == "validation", tokens=len) == []  # type: ignore[arg-type]


def test_a_conversation_is_on_one_side_for_ever_and_the_sides_are_four_to_one() -> None:
    random = Random(3)
    conversations = [uuid(random) for _ in range(10_000)]
    share = sum(part_of(each) == "validation" for each in conversations) / len(conversations)
    assert 0.18 < share < 0.22
    assert part_of(UUID(int=5)) == part_of(UUID(int=5))
    assert {part_of(UUID(int=number)) for number in range(50)} == {"train", "validation"}


def test_what_is_not_to_be_used_erased_of_a_case_twice_or_empty_is_left_out_and_counted() -> None:
    random = Random(4)

    def candidate(message: str, answer: str = "Yes, we do.", **facts: object) -> Candidate:
        defaults = {"correction": uuid(random), "conversation": uuid(random), "quality": 5.0}
        exchange = Exchange(message=message, answer=answer)
        return Candidate(**{"exchange": exchange, **defaults, **facts})  # type: ignore[arg-type]

    origin = uuid(random)
    earlier = Exchange(
        message="and in blue?",
        context=(Turn(role="user", text="do you have the long red coat in stock?"),),
        answer="No.",
    )
    candidates = [
        candidate("do you ship to Norway?"),
        candidate("do you ship to norway", answer="yes we do"),
        candidate("do you gift-wrap?", use="none"),
        candidate("gone", exchange=None),
        candidate("what a case was made of", correction=origin),
        candidate("x", exchange=earlier),
        candidate("hello\ndo you have the long red coat in stock?"),
        candidate("are there student discounts?", answer="👍"),
    ]
    cases = Cases(messages=("Do you have the long red coat in stock", "hello"), origins=frozenset({origin}))
    curated = curate(candidates, cases)
    assert curated.left_out == {
        "duplicate": 1, "use_forbidden": 1, "erased": 1, "evaluation_case": 1, "near_evaluation_case": 2, "empty": 1,
    }  # fmt: skip
    assert len(curated.examples) == 1


def test_turns_alternate_from_the_customer_to_the_answer() -> None:
    said = [
        ("assistant", "A machine answers."),
        ("user", "a"),
        ("user", "b"),
        ("assistant", "c"),
        ("user", "d"),
    ]
    context = tuple(Turn(role=role, text=text) for role, text in said)  # type: ignore[arg-type]
    exchange = Exchange(message="e", context=context, answer="f")
    turns = turns_of(exchange)
    assert [(turn.role, turn.text) for turn in turns] == [
        ("user", "a\nb"), ("assistant", "c"), ("user", "d\ne"), ("assistant", "f"),
    ]  # fmt: skip
    assert all(one.role != other.role for one, other in pairwise(turns))
    chat = json.loads(line_of("openai", exchange, "System."))
    assert [(each["role"], each.get("weight")) for each in chat["messages"]] == [
        ("system", None), ("user", None), ("assistant", 0), ("user", None), ("assistant", None),
    ]  # fmt: skip
    vertex = json.loads(line_of("vertex", exchange, "System."))
    assert [each["role"] for each in vertex["contents"]] == ["user", "model"]
    assert "c" in vertex["systemInstruction"]["parts"][0]["text"]
    assert json.loads(line_of("vertex", Exchange(message="a", answer="b"))).keys() == {"contents"}
