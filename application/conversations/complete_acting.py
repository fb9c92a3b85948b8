"""Complete with tools (the agent's loop): a model is asked, what it calls is called, and it is asked again with what came of that. Bounded: by rounds, by calls of an
answer, by the time of each call, and by the budget, which holds each round as it holds any completion."""

from __future__ import annotations

from msgspec.structs import replace

from application.answers.prepared import Prepared
from application.conversations.act import Doing, action_named, with_plan
from application.conversations.ports import Ports
from application.gateway.attempt import Emit
from application.gateway.complete_cached import complete_cached
from application.gateway.run import Asked, Run
from domain.actions.requests import read_arguments
from domain.answers.acting.concluding import Called, concluded, pauses
from domain.answers.acting.tools import refused, returned, tools_of, with_tools
from domain.answers.telling import told
from domain.base.context import Context
from domain.models.completion import Completion, Turn
from domain.models.tools import ToolCall, ToolChoice

ROUNDS = 4
"""In which a model may call something; then it has to answer."""

ABILITY = "tools"


def offers_actions(prepared: Prepared) -> bool:
    """Whether a model is asked, and one that can call tools may be it."""
    if not prepared.actions or prepared.considered.plan.say is not None:
        return False
    known = [prepared.asked.catalogue.get(model) for model in prepared.asked.route.models]
    return any(model is not None and ABILITY in model.abilities for model in known)


async def complete_acting(
    prepared: Prepared, doing: Doing, run: Run, context: Context, ports: Ports, emit: Emit | None
) -> tuple[Completion | None, Prepared]:
    """The completion, and what it rests on now. No completion where a person is to say something first: then the plan says what the customer gets. Saves each
    call before it is tried, and after it.

    Nothing is told before the last round: what a model says before a call may not come true.
    """
    made = [await doing.settle(record) for record in await doing.known()]
    if (waits := next(filter(pauses, made), None)) is not None:
        return None, _paused(prepared, waits)
    prompt = with_tools(prepared.prompt, made, prepared.passages)
    prepared = _asking(prepared, prompt, tools_of_all=True)
    called, completion = made, None
    for left in reversed(range(ROUNDS + 1)):
        if not left:
            prepared = replace(prepared, asked=_answering(prepared))
        completion = await complete_cached(prepared.asked, run, context, ports)
        if completion is None or not completion.calls or run.leak is not None or not left:
            break
        turns = [Turn(role="assistant", text=completion.text, calls=completion.calls)]
        for wanted in completion.calls:
            text, call = await _call(wanted, prepared, doing, run)
            if run.leak is not None:
                return completion, prepared
            if call is not None:
                called = [*called, call]
                if pauses(call):
                    return None, _paused(prepared, call)
            turns.append(Turn(role="tool", text=text, call=wanted.id))
        prepared = _asking(prepared, (*prepared.prompt, *turns))
    prepared = replace(prepared, called=tuple(dict.fromkeys(call.id for call in called)))
    if completion is not None and run.leak is None and emit is not None:
        text = told(completion.text, prepared.asked.sources)
        run.said.append(text)
        await emit(text)
    return completion, prepared


async def _call(wanted: ToolCall, prepared: Prepared, doing: Doing, run: Run) -> tuple[str, Called | None]:
    """What the model reads of it. Nothing goes out that the tenant has not declared, that does not fit its schema, or that gives the system prompt away."""
    action = action_named(prepared, wanted.name)
    if action is None:
        return refused("there is no such tool"), None
    arguments = read_arguments(action.declared, wanted.arguments)
    if arguments.faults:
        return refused(f"the arguments do not fit: {'; '.join(arguments.faults)}"), None
    watched = prepared.asked.watched
    if watched is not None and (leak := watched.leak_in(arguments.text)) is not None:
        run.leak = leak
        return refused("it gives away what is not to be told"), None
    found = await doing.call(action, arguments.text, "model")
    if found is None:
        return refused("no more calls are made for this answer"), None
    call, _ = found
    return returned(call), call


def _paused(prepared: Prepared, call: Called) -> Prepared:
    action = action_named(prepared, call.action)
    if action is None:
        return prepared
    return with_plan(prepared, concluded(prepared.considered.plan, call, action, prepared.language))


def _asking(prepared: Prepared, prompt: tuple[Turn, ...], *, tools_of_all: bool = False) -> Prepared:
    request = replace(prepared.asked.request, prompt=prompt)
    if tools_of_all:
        request = replace(request, tools=tools_of(prepared.actions))
    return replace(prepared, asked=replace(prepared.asked, request=request, fresh=True))


def _answering(prepared: Prepared) -> Asked:
    request = replace(prepared.asked.request, tool_choice=ToolChoice(mode="none"))
    return replace(prepared.asked, request=request)
