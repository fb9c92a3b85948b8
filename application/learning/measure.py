"""Measure: what an answer that was tried came to, against the expected one; a judge is asked for a mark where there is one."""

from __future__ import annotations

import asyncio

import msgspec

from application.answers.ports import Ports
from application.budgets.hold import Announce
from application.gateway.complete import complete
from application.gateway.lost_call import lost_call
from application.gateway.route import Route
from application.gateway.run import Asked, Run
from application.gateway.tenant_settings import settings_of
from application.learning.trial import Tried
from domain.base.context import Context
from domain.gateway.policy import pinned_by_request
from domain.learning.case import Case
from domain.learning.grounding import citation_correctness
from domain.learning.judging import ANSWER_TOKENS, Malformed, judge_prompt, read_mark
from domain.learning.result import Result
from domain.learning.scoring import folded, plain, score_text
from domain.models.completion import Attempt, CompletionRequest
from domain.retrieval.embedding_model import LOCAL


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """`because`: the judge's reason; None: there is none."""

    result: Result
    because: str | None = None


async def measure(
    tried: Tried,
    case: Case,
    judge: str | None,
    run: Run,
    marking: list[Attempt],
    begin: Announce,
    context: Context,
    ports: Ports,
) -> Measured:
    """`begin` puts on record what is charged if the process ends while the judge is asked: the answer as it was paid, and that call. Calls of
    the judge are put to `marking`, however this ends; what they hold of the budget, and calls of the embedder, to `run`."""
    assert tried.text is not None
    assert case.exchange is not None
    text, expected, passages = tried.text, case.exchange.answer, tried.prepared.passages

    def scored() -> tuple[Result, float | None]:
        return Result(scores=score_text(text, expected)), citation_correctness(text, passages)

    found, correct = await asyncio.to_thread(scored)
    result = msgspec.structs.replace(
        found,
        kind=tried.decision.kind,
        category=tried.decision.category,
        model=tried.model,
        stood_in=tried.model is not None and tried.model != tried.prepared.asked.route.models[0],
        confidence=tried.confidence,
        similarity=await _similarity(text, expected, run, context, ports),
        citations=correct,
        cost=tried.cost,
        latency_ms=tried.latency_ms,
    )
    if judge is None:
        return Measured(result=result)
    asked = await _asked(case.exchange.message, expected, text, judge, run, context, ports)
    judging = Run(patience=run.patience)
    judging.begin(asked)
    await begin((*run.calls, await lost_call(asked, ports)))
    try:
        completion = await complete(asked, judging, context, ports)
    finally:
        marking += judging.attempts
        run.take_over(judging)
    try:
        mark = None if completion is None else read_mark(completion.text)
    except Malformed:
        mark = None
    if mark is None:  # the report says for how many
        return Measured(result=result)
    return Measured(result=msgspec.structs.replace(result, judge=mark.mark), because=mark.because)


async def _similarity(answer: str, expected: str, run: Run, context: Context, ports: Ports) -> float | None:
    """Cosine, by the built-in model whatever is searched with. Capital letters are another text to it: both are folded."""
    texts = [folded(plain(each)) for each in (answer, expected)]
    if not all(texts):
        return None
    async with ports.embedder.metering(context, "question", model=LOCAL) as meter:
        one, other = await meter.embed(texts)
        run.embeddings += meter.take()
    return round(sum(a * b for a, b in zip(one, other, strict=True)), 6)


async def _asked(
    message: str, expected: str, answer: str, judge: str, run: Run, context: Context, ports: Ports
) -> Asked:
    settings = await settings_of(context.tenant, ports)
    return Asked(
        interaction=run.interaction,
        route=Route(routing=pinned_by_request(judge, 0), models=(judge,), degraded=""),
        request=CompletionRequest(
            model=judge,
            prompt=judge_prompt(message, expected, answer),
            questions=(message,),
            answer_tokens=ANSWER_TOKENS,
            temperature=0.0,
        ),
        catalogue=settings.catalogue.under(settings.limits.ceiling),
        limits=settings.limits,
        last_resort=False,
        fresh=True,
    )
