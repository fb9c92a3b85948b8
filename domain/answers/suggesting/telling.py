"""How suggestions are told, behind the answer's text. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from domain.answers.suggesting.suggest import Reason, Suggested
from domain.answers.templates import BOUGHT_TOGETHER, GOES_WITH

TEMPLATES: dict[Reason, str] = {"goes_with": GOES_WITH.name, "bought_together": BOUGHT_TOGETHER.name}


def suggestion_text(offers: Sequence[Suggested], told: Callable[[str, dict[str, str]], str]) -> str:
    """A line for each reason and offer that they go with; `told`: a template by its name, filled. Empty without any."""

    def alike(each: Suggested) -> tuple[Reason, str]:
        return each.reason, each.to_name

    lines = []
    for (reason, to_name), some in groupby(offers, alike):
        names = [f"{each.name} ({each.price})" if each.price else each.name for each in some]
        lines.append(told(TEMPLATES[reason], {"offer": to_name, "suggested": ", ".join(names)}))
    return "\n".join(lines)
