from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

from domain.experiments.shadow import Shadow, Side, Spent, shadows
from tests.domain.given import NOW

SIDE = Side(cost=Decimal("0.001"), latency_ms=800.0, handoff=False)
NOTHING = Spent(attempts=(), embeddings=(), reservations=())


def compared(text: str | None) -> Shadow.Compared:
    shadow = Shadow.compare(
        UUID(int=1),
        UUID(int=2),
        UUID(int=3),
        position=40,
        told=SIDE,
        tried=SIDE,
        same=False,
        text=text,
        spent=NOTHING,
        at=NOW,
    )
    (event,) = shadow.collect_events()
    assert isinstance(event, Shadow.Compared)
    return event


def test_its_text_is_the_customer_s_and_all_else_outlives_them() -> None:
    event = compared("We open at nine.")
    bare, quotes = event.detach()
    assert bare.text is None
    assert [(quote.subject, quote.texts) for quote in quotes] == [(UUID(int=3), ("We open at nine.",))]
    assert bare.attach(quotes) == event
    assert bare.attach([quotes[0].__class__(place=0, texts=None)]) == bare
    silent = compared(None)
    assert silent.attach(silent.detach()[1]) == silent


def test_there_is_one_for_each_deployment_and_interaction() -> None:
    assert (
        compared("a").originator_id == compared("b").originator_id == Shadow.id_of(UUID(int=1), UUID(int=2))
    )


def test_a_share_of_the_conversations_is_shadowed_and_stays_so() -> None:
    deployment, all = uuid4(), [uuid4() for _ in range(2000)]
    tenth = {each for each in all if shadows(deployment, each, 0.1)}
    assert 120 < len(tenth) < 280
    assert tenth <= {each for each in all if shadows(deployment, each, 0.3)}
    assert not any(shadows(deployment, each, 0.0) for each in all)
    assert all == [each for each in all if shadows(deployment, each, 1.0)]
