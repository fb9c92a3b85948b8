"""How much of the budget is held for a call before it is made: what it may cost at most, or where nobody has set it a limit a share of it."""

from __future__ import annotations

from decimal import Decimal

from application.budgets.budget import budget_of
from application.budgets.status import budget_status
from application.gateway.ports import Ports
from domain.base.context import Context
from domain.models.catalogue import Model
from domain.models.completion import CompletionRequest
from domain.models.pricing import Price, most

UNTOLD = 16_384
"""Tokens of an answer, at most, of a model whose largest output is not known."""

LEAST = 500
"""Tokens of an answer without a limit that are held at least."""

SHARE = Decimal("0.1")
"""Of what is left of the budget the most that one call without a limit holds: others are to have room beside it."""


async def quote(
    request: CompletionRequest, price: Price, model: Model | None, context: Context, ports: Ports
) -> Decimal:
    """USD to be held for an attempt; nothing where the budget has no limit: then no token is counted either.

    With a limit that was asked for it is the most that the call may cost. Without one, or with one that is for thoughts, it is the model's
    largest output, but not more than a share of what is left, and at least an answer of usual length: so nothing is refused that the
    budget covers. What a call costs beyond it passes the limit, by calls in flight at most.
    """
    budget = await budget_of(context.tenant, store=ports.store)
    if budget is None or not budget.state.limits.any or price.free:
        return Decimal(0)
    tokens = await ports.providers.prompt_tokens(request)
    largest = request.max_tokens or (model.max_output if model is not None else None) or UNTOLD
    asked = request.max_tokens if request.answer_tokens is None else request.answer_tokens
    least = min(largest, LEAST if asked is None else asked)
    asked_tier = request.options.get("service_tier")
    tier = asked_tier if isinstance(asked_tier, str) else None
    each = request.choices
    dearest, usual = most(tokens, each * largest, price, tier), most(tokens, each * least, price, tier)
    if dearest == usual:
        return dearest
    periods = await budget_status(
        budget.state.limits, ports.clock().date(), tenant=context.tenant, store=ports.store
    )
    left = min((each.remaining for each in periods if each.remaining is not None), default=dearest)
    return max(usual, min(dearest, left * SHARE))
