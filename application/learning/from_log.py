"""Cases of what is on record: approved corrections, and interactions as they were."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import msgspec

from application.feedback.corrected_answer import corrected_answer
from application.learning.approved import approved_corrections
from application.learning.dataset import Added, add, case_id
from application.learning.use import Forbidden, forbidden_now
from application.ports import Clock, Corrections, Keyring, Locator, Store
from domain.base.context import Context
from domain.base.errors import Erased, NotFound, Refused
from domain.base.table_rows import RefusedRow
from domain.learning.case import Case
from domain.learning.dataset import Dataset

FORBIDDEN = "its texts may be used for nothing but answering"


class FromCorrections(msgspec.Struct, frozen=True, kw_only=True):
    """Those that were approved, with a quality above this one."""

    dataset: UUID
    above: float


class FromInteractions(msgspec.Struct, frozen=True, kw_only=True):
    dataset: UUID
    interactions: tuple[UUID, ...]


async def add_corrections(
    command: FromCorrections,
    context: Context,
    *,
    store: Store,
    keyring: Keyring,
    corrections: Corrections,
    clock: Clock,
) -> tuple[Added, dict[str, int]]:
    """And how many of them were left out, by the reason. Raises NotFound, Refused."""
    tenant, left_out, cases = context.tenant, Counter[str](), []
    await store.load(Dataset, command.dataset, tenant=tenant)
    forbidden = await forbidden_now(tenant, store=store)
    async for each in approved_corrections(tenant, command.above, store=store, corrections=corrections):
        if each.texts is None:
            left_out["erased"] += 1
        elif each.lineage.use == "none" or forbidden.holds(each.lineage.channel, each.lineage.sender):
            left_out["use_forbidden"] += 1
        else:
            exchange = each.texts.exchange
            case = Case(
                id=await case_id(exchange, tenant, keyring),
                exchange=exchange,
                intent=each.lineage.intent,
                category=each.category,
                quality=each.quality,
                source="correction",
                origin=each.correction,
                conversation=each.lineage.conversation,
            )
            cases.append(case)
    return await add(command.dataset, cases, (), context, store=store, clock=clock), dict(left_out)


async def add_interactions(
    command: FromInteractions,
    context: Context,
    *,
    store: Store,
    keyring: Keyring,
    locator: Locator,
    clock: Clock,
) -> Added:
    """With what was said as the answer that is expected: a person's where one has answered after the agent. What can't be taken is told by its
    place in the list. Raises NotFound for the dataset, Refused."""
    await store.load(Dataset, command.dataset, tenant=context.tenant)
    forbidden = await forbidden_now(context.tenant, store=store)
    made: list[Case] = []
    refused: list[RefusedRow] = []
    for number, interaction in enumerate(command.interactions, 1):
        found = await _case_of(interaction, context.tenant, forbidden, store, keyring, locator)
        if isinstance(found, str):
            refused.append(RefusedRow(row=number, reason=found))
        else:
            made.append(found)
    return await add(command.dataset, made, refused, context, store=store, clock=clock)


async def _case_of(
    interaction: UUID,
    tenant: UUID,
    forbidden: Forbidden,
    store: Store,
    keyring: Keyring,
    locator: Locator,
) -> Case | str:
    """Why there is none, else."""
    try:
        answer = await corrected_answer(interaction, tenant, store=store, locator=locator)
    except Erased:
        return "its customer was erased"
    except NotFound:
        return "there is no such interaction"
    except Refused as refusal:
        return refusal.detail
    lineage = answer.lineage
    if lineage.use == "none" or forbidden.holds(lineage.channel, lineage.sender):
        return FORBIDDEN
    exchange = answer.as_it_went().exchange
    return Case(
        id=await case_id(exchange, tenant, keyring),
        exchange=exchange,
        intent=lineage.intent,
        source="interaction",
        origin=interaction,
        conversation=lineage.conversation,
    )
