"""Models and their prices, the tenant's own ones too; and models side by side on live traffic."""

from __future__ import annotations

from datetime import date

import msgspec

from interfaces.http.console.screens.form import Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.gateway import routing
from interfaces.http.insight import models as compared
from interfaces.http.models import models, price
from interfaces.http.models.models import ModelIn
from interfaces.http.models.price import CorrectionIn, PriceIn

TERMS = {
    "input": "USD per million tokens.",
    "output": "USD per million tokens.",
    "cached": "Empty: as other input.",
    "cache_write": "Empty: as other input.",
}


class PricesWanted(msgspec.Struct, frozen=True, kw_only=True):
    model: str | None = None
    """As provider/name."""


class Days(msgspec.Struct, frozen=True, kw_only=True):
    """Without them the last 30 days."""

    since: date | None = None
    until: date | None = None


SCREENS = (
    Screen(
        path="/console/models",
        template="models/models.html",
        reads={"prices": price.list_all, "models": models.list_all, "used": routing.in_use},
        filters=PricesWanted,
        forms={
            "price": Form(
                route=price.replace,
                body=PriceIn,
                button="Set this price",
                done="The price is set.",
                hints={**TERMS, "model": "As provider/name.", "since": "In UTC; empty: now."},
            ),
            "correct": Form(
                route=price.correct,
                body=CorrectionIn,
                button="Correct this price",
                done="The price is corrected. What was charged stays as it is.",
                hints={
                    **TERMS,
                    "corrects": "Id of the price that was wrong or late.",
                    "since": "In UTC; may lie in the past.",
                },
            ),
            "model": Form(
                route=models.replace,
                body=ModelIn,
                button="Add this model",
                done="The model is on the list.",
                hints={"id": "As provider/name.", "context_window": "Tokens of prompt and answer together."},
            ),
        },
    ),
    Screen(
        path="/console/comparison",
        template="models/comparison.html",
        reads={"compared": compared.compare_models},
        filters=Days,
    ),
)
