"""Corrections: proposed by whoever knows better, reviewed by whoever answers for it."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.base.amend import amend
from application.base.setting import Changed, change_setting, load_setting
from application.conversations.handoff import operator_id
from application.feedback.corrected_answer import API, corrected_answer
from application.ports import Clock, Ids, Keyring, Locator, Store
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.feedback.correction import Correction
from domain.feedback.judgement import Category
from domain.feedback.lineage import Lineage, Person
from domain.feedback.review_rules import ReviewRules


class ProposeCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """`conversation` and `said` (what the agent said) are compared with the log where they are given. `operator`: who proposes it."""

    interaction: UUID
    conversation: UUID | None = None
    said: str | None = None
    right: str
    reason: str = ""
    category: Category
    operator: str | None = None


class ReviewCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """`category` None: as it was proposed."""

    correction: UUID
    approved: bool
    quality: float
    category: Category | None = None
    operator: str | None = None


async def propose_correction(
    command: ProposeCorrection,
    context: Context,
    *,
    store: Store,
    keyring: Keyring,
    locator: Locator,
    clock: Clock,
    ids: Ids,
) -> tuple[Correction, int]:
    """And its position. Raises NotFound, Erased; Invalid where the log says otherwise; Refused where the agent has not answered."""
    tenant = context.tenant
    answer = await corrected_answer(command.interaction, tenant, store=store, locator=locator)
    lineage = answer.lineage
    if command.conversation not in (None, lineage.conversation):
        raise Invalid(_belongs(lineage))
    if command.said is not None and _bare(command.said) not in map(_bare, answer.told):
        raise Invalid(
            "bot_response is not what the agent said in this interaction; send its words, or leave it out"
        )
    correction = Correction.propose(
        ids(),
        lineage=lineage,
        texts=answer.corrected(command.right, command.reason),
        category=command.category,
        source="api",
        proposer=await _person(command.operator, context, keyring),
        at=clock(),
    )
    saved = await store.save(correction, context=context)
    return correction, saved.position


async def review_correction(
    command: ReviewCorrection, context: Context, *, store: Store, keyring: Keyring, clock: Clock
) -> tuple[Correction, int]:
    """And its position, 0 where the same was said before. Raises NotFound, Invalid; Refused for whoever proposed it, where four eyes are
    asked for."""
    rules = await load_setting(ReviewRules, context.tenant, store=store)
    four_eyes = rules is not None and rules.state.four_eyes
    reviewer = await _person(command.operator, context, keyring)
    correction, saved = await amend(
        Correction,
        command.correction,
        lambda correction: correction.review(
            approved=command.approved,
            quality=command.quality,
            category=command.category,
            reviewer=reviewer,
            four_eyes=four_eyes,
            at=clock(),
        ),
        context=context,
        store=store,
    )
    return correction, saved.position


async def set_review_rules(
    four_eyes: bool, context: Context, *, store: Store, clock: Clock
) -> Changed[ReviewRules]:
    """From this moment on; what was reviewed before stays so."""
    return await change_setting(
        ReviewRules,
        lambda rules: rules.set(four_eyes=four_eyes, at=clock()),
        context,
        store=store,
        clock=clock,
    )


async def _person(operator: str | None, context: Context, keyring: Keyring) -> Person:
    id = None if operator is None else await operator_id(context.tenant, operator, keyring=keyring)
    return Person(by=context.actor, operator=operator, operator_id=id)


def _belongs(lineage: Lineage) -> str:
    if lineage.channel == API:
        return f"the interaction {lineage.interaction} is a call of the completions API, in no conversation; leave conversation_id out"
    return f"the interaction {lineage.interaction} belongs to the conversation {lineage.conversation}"


def _bare(text: str) -> str:
    return " ".join(text.split())
