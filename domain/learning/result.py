"""The result of a case: what an answer that was tried came to, in figures without a person in them."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from domain.answers.plan import Kind
from domain.learning.scoring import TextScores

Arm = Literal["candidate", "baseline"]

Metric = Literal[
    "exact",
    "chrf",
    "bleu",
    "rouge_1",
    "rouge_l",
    "similarity",
    "citations",
    "judge",
    "handoff",
    "failed",
    "latency_ms",
    "cost",
]
"""What is reported of a case, or of all of them."""


class Result(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`failed`: no model gave an answer, however often it was tried. `model`: provider/name of who answered; None: it was decided without one;
    `stood_in`: that was another than the chosen one, which failed.

    `similarity`: cosine of the local embedder's vectors of the answer and the expected one; `citations`: as of `citation_correctness`;
    `judge`: the judge's mark, 0 to 1. `cost`: USD of the answer, without the judge's.
    """

    kind: Kind = "answer"
    category: str | None = None
    failed: bool = False
    model: str | None = None
    stood_in: bool = False
    confidence: float = 0.0
    scores: TextScores = TextScores()
    similarity: float | None = None
    citations: float | None = None
    judge: float | None = None
    cost: Decimal = Decimal(0)
    latency_ms: float = 0.0

    @property
    def handoff(self) -> bool:
        return self.kind == "hand_over"

    def figure(self, metric: Metric) -> float | None:
        """None: there is none for this case. A failed one has quality 0, and no latency."""
        if self.failed and metric in ("chrf", "rouge_1", "rouge_l", "similarity", "judge"):
            return 0.0
        found = {
            "exact": self.scores.exact,
            "chrf": self.scores.chrf,
            "rouge_1": self.scores.rouge_1,
            "rouge_l": self.scores.rouge_l,
            "similarity": self.similarity,
            "citations": self.citations,
            "judge": self.judge,
            "handoff": self.handoff,
            "failed": self.failed,
            "latency_ms": None if self.failed else self.latency_ms,
            "cost": self.cost,
        }.get(metric)
        return None if found is None else float(found)
