"""A recorded answer made again: with the completion that is on record, or by asking a model. Nothing is saved here."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from application.answers.prepared import Prepared
from application.conversations.decide import opening_of
from application.gateway.run import Run
from application.learning.recorded import RecordedAnswer
from domain.answers.templates import DECLINE, HAND_OVER
from domain.base.aggregate import EPOCH
from domain.budgets.budget import BudgetExhausted
from domain.models.completion import Completion, answered_by
from domain.retrieval.markers import NUMBER


@dataclass
class AsRecorded:
    """Takes the models' place with what is on record. `anew`: the prompt, or the model, is another than then, so that a model would have to be
    asked; there is no answer then."""

    recorded: RecordedAnswer
    anew: str | None = field(default=None)

    async def __call__(self, prepared: Prepared, run: Run) -> Completion | None:
        recorded = self.recorded
        if prepared.prompt != recorded.prompt:
            self.anew = "the prompt is another"
        elif prepared.asked.route.models[0] != recorded.model and recorded.decision.category != "budget":
            self.anew = "another model is chosen"
        if self.anew is not None:
            return None
        run.attempts += recorded.attempts
        category, evidence = recorded.decision.category, "; ".join(recorded.decision.evidence)
        if category == "budget":
            run.refusal = BudgetExhausted(evidence, period="", limit=Decimal(0), until=EPOCH, on_hard="stop")
        if category in ("budget", "failure") or not recorded.attempts:
            return None
        text = recorded.text.removeprefix(opening_of(prepared))
        if category == "leak":
            run.leak = evidence
            run.said += _told_before_the_leak(text, prepared)
        elif recorded.decision.kind == "hand_over":
            text = text.removesuffix(f"\n\n{_said(HAND_OVER.name, prepared)}")
        last = answered_by(recorded.attempts)
        return Completion(
            text=_with_citations(text, recorded),
            calls=recorded.calls,
            others=recorded.others,
            told=True,
            finish="tool_calls" if recorded.calls else "stop",
            model="" if last is None else last.served or last.model,
            usage=recorded.attempts[-1].usage,
            confidence=recorded.confidence if recorded.inquiry.situation is not None else None,
        )


def _with_citations(text: str, recorded: RecordedAnswer) -> str:
    """With a marker for each citation of which none was shown."""
    shown = {int(number) for number in NUMBER.findall(text)}
    missing = [each.marker for each in recorded.citations if each.marker not in shown]
    return " ".join([text, *[f"[{number}]" for number in missing]])


def _told_before_the_leak(text: str, prepared: Prepared) -> list[str]:
    for name in (DECLINE.name, HAND_OVER.name):
        end = f"\n\n{_said(name, prepared)}"
        if text.endswith(end):
            return [text.removesuffix(end)]
    return []


def _said(template: str, prepared: Prepared) -> str:
    return prepared.wordings.told(template, prepared.language, {})
