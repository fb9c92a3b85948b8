"""Near-duplicates: found whatever the order, capitals and names; what only looks alike is not taken for one."""

from __future__ import annotations

from random import Random

from domain.learning.training.near_duplicates import SIMILAR, NearDuplicates, _shingles, _similarity, plain

WORDS = [
    "order",
    "delivery",
    "refund",
    "parcel",
    "address",
    "invoice",
    "open",
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
    "phone",
    "help",
    "time",
    "week",
    "today",
]


def sentence(random: Random, words: int) -> str:
    return " ".join(random.choices(WORDS, k=words))


def test_a_text_with_other_capitals_marks_and_placeholders_is_the_same() -> None:
    known = NearDuplicates(["Where is my order, [NAME]?", "Ok", ""])
    assert known.has("WHERE is my order [NUMBER]!!!")
    assert known.has(" ok. ")
    assert not known.has("Where is my parcel today?")
    assert not known.has("")


def test_pairs_above_the_threshold_are_found_and_none_below_it() -> None:
    """Against the exact comparison with all."""
    random = Random(20261129)
    texts = [sentence(random, random.randint(4, 30)) for _ in range(150)]
    known, exact = NearDuplicates(texts), [_shingles(plain(text)) for text in texts]
    near = missed = wrong = 0
    for text in texts[:60]:
        words = text.split()
        for place in random.sample(range(len(words)), max(1, len(words) // 8)):
            words[place] = random.choice(WORDS)
        changed = " ".join(words)
        best = max(_similarity(_shingles(plain(changed)), each) for each in exact)
        near += best >= SIMILAR
        missed += best >= SIMILAR and not known.has(changed)
        wrong += best < SIMILAR and known.has(changed)
    assert near > 10
    assert (missed, wrong) == (0, 0)


def test_what_an_index_finds_does_not_depend_on_the_process() -> None:
    assert _shingles("café 24").tolist() == sorted(_shingles("café 24").tolist())
    assert int(_shingles("café 24").sum() % (1 << 32)) == 432414605
