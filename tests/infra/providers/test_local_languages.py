"""What a question asks for is known in the languages of the understanding: price, duration, hours, place, number."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import pytest

from domain.models.completion import CompletionRequest, Passage, Turn
from infra.providers.local.asking import is_foreign
from infra.providers.local.completer import LocalCompleter
from infra.retrieval.embedding import WordLlamaEmbedder

COMPLETER = LocalCompleter(WordLlamaEmbedder())


async def answer(question: str, texts: Sequence[str]) -> str:
    passages = tuple(
        Passage(
            id=uuid4().hex,
            document=uuid4(),
            title="t",
            ordinal=0,
            page=1,
            section=None,
            score=0.5,
            text=text,
        )
        for text in texts
    )
    prompt = (Turn(role="user", text=question),)
    request = CompletionRequest(model="extractive", prompt=prompt, questions=(question,), passages=passages)
    return (await COMPLETER.complete(request)).text


OFFERS = (
    "Blue mug\nA large mug of stoneware, for coffee and tea.\nPrice: 12.50 EUR\nBlue mug: 40 pieces in stock now.",
    "Trail shoe\nLight, for stony paths.\nPrice: 89 EUR\nTrail shoe: 7 pieces in stock now.",
)
PRICE, STOCK = "12.50 EUR", "40 pieces"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Was kostet der Blue mug?", PRICE),
        ("Wie teuer ist der Blue mug?", PRICE),
        ("Wie viele Blue mug gibt es?", STOCK),
        ("¿Cuánto cuesta el Blue mug?", PRICE),
        ("cuanto vale la Blue mug", PRICE),
        ("Combien coûte le Blue mug ?", PRICE),
        ("Quel est le prix du Blue mug ?", PRICE),
        ("Quanto costa il Blue mug?", PRICE),
        ("Quanto custa o Blue mug?", PRICE),
        ("Hoeveel kost de Blue mug?", PRICE),
        ("Wat is de prijs van de Blue mug?", PRICE),
        ("Ile kosztuje Blue mug?", PRICE),
        ("Blue mug ne kadar?", PRICE),
        ("Сколько стоит Blue mug?", PRICE),
        ("بكم Blue mug؟", PRICE),
        ("Blue mug の値段はいくらですか？", PRICE),
        ("Haben Sie den Blue mug auf Lager?", STOCK),
        ("كم سعر Blue mug؟", PRICE),
        ("Blue mug はいくらですか？", PRICE),
        ("How much is the Blue mug?", PRICE),
        ("How many Blue mugs are there?", STOCK),
    ],
)
async def test_an_offer_is_asked_about(question: str, expected: str) -> None:
    assert expected in await answer(question, OFFERS)


SHOP = {
    "de": (
        "Unser Laden ist ein Familienbetrieb. Der Laden ist montags bis freitags von 9 bis 18 Uhr offen. Der Laden liegt in der Hauptstraße 5.",
        "Der Versand ist versichert. Der Versand dauert 3 bis 5 Werktage. Der Versand nach Norwegen ist nicht billig, er liegt bei 15 Euro.",
    ),
    "es": (
        "La tienda es un negocio familiar. La tienda abre de lunes a viernes de 9 a 18 horas. La tienda se encuentra en la calle Mayor 5.",
        "El envío está asegurado. El envío tarda de 3 a 5 días. El envío a Noruega son 15 euros.",
    ),
    "fr": (
        "Le magasin est une affaire de famille. Le magasin ouvre du lundi au vendredi de 9h à 18h. Le magasin se trouve 5 rue de la Paix.",
        "La livraison est assurée. La livraison prend 3 à 5 jours. La livraison en Norvège revient à 15 euros.",
    ),
    "it": (
        "Il negozio è una ditta di famiglia. Il negozio apre dal lunedì al venerdì dalle 9 alle 18. Il negozio si trova in piazza Dante 5.",
        "La spedizione è assicurata. La spedizione richiede da 3 a 5 giorni. La spedizione in Norvegia viene 15 euro.",
    ),
    "pt": (
        "A loja é uma empresa de família. A loja abre de segunda a sexta das 9 às 18 horas. A loja fica na rua Augusta 5.",
        "O envio está seguro. O envio leva de 3 a 5 dias. O envio para a Noruega sai por 15 euros.",
    ),
    "nl": (
        "De winkel is een familiebedrijf. De winkel is van maandag tot vrijdag open van 9 tot 18 uur. De winkel ligt aan de Kerkstraat 5.",
        "De levering is verzekerd. De levering duurt 3 tot 5 dagen. De levering naar Noorwegen is 15 euro.",
    ),
    "pl": (
        "Sklep jest firmą rodzinną. Sklep jest otwarty od poniedziałku do piątku od 9 do 18. Sklep mieści się przy ulicy Długiej 5.",
        "Dostawa jest ubezpieczona. Dostawa trwa od 3 do 5 dni. Dostawa do Norwegii to 15 euro.",
    ),
    "tr": (
        "Mağaza bir aile işletmesidir. Mağaza pazartesi ile cuma arası saat 9 ile 18 açık. Mağaza Lale sokak 5 adresinde.",
        "Teslimat sigortalıdır. Teslimat 3 ile 5 gün sürer. Teslimat Norveç için 15 euro.",
    ),
    "ar": (
        "المتجر شركة عائلية. المتجر مفتوح من الاثنين إلى الجمعة من 9 إلى 18. المتجر في شارع النيل 5.",
        "الشحن مؤمن. الشحن يستغرق 3 أيام. الشحن إلى النرويج 15 يورو.",
    ),
    "ja": (
        "店舗は家族経営です。店舗は月曜から金曜の9時から18時まで開いています。店舗は渋谷駅の前です。",
        "配送は保険付きです。配送は3日間かかります。ノルウェーへの配送は1500円です。",
    ),
    "ru": (
        "Магазин — семейное дело. Магазин открыт с понедельника по пятницу с 9 до 18 часов. Магазин находится на улице Мира 5.",
        "Доставка застрахована. Доставка идёт от 3 до 5 дней. Доставка в Норвегию обойдётся в 15 евро €.",
    ),
}
"""What a shop says of itself, and of its shipping."""

HOURS, PLACE, DAYS, FEE = "18", " 5", "3 ", "15 e"


@pytest.mark.parametrize(
    ("language", "question", "expected"),
    [
        ("de", "Wann ist der Laden offen?", HOURS),
        ("de", "Wo ist der Laden?", "Hauptstraße 5"),
        ("de", "Wie lange dauert der Versand?", "3 bis 5 Werktage"),
        ("de", "Was kostet der Versand nach Norwegen?", "15 Euro"),
        ("es", "¿Cuándo abre la tienda?", HOURS),
        ("es", "¿Dónde está la tienda?", "calle Mayor 5"),
        ("es", "¿Cuánto tiempo tarda el envío?", "3 a 5 días"),
        ("es", "¿Cuánto cuesta el envío a Noruega?", "15 euros"),
        ("fr", "Quand ouvre le magasin ?", "18h"),
        ("fr", "Où est le magasin ?", "rue de la Paix"),
        ("fr", "Combien de temps prend la livraison ?", "3 à 5 jours"),
        ("fr", "Combien coûte la livraison en Norvège ?", "15 euros"),
        ("it", "Quando apre il negozio?", HOURS),
        ("it", "Dove si trova il negozio?", "piazza Dante"),
        ("it", "Quanto tempo ci vuole per la spedizione?", "3 a 5 giorni"),
        ("it", "Quanto costa la spedizione in Norvegia?", "15 euro"),
        ("pt", "Quando abre a loja?", HOURS),
        ("pt", "Onde fica a loja?", "rua Augusta"),
        ("pt", "Quanto tempo leva o envio?", "3 a 5 dias"),
        ("pt", "Quanto custa o envio para a Noruega?", "15 euros"),
        ("nl", "Wanneer is de winkel open?", HOURS),
        ("nl", "Waar is de winkel?", "Kerkstraat 5"),
        ("nl", "Hoe lang duurt de levering?", "3 tot 5 dagen"),
        ("nl", "Wat kost de levering naar Noorwegen?", "15 euro"),
        ("pl", "Kiedy otwarty jest sklep?", HOURS),
        ("pl", "Gdzie jest sklep?", "Długiej 5"),
        ("pl", "Jak długo trwa dostawa?", "3 do 5 dni"),
        ("pl", "Ile kosztuje dostawa do Norwegii?", "15 euro"),
        ("tr", "Mağaza ne zaman açık?", HOURS),
        ("tr", "Mağaza nerede?", "Lale sokak"),
        ("tr", "Teslimat ne kadar sürer?", "3 ile 5 gün"),
        ("tr", "Norveç için teslimat ne kadar?", "15 euro"),
        ("ar", "متى المتجر مفتوح؟", HOURS),
        ("ar", "أين المتجر؟", "شارع النيل"),
        ("ar", "كم يستغرق الشحن؟", "3 أيام"),
        ("ar", "بكم الشحن إلى النرويج؟", "15 يورو"),
        ("ja", "店舗の営業時間は？", HOURS),
        ("ja", "店舗はどこですか？", "渋谷駅"),
        ("ja", "配送は何日かかりますか？", "3日間"),
        ("ja", "ノルウェーへの配送はいくらですか？", "1500円"),
        ("ru", "Когда открыт магазин?", HOURS),
        ("ru", "Где находится магазин?", "Мира 5"),
        ("ru", "Как долго идёт доставка?", "3 до 5 дней"),
        ("ru", "Сколько стоит доставка в Норвегию?", "15 евро"),
    ],
)
async def test_a_shop_is_asked_in_its_own_language(language: str, question: str, expected: str) -> None:
    text = await answer(question, SHOP[language])
    assert expected in text.split(" [")[0], "first of all"


@pytest.mark.parametrize(
    "question",
    [
        "How much is a hat in Los Angeles?",
        "is the hat warm",
        "is ten am EST ok",
        "met a man in a hat",
        "When do pets die?",
        "wifi password",
    ],
)
def test_an_english_question_is_taken_for_no_other(question: str) -> None:
    assert not is_foreign(question)
