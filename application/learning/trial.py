"""A trial: an answer made as a customer's is, by a variant of the agent, which nobody gets. Nothing of a conversation is saved.

Whoever tries holds and pays: what it cost stands in the `Run`, whatever becomes of the trial, and is saved with the caller's own event by
`settled_save`.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from decimal import Decimal

import msgspec

from application.answers.inquiry import Inquiry
from application.answers.lost import lost_of
from application.answers.ports import Ports
from application.answers.prepare import prepare_with
from application.answers.prepared import Prepared
from application.answers.variants import Served, served_to, varied
from application.budgets.hold import Announce
from application.conversations.decide import Reply, decide_reply
from application.gateway.complete import complete
from application.gateway.run import Run
from application.gateway.tenant_settings import Chosen
from domain.answers.citing import answer_of, confidence_of
from domain.answers.decision import with_leak
from domain.answers.plan import Decision
from domain.answers.suggesting.suggest import Suggestions
from domain.answers.templates import DECLINE
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.budgets.budget import BudgetRefusal
from domain.models.choices import all_shown
from domain.models.completion import Attempt, Citation, Completion, answered_by
from domain.models.tools import shown

CHOSEN = Chosen(by="deployment", reason="a variant that is tried")

Recall = Callable[[Prepared], Awaitable[Prepared]]

Completing = Callable[[Prepared, Run], Awaitable[Completion | None]]
"""Asks the models that were prepared, as `complete` does."""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """`text`: with the calls of tools (`domain/models/tools.py: shown`). None: no answer came; `failure` says why, and `refusal` how the budget forbade it: then whatever text there is, by the last
    resort, tells nothing of the variant.

    `prepared`: what it rests on. `attempts` and `embeddings` are the run's, `cost` (USD) their sum. `latency_ms`: all of it, without the time
    for which it waited to begin.
    """

    prepared: Prepared
    text: str | None
    citations: tuple[Citation, ...] = ()
    decision: Decision = Decision()
    confidence: float = 0.0
    suggestions: Suggestions | None = None
    failure: str | None = None
    refusal: BudgetRefusal | None = None
    attempts: tuple[Attempt, ...] = ()
    embeddings: tuple[Attempt, ...] = ()
    cost: Decimal = Decimal(0)
    latency_ms: float = 0.0

    @property
    def model(self) -> str | None:
        """provider/model that answered; None: it was decided without one."""
        last = answered_by(self.attempts)
        return None if last is None else f"{last.provider}/{last.model}"


async def try_answer(
    inquiry: Inquiry,
    variant: Variant,
    run: Run,
    context: Context,
    ports: Ports,
    *,
    base: Served | None = None,
    begin: Announce | None = None,
    completing: Completing | None = None,
    recall: Recall | None = None,
) -> Tried:
    """Prepare, complete and decide. `variant` lies over `base`, else over the agent in force, whatever splits there are. Never out of the cache
    of responses, nor into it: the same question again is to cost, and take, what it does.

    `begin` is called before any model is asked, for the answer or on the way to it, with what is charged if nothing is heard of it any more: more
    each time; `recall` has what actions came to, which are never called here: without it there are none; `completing` takes the models' place. Raises as `prepare`; what `run` has by then is the caller's to record.
    """
    started = time.perf_counter()
    served = base or await served_to(context.tenant, None, inquiry.asks, ports)
    if variant != Variant():
        served = varied(served, variant, CHOSEN)
    if recall is None:
        served = msgspec.structs.replace(
            served, settings=msgspec.structs.replace(served.settings, actions=())
        )
    fresh = msgspec.structs.replace(inquiry, fresh=True, unit=None)
    spends = None if begin is None else run
    prepared = await prepare_with(fresh, served, context, ports, started=started, begin=begin, run=spends)
    prepared = _without_a_cheaper_one(prepared if recall is None else await recall(prepared))
    run.begin(prepared.asked, prepared.embeddings, prepared.held)
    before = time.perf_counter()
    if begin is not None:
        await begin(await lost_of(prepared, ports))
    waited = time.perf_counter() - before
    completion: Completion | None = None
    if prepared.considered.plan.say is None:
        completion = await (
            complete(prepared.asked, run, context, ports) if completing is None else completing(prepared, run)
        )
    took = round((time.perf_counter() - started - waited) * 1000, 3)
    tried = _decided(inquiry, prepared, run, completion)
    return msgspec.structs.replace(
        tried,
        refusal=run.refusal,
        attempts=tuple(run.attempts),
        embeddings=tuple(run.embeddings),
        cost=run.cost,
        latency_ms=took,
    )


def _without_a_cheaper_one(prepared: Prepared) -> Prepared:
    """Where the budget is gone the cheapest model would answer a customer; of a variant that tells nothing, and is not worth its cost."""
    asked = prepared.asked
    return msgspec.structs.replace(
        prepared,
        asked=msgspec.structs.replace(asked, route=msgspec.structs.replace(asked.route, degraded="")),
    )


def _decided(inquiry: Inquiry, prepared: Prepared, run: Run, completion: Completion | None) -> Tried:
    if inquiry.situation is not None:
        reply = decide_reply(prepared, run, completion, inquiry.situation, inquiry.memory, taken=False)
        return _as_customer(prepared, run, reply)
    plan, declined = prepared.considered.plan, prepared.wordings.told(DECLINE.name, prepared.language, {})
    if plan.say is not None:
        return Tried(prepared=prepared, text=declined, decision=plan.decision)
    if completion is None:
        return Tried(prepared=prepared, text=None, failure=run.failure())
    if run.leak is not None:
        told = "\n\n".join(filter(None, ("".join(run.said), declined)))
        completion = msgspec.structs.replace(completion, text=told)
    text, citations = answer_of(completion, prepared.passages, prepared.sources, prepared.asked.sources)
    return Tried(
        prepared=prepared,
        text="\n".join(filter(None, (shown(text, completion.calls), all_shown(completion.others)))),
        citations=citations,
        decision=with_leak(plan.decision, run.leak),
        confidence=confidence_of(completion, prepared.passages),
    )


def _as_customer(prepared: Prepared, run: Run, reply: Reply | None) -> Tried:
    if reply is None:
        return Tried(prepared=prepared, text=None, failure=run.failure())
    return Tried(
        prepared=prepared,
        text=reply.text,
        citations=reply.citations,
        decision=reply.reasons.decision,
        confidence=reply.confidence,
        suggestions=reply.reasons.suggestions,
    )
