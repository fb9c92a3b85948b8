"""Understanding: what a burst of messages says, by rules; and the screening of texts for orders to the agent.

Begin in `understand.py: understand`; `result.py` has what comes of it. One file a subject: `clauses.py`, `cohesion.py` and `intents.py`, `urgency.py`, `person.py`,
`forgotten.py`, `entities.py`, `references.py`, `spelling.py`, `scope.py`; `screening.py: screen` is for passages as well. `phrases.py` finds the entries of the word lists in `words/`, which are data by language.
"""

from __future__ import annotations

from domain.answers.understanding.result import (
    Business,
    Correction,
    Entity,
    Intent,
    NamedOffer,
    Reference,
    Screened,
    Understanding,
)
from domain.answers.understanding.screening import FLAGGED, screen
from domain.answers.understanding.understand import VERSION, load, understand, with_more

__all__ = [
    "FLAGGED",
    "VERSION",
    "Business",
    "Correction",
    "Entity",
    "Intent",
    "NamedOffer",
    "Reference",
    "Screened",
    "Understanding",
    "load",
    "screen",
    "understand",
    "with_more",
]
