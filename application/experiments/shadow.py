"""Shadow runs, as work: a deployment's candidate answers a share of real messages, which nobody sees, and is compared with what was told.

Messages are those of conversations, and calls of the completions API that ask for the agent.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from application.base.amend import amend
from application.base.tasks import run_to_end
from application.budgets.hold import refresh
from application.budgets.settled_save import settled_save
from application.experiments.ports import Ports
from application.experiments.shadow_trials import begin_trial, charge_lost
from application.gateway.run import Run
from application.learning.as_then import AsThen
from application.learning.recorded import Missing, recorded_answer
from application.learning.trial import Tried, try_answer
from domain.base.context import Context
from domain.base.errors import Conflict
from domain.base.recorded import Recorded
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.experiments.deployment import Deployment
from domain.experiments.shadow import Shadow, Side, Spent, shadows
from domain.learning.scoring import folded, plain
from domain.models.completion import Attempt

AT_ONCE = 10
"""Messages that one try at the work compares; then others have their turn."""

PAUSE = timedelta(seconds=5)
"""Between two looks for messages that were answered."""

NO_ROOM = timedelta(minutes=1)
"""After which it is tried again where the budget has no room."""

TOPICS = (Conversation.Answered.TOPIC, Call.Prompted.TOPIC)
"""Of what the agent was to answer: a call of the completions API that asks for something else has no prompt of the agent's."""


class ShadowMessages(msgspec.Struct, frozen=True, kw_only=True):
    deployment: UUID


async def shadow_messages(command: ShadowMessages, context: Context, ports: Ports) -> datetime | None:
    """What was answered since the last look, in order. When to look again; None: it has ended, and what was lost of it is charged. Raises Unavailable
    while the read model, which knows how far it has come, is behind."""
    id, tenant = command.deployment, context.tenant
    deployment = await ports.store.load(Deployment, id, tenant=tenant)
    plan, began = deployment.state.shadow, await _begun_at(id, tenant, ports)
    if plan is None or began is None:
        return None
    progress = await ports.shadows.progress(tenant, id)
    after, done = progress.reached or began, 0
    lost = await charge_lost(id, after, context, ports)
    if deployment.state.status != "shadowing":
        return None
    async for recorded in ports.store.events(tenant, after=after, topics=TOPICS):
        if progress.answers + done >= plan.most:
            break
        if not shadows(id, recorded.stream, plan.share):
            continue
        if done >= AT_ONCE:
            return ports.clock()
        answered = await _answered(recorded, ports)
        became = "skipped" if answered is None else await _shadow(deployment, answered, lost, context, ports)
        if became == "no room":
            return ports.clock() + NO_ROOM
        done += became == "compared"
    if progress.answers + done < plan.most:
        return ports.clock() + PAUSE
    await amend(
        Deployment,
        id,
        lambda known: known.end_shadow(progress.answers + done, ports.clock()),
        context=context,
        store=ports.store,
    )
    return None


async def _begun_at(deployment: UUID, tenant: UUID, ports: Ports) -> int | None:
    """The position of the event that began the shadow; None: it was never begun."""
    positions = [
        recorded.position
        async for recorded in ports.store.stream(tenant, deployment)
        if isinstance(recorded.event, Deployment.ShadowStarted)
    ]
    return positions[-1] if positions else None


async def _answered(recorded: Recorded, ports: Ports) -> Recorded | None:
    """The event with the answer. Of a call it is in the save of its prompt, right after; None: there was none."""
    if recorded.topic != Call.Prompted.TOPIC:
        return recorded
    async for each in ports.store.stream(recorded.tenant, recorded.stream, after=recorded.version):
        if each.topic == Call.Answered.TOPIC:
            return each
    return None


async def _shadow(
    deployment: Deployment, recorded: Recorded, lost: Set[UUID], context: Context, ports: Ports
) -> Literal["compared", "skipped", "no room"]:
    """Try an answer beside the one that is recorded, unless that can't be asked again, was `lost`, or the budget has no room for it now."""
    try:
        told = await recorded_answer(recorded, AsThen(context.tenant, ports), context, ports)
    except Missing:  # erased, or not to be asked again
        return "skipped"
    if told.interaction in lost:
        return "skipped"
    run, id = Run(), deployment.id
    about = msgspec.structs.replace(context, correlation=recorded.correlation, causation=recorded.id)
    inquiry = msgspec.structs.replace(
        told.inquiry, understood=None
    )  # to understand it is the candidate's part
    begun = False

    async def begin(lost: Sequence[Attempt]) -> None:
        nonlocal begun
        await begin_trial(id, told.interaction, lost, about, ports)
        begun = True

    try:
        tried = await try_answer(inquiry, deployment.state.variant, run, about, ports, begin=begin)
        if tried.refusal is not None:
            return "no room"
        shadow = Shadow.compare(
            id,
            told.interaction,
            told.subject,
            position=recorded.position,
            told=Side(cost=told.cost, latency_ms=told.latency_ms, handoff=told.decision.kind == "hand_over"),
            tried=_tried(tried),
            same=tried.text is not None and folded(plain(tried.text)) == folded(plain(told.text)),
            text=tried.text,
            spent=_spent(run),
            at=ports.clock(),
        )
        with suppress(Conflict):  # another worker had it first; what this has cost is put down all the same
            await run_to_end(settled_save(shadow, run.calls, run, run.interaction, about, ports))
        return "compared"
    finally:
        if run.unrecorded or (begun and not run.settled):
            await run_to_end(_meter(deployment, told.interaction, inquiry.interaction, run, about, ports))


async def _meter(
    deployment: Deployment, interaction: UUID, trial: UUID, run: Run, about: Context, ports: Ports
) -> None:
    """Put down what has led to no comparison."""
    await refresh(run, about.tenant, ports.store)
    record = Shadow.meter(ports.ids(), deployment.id, interaction, _spent(run), ports.clock())
    await settled_save(record, run.calls, run, trial, about, ports)


def _tried(tried: Tried) -> Side:
    return Side(
        cost=tried.cost,
        latency_ms=tried.latency_ms,
        handoff=tried.decision.kind == "hand_over",
        failed=tried.text is None,
    )


def _spent(run: Run) -> Spent:
    return Spent(
        attempts=tuple(run.attempts), embeddings=tuple(run.embeddings), reservations=tuple(run.reserved)
    )
