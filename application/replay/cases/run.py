"""A case's answers made again by today's code: with the completions of the record, nothing asked, nothing written."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import unified_diff

import msgspec
from msgspec.structs import replace

from application.answers.prepared import Prepared
from application.answers.variants import Served, varied
from application.gateway.run import Run
from application.learning.recorded_form import RecordedAnswer
from application.learning.trial import CHOSEN, try_answer
from application.replay.again import AsRecorded
from application.replay.anew import asked_on_the_way, searches_anew, understands_anew
from application.replay.cases.case import Case, CaseAnswer, outgoing, recorded_in
from application.replay.cases.parts import Bench, parts_for
from domain.answers.plan import Decision
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.base.errors import Refusal
from domain.models.completion import Completion, Turn
from domain.retrieval.embedding_model import LOCAL


class ReplayCase(msgspec.Struct, frozen=True, kw_only=True):
    """`variant` lies over the agent of then; `served`: the agent in its place. `loose`: what the model said then is taken also for another prompt, or another
    model: it tells nothing of what a model would say, but much of all that follows."""

    variant: Variant = Variant()
    served: Served | None = None
    loose: bool = False


class AnswerDifference(msgspec.Struct, frozen=True, kw_only=True):
    """Of one answer; `number` counts from 1. `why`: a model would have to be asked, so that there is no text now. `prompt`: unified difference of the two
    prompts, `text` that of the texts that go out; both are empty where there is none. `decision`: what was decided then and now, where that differs."""

    number: int
    interaction: str
    text: str = ""
    decision: tuple[str, str] | None = None
    why: str | None = None
    prompt: str = ""

    @property
    def differs(self) -> bool:
        return bool(self.text or self.decision or self.why)


class CaseReplay(msgspec.Struct, frozen=True, kw_only=True):
    """`answers`: one for each of the case's, also those that do not differ."""

    answers: tuple[AnswerDifference, ...]

    @property
    def differing(self) -> tuple[AnswerDifference, ...]:
        return tuple(each for each in self.answers if each.differs)


@dataclass
class Again:
    """What came of an answer now. `prompt`: that it was made with."""

    texts: tuple[str, ...]
    decision: Decision
    prompt: tuple[Turn, ...]
    why: str | None = None


@dataclass
class CaseCompleting:
    """The completion of the record, and by which prompt it was wanted."""

    recorded: RecordedAnswer
    loose: bool
    prompt: tuple[Turn, ...] = ()
    why: str | None = None

    async def __call__(self, prepared: Prepared, run: Run) -> Completion | None:
        self.prompt = prepared.prompt
        recorded = self.recorded
        if self.loose:
            recorded = replace(recorded, prompt=prepared.prompt, model=prepared.asked.route.models[0])
        taking = AsRecorded(recorded)
        completion = await taking(prepared, run)
        self.why = taking.anew
        return completion


async def replay_case(case: Case, command: ReplayCase, bench: Bench) -> CaseReplay:
    """Each answer beside what is on record. Raises Invalid for a variant that fits no agent."""
    command = replace(command, variant=command.variant.checked())
    found = []
    for number, answer in enumerate(case.answers, 1):
        again = await made_again(answer, command, bench)
        found.append(_difference(number, answer, again))
    return CaseReplay(answers=tuple(found))


async def made_again(answer: CaseAnswer, command: ReplayCase, bench: Bench) -> Again:
    """By the agent of then, or what the command has in its place. What can't be made without a model, or a deployment, says so in `why`."""
    served = command.served or answer.agent.served(bench.catalogue)
    variant = command.variant
    if variant != Variant():
        served = varied(served, variant, CHOSEN)
    recorded = recorded_in(answer, served)
    inquiry = replace(recorded.inquiry, interaction=bench.ids(), suggests=True)
    if understands_anew(variant) or searches_anew(variant):
        inquiry = replace(inquiry, understood=None)
    if searches_anew(variant):
        return _none(recorded, "passages would be looked for anew, which a case has none of")
    configuration = served.settings.configuration
    if (why := asked_on_the_way(inquiry, configuration, searches=False, space=LOCAL)) is not None:
        return _none(recorded, why)
    completing, run = CaseCompleting(recorded, command.loose), Run()
    context = Context(tenant=recorded.unit, actor="system:case", correlation=inquiry.interaction)
    parts = parts_for(recorded, answer.came, bench)
    try:
        tried = await try_answer(inquiry, Variant(), run, context, parts, base=served, completing=completing)
    except Refusal as refusal:
        return _none(recorded, refusal.detail)
    suggested = "" if tried.suggestions is None else tried.suggestions.told
    disclosed = tried.prepared.disclosure if answer.disclosure else ""
    return Again(
        texts=outgoing(disclosed, tried.text or "", suggested),
        decision=tried.decision,
        prompt=completing.prompt,
        why=completing.why or (None if tried.text is not None else tried.failure or "no answer came of it"),
    )


def _none(recorded: RecordedAnswer, why: str) -> Again:
    return Again(texts=(), decision=recorded.decision, prompt=recorded.prompt, why=why)


def _difference(number: int, answer: CaseAnswer, again: Again) -> AnswerDifference:
    record = answer.record
    then, now = _decided(record.decision), _decided(again.decision)
    return AnswerDifference(
        number=number,
        interaction=str(record.interaction),
        text="" if again.why is not None else unified(answer.texts, again.texts),
        decision=None if then == now else (then, now),
        why=again.why,
        prompt=unified(*([turn.said for turn in each] for each in (record.prompt, again.prompt)))
        if again.prompt
        else "",
    )


def _decided(decision: Decision) -> str:
    return decision.kind if decision.category is None else f"{decision.kind} ({decision.category})"


def unified(then: tuple[str, ...] | list[str], now: tuple[str, ...] | list[str]) -> str:
    """Unified difference, a line each of the texts' lines; empty where there is none."""
    before, after = ("\n\n".join(texts).splitlines() for texts in (then, now))
    return "\n".join(unified_diff(before, after, "recorded", "now", lineterm="", n=1))
