"""Decide: what the customer gets, once it is known what came of the model, and what is remembered of it. Nothing is read or saved here."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec
from msgspec.structs import replace

from application.answers.prepared import Prepared
from application.conversations.suggestions import pairings, reactions_in, suggestions_beside
from application.gateway.run import Run
from domain.answers.attribution.written_citations import endnotes, inline
from domain.answers.citing import answer_of, citations_in, confidence_of
from domain.answers.decision import conclude, is_unsure
from domain.answers.matches import Verdict, matches_in, verdicts
from domain.answers.memory import Memory, missing
from domain.answers.pictured import Pictured, on_show
from domain.answers.plan import Decision, Say, Situation
from domain.answers.prompts import OUT_OF_BUDGET
from domain.answers.suggesting.suggest import withheld
from domain.answers.templates import DECLINE, HAND_OVER
from domain.conversations.answers import Outcome, Reasons
from domain.models.completion import Citation, Completion


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """`template`: whatever made the text. `tail`: the end of it, which whoever hears the answer has not got piece by piece. `shown`: the text with
    its citations written out, where it shows them otherwise than by markers; `notes` of it stand before the tail.
    `verdicts`: of the customer's, on what they were taken to mean before. `on_show`: the one offer that it is about, which a card can show."""

    text: str
    template: str
    confidence: float
    citations: tuple[Citation, ...] = ()
    tail: str = ""
    shown: str | None = None
    notes: str = ""
    reasons: Reasons = Reasons()
    verdicts: tuple[Verdict, ...] = ()
    on_show: Pictured | None = None

    @property
    def handoff(self) -> str | None:
        """Why a person is to take over. Where the budget is gone that stands on record, though the agent goes on as soon as it may."""
        decision = self.reasons.decision
        return decision.category if decision.kind == "hand_over" or decision.category == "budget" else None

    @property
    def outcome(self) -> Outcome:
        """Without a person in it."""
        reasons = self.reasons
        understanding = reasons.understanding
        return Outcome(
            kind=reasons.decision.kind,
            category=reasons.decision.category,
            forgot=understanding is not None and understanding.forgot,
            recovered=reasons.recovers is not None,
            plain=reasons.plain,
            intents=()
            if understanding is None
            else tuple(dict.fromkeys(intent.name for intent in understanding.intents)),
            suggested=() if reasons.suggestions is None else pairings(reasons.suggestions),
            reactions=reasons.reactions,
            matched=matches_in(reasons.decision, understanding),
            verdicts=self.verdicts,
        )

    @property
    def suggested(self) -> str:
        """What is told behind all else; may be empty."""
        told = "" if self.reasons.suggestions is None else self.reasons.suggestions.told
        return f"\n\n{told}" if told else ""


def decide_reply(
    prepared: Prepared,
    run: Run,
    completion: Completion | None,
    situation: Situation,
    memory: Memory,
    *,
    taken: bool,
) -> Reply | None:
    """None: no answer came, and it is to be tried again. `situation`, and `memory` before these messages, as they were when it was prepared;
    `taken`: a person has come while the customer was getting the answer, which ends there."""
    plan, configuration = prepared.considered.plan, prepared.configuration
    confidence = None if completion is None else confidence_of(completion, prepared.passages)
    # What an action returned is no passage that could be cited, and a ground all the same.
    grounded = bool(prepared.passages) and not prepared.called
    decision: Decision | None = plan.decision
    if not taken:
        decision = conclude(
            plan,
            situation,
            configuration,
            confidence=confidence,
            grounded=grounded,
            leak=run.leak,
            out_of_budget=run.failure() if run.out_of_budget else None,
        )
    if decision is None:
        return None
    if taken and completion is None:
        return None
    if plan.say is not None:
        text = _told(prepared, plan.say)
        sure = 0.0 if decision.kind == "hand_over" else 1.0
        reply = Reply(text=text, template=_id(prepared, plan.say), confidence=sure, tail=text)
    elif completion is None and decision.category == "budget":
        text = configuration.out_of_budget
        reply = Reply(text=text, template=OUT_OF_BUDGET, confidence=0.0, tail=text)
    elif completion is None or run.leak is not None:
        reply = _instead(prepared, run, decision)
    else:
        reply = _answered(prepared, completion, confidence or 0.0, decision, taken)
    unsure = confidence is not None and is_unsure(confidence, grounded, configuration)
    remembered = _remembered(prepared, run.interaction, decision, unsure)
    reasons = Reasons(
        understanding=prepared.considered.understanding,
        decision=decision,
        cut=prepared.cut,
        remembered=None if remembered == memory else remembered,
        afresh=plan.afresh,
        recovers=None if unsure or reply.confidence == 0.0 else plan.recovers,
        plain=prepared.plain,
        suggestions=None
        if taken
        else suggestions_beside(reply.text, reply.citations, prepared, decision, situation, unsure=unsure),
        reactions=reactions_in(prepared, situation),
    )
    settled = verdicts(situation.matched, decision, refuses=situation.refuses and not reasons.reactions)
    nothing_to_sell = withheld(decision, reasons.understanding) is not None
    shown = None if nothing_to_sell else on_show(prepared.pictured, reply.citations, memory)
    return replace(reply, reasons=reasons, verdicts=settled, on_show=shown)


