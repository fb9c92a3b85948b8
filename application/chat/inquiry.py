"""What a call of the completions API asks: by which model, of whom, and what is to be said of who answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from application.answers.ports import Ports
from application.answers.prepare import Inquiry
from application.answers.prepared import Prepared
from application.answers.variants import serving_of
from application.chat.end_user import present_id_of
from application.chat.record import Chat, Disclosure
from application.models.catalogue import catalogue_of
from domain.answers.prompts import unanswered
from domain.base.context import Context
from domain.base.errors import Invalid, NotFound
from domain.models.catalogue import Catalogue
from domain.models.completion import Turn
from domain.models.names import variants
from domain.tenancy.tenant import Tenant

NOT_OF_AGENT = {
    "tools": "the agent calls no tools of the app's",
    "messages": "the agent reads no calls of tools",
    "response_format": "the agent answers in text",
    "images": "the agent reads no images and files",
    "n": "the agent gives one answer",
    "logprobs": "the agent tells no log probabilities",
}
"""Fields of a request, and why the agent does not take them."""

AGENT, AUTO = "agent", "auto"
"""Names of models: the tenant's agent with its documents; the messages as they are, to the model that routing chooses."""


async def inquiry_of(command: Chat, context: Context, ports: Ports) -> Inquiry:
    """Raises Forbidden, Invalid, NotFound."""
    tenant, catalogue = await asyncio.gather(
        ports.store.latest(Tenant, context.tenant, tenant=context.tenant),
        catalogue_of(context.tenant, store=ports.store, shipped=ports.providers.catalogue),
    )
    tenant.check_active()
    model = _model_of(command.model, catalogue, ports.clock())
    asked = unanswered(command.messages)
    unit = await _unit_of(command, context, ports)
    inquiry = Inquiry(
        interaction=command.id,
        subject=command.id,
        unit=unit,
        questions=tuple(turn.text for turn in asked),
        turns=len(command.messages) - 1,
        messages=command.messages,
        pinned=None if model in (AGENT, AUTO) else model,
        max_tokens=command.max_tokens,
        temperature=command.temperature,
        stop=command.stop,
        options=command.options,
        tools=command.tools,
        tool_choice=command.tool_choice,
        parallel_tool_calls=command.parallel_tool_calls,
        answer_format=command.answer_format,
        choices=command.choices,
        logprobs=command.logprobs,
        fresh=command.fresh,
    )
    return _of_agent(inquiry, command.messages, asked) if model == AGENT else inquiry


async def _unit_of(command: Chat, context: Context, ports: Ports) -> UUID:
    """The customer that splits go by: the app's user; the call, where it names none. Looked for only while anything is split."""
    serving = await serving_of(context.tenant, store=ports.store)
    if not command.user or not serving.splits:
        return command.id
    return await present_id_of(context.tenant, command.user, store=ports.store, keyring=ports.keyring)


def disclosure_of(command: Chat, prepared: Prepared) -> Disclosure | None:
    """What the agent's first answer says of who answers, where the app leaves that to us."""
    begun = any(turn.role == "assistant" for turn in command.messages)
    way = prepared.configuration.disclose_completions
    if prepared.template is None or way == "off" or begun:
        return None
    return Disclosure(prepared.disclosure, before_text=way == "text")


def _of_agent(inquiry: Inquiry, messages: tuple[Turn, ...], asked: Sequence[Turn]) -> Inquiry:
    """For the agent's prompt: the history, the questions, and who asks them all. Who is one of several is named in the text."""
    if inquiry.tool_choice is not None and inquiry.tool_choice.mode == "none":
        inquiry = msgspec.structs.replace(inquiry, tools=(), tool_choice=None)
    for field, given in (
        ("tools", inquiry.tools),
        ("messages", any(turn.calls or turn.role == "tool" for turn in messages)),
        ("response_format", inquiry.answer_format),
        ("n", inquiry.choices > 1),
        ("logprobs", inquiry.logprobs is not None),
        ("images", any(turn.attachments for turn in messages)),
    ):
        if given:
            what = NOT_OF_AGENT[field]
            field = "messages" if field == "images" else field
            text = f"{field}: {what}; `auto` and models by name take it"
            raise Invalid(text, errors=[{"field": f"$.{field}", "message": text}])
    if messages[-1].role != "user":
        text = "the last message is to be the user's: there is nothing for the agent to answer; `auto` and models by name take it"
        raise Invalid(text)
    names = {turn.name for turn in asked}
    one = len(names) == 1
    return msgspec.structs.replace(
        inquiry,
        messages=None,
        history=messages[: -len(asked)],
        said=tuple(turn.text if one else turn.said for turn in asked),
        name=names.pop() if one else None,
    )


def _model_of(name: str, catalogue: Catalogue, at: datetime) -> str:
    """AGENT, AUTO, or provider/model, of what a request names in any case and with blanks around it. Raises NotFound."""
    name = name.strip()
    if name.lower() in (AGENT, AUTO):
        return name.lower()
    if "/" in name:
        return catalogue.canonical(name)
    chat = [each for each in catalogue.models() if each.kind == "chat"]
    for variant in variants(name.lower()):
        found = [each for each in chat if each.name.lower() == variant]
        if found:
            provider = next((each for each in found if not each.retired(at)), found[0]).provider
            return catalogue.canonical(f"{provider}/{name}")
    raise NotFound(
        f"there is no model {name[:100]!r}; GET /v1/models lists them, and a provider's other models are called provider/model",
        code="model_not_found",
    )