def opening_of(prepared: Prepared) -> str:
    """What is said before the model's answer; may be empty."""
    opening = prepared.considered.plan.opening
    return "" if opening is None else f"{_told(prepared, opening)}\n\n"


def written_of(prepared: Prepared) -> Callable[[str], str]:
    """How a piece of the model's answer is shown to the customer."""
    if not (prepared.configuration.attribution and prepared.configuration.attribution_style == "inline"):
        return str
    return lambda piece: inline(piece, citations_in(piece, prepared.passages), prepared.language)


def _answered(
    prepared: Prepared, completion: Completion, confidence: float, decision: Decision, taken: bool
) -> Reply:
    text, citations = answer_of(completion, prepared.passages, prepared.sources, prepared.asked.sources)
    tail = ""
    if decision.kind == "hand_over":
        tail = f"\n\n{_told(prepared, Say(template=HAND_OVER.name))}"
    opening, configuration = opening_of(prepared), prepared.configuration
    whole, notes = f"{opening}{text}{tail}", ""
    if (
        citations
        and not taken
        and configuration.attribution
        and configuration.attribution_style == "endnotes"
    ):
        notes = f"\n\n{endnotes(citations, prepared.language)}"
    shown = f"{opening}{written_of(prepared)(text)}{notes}{tail}"
    return Reply(
        text=whole,
        template=prepared.template or "",
        confidence=confidence,
        citations=citations,
        tail=tail,
        shown=None if shown == whole else shown,
        notes=notes,
    )


def _instead(prepared: Prepared, run: Run, decision: Decision) -> Reply:
    """In place of an answer that did not come, or of the rest of one that must not be told."""
    say = Say(template=HAND_OVER.name if decision.kind == "hand_over" else DECLINE.name)
    said, text = "".join(run.said), _told(prepared, say)
    if said:
        tail = f"\n\n{text}"
        return Reply(
            text=f"{opening_of(prepared)}{said}{tail}",
            template=_id(prepared, say),
            confidence=0.0,
            citations=citations_in(said, prepared.passages),
            tail=tail,
        )
    return Reply(text=text, template=_id(prepared, say), confidence=0.0, tail=text)


def _remembered(prepared: Prepared, interaction: UUID, decision: Decision, unsure: bool) -> Memory:
    considered = prepared.considered
    plan, memory = considered.plan, considered.memory
    if plan.afresh:
        memory = Memory(facts=memory.facts, missed=memory.missed, language=memory.language)
    if plan.recovers is not None and not unsure:
        left = tuple(each for each in memory.missed if each.interaction != plan.recovers)
        memory = replace(memory, missed=left)
    asked = plan.questions or prepared.asked.request.questions
    understanding = considered.understanding
    complains = understanding is not None and understanding.forgot
    of = plan.recovers if plan.recovers is not None or complains else interaction  # a complaint asks nothing
    if of is not None and (decision.category == "failure" or unsure):
        memory = missing(memory, of, "\n".join(asked))
    in_a_row = memory.unsure + 1 if unsure else 0
    if decision.kind == "hand_over":
        in_a_row = 0
    return replace(memory, pending=plan.asks, unsure=in_a_row)


def _told(prepared: Prepared, say: Say) -> str:
    return prepared.wordings.told(say.template, prepared.language, say.values)


def _id(prepared: Prepared, say: Say) -> str:
    return prepared.wordings.id_of(say.template)
