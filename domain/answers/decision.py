"""The decision of an interaction: answer, ask back, decline, or hand over to a person. Pure; its evidence is what it went by.

It is made before a model is asked, where that suffices (`decide`), and looked at again when the answer is there (`conclude`): what suffices first
costs nothing. What decides, the first that applies:

| category | when | kind |
|---|---|---|
| person | the customer asks for a person | hand over |
| topic | it is about one of the configuration's `handoff_topics` | hand over |
| injection | it gives orders to the agent | as `on_injection` says |
| outside | it is outside the tenant's business | decline |
| afresh, resumed | the customer says how to go on after a pause | answer |
| confirmed | the customer says what was meant | answer |
| correction | a word may mean something of the business, and it is not sure what | ask back |
| action | the customer consents to an action, or does not; or a rule of the tenant's calls one | answer, ask back, or hand over by what came of it |
| choice | several offers of the catalogue may be meant, none more than the others | ask back |
| recovered | an earlier question was left unanswered | answer |
| returned | the customer is back after a pause | answer |
| leak | the answer gives the system prompt away | as `on_injection` says, never answer |
| budget | the budget is gone and forbids to ask a model | decline, or hand over by `hand_over_out_of_budget` |
| failure | no model has answered in `handoff_after_failures` tries | hand over |
| low_confidence | the second answer in a row is below `confidence_threshold`, with documents to go by | hand over |
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.agents.configuration import AgentConfiguration
from domain.answers.memory import SMALL_TALK, Pending
from domain.answers.plan import Act, Decision, Kind, Plan, Say, Situation
from domain.answers.replies import answer_in, reply_in
from domain.answers.templates import (
    ACTION_DECLINED,
    ACTION_FAILED,
    ACTION_LATE,
    AFRESH,
    ASK_BACK,
    CHOOSE,
    DECLINE,
    GREET,
    HAND_OVER,
    RECOVERED,
    RESUME,
)
from domain.answers.understanding import Correction, Screened, Understanding
from domain.answers.understanding.choosing import choice_lines, chosen, is_more
from domain.answers.understanding.forgotten import says_forgotten
from domain.answers.understanding.screening import FLAGGED
from domain.gateway.complexity import fold

VERSION = 6
"""Of these rules; goes up with any change of them."""

SCREENED_SINCE = 4
"""The version from which on earlier messages, summaries and facts are looked at for orders, too."""

PERSON, INJECTION, OUTSIDE = 0.5, FLAGGED, 0.6
"""From which confidence of the understanding on it counts."""

OF_ONE = frozenset({"price", "availability", "order", "appointment"})
"""What is asked of one offer and not of several."""

NAMED, ALIKE, MOST_CHOICES = 0.9, 0.03, 3
"""Confidence from which on an offer is called so; difference up to which two are alike; of how many the customer is asked which is meant."""

IN_A_ROW = 2
"""Answers of low confidence after which a person takes over."""


INJECTED, LEAK, ACTION = "injection", "leak", "action"
"""Categories of what gives orders to the agent, and of an answer that obeys; and of what is done in the tenant's systems."""

ANSWER = Plan(decision=Decision(rule=VERSION))


def decide(
    understanding: Understanding,
    situation: Situation,
    questions: Sequence[str],
    configuration: AgentConfiguration,
) -> Plan:
    """What to do about a burst, before a model is asked."""
    for found in (
        _not_for_the_agent(understanding, questions, configuration),
        _replied(situation, questions, understanding.language),
        _unsure(understanding, questions, configuration),
        _several(understanding, situation, questions, configuration),
        _recovered(understanding, situation),
        _returned(understanding, situation),
    ):
        if found is not None:
            return found
    return ANSWER


def decide_screened(screened: Screened, configuration: AgentConfiguration) -> Plan:
    """What to do about an app's messages to the agent. Nobody is there to whom they could be handed over."""
    if screened.score < INJECTION:
        return ANSWER
    evidence = (*(f"injection: {each}" for each in screened.evidence), f"injection {screened.score:g}")
    if configuration.on_injection == "answer":
        return Plan(decision=_decision("answer", INJECTED, *evidence))
    return Plan(decision=_decision("decline", INJECTED, *evidence), say=Say(template=DECLINE.name))


def with_leak(decision: Decision, leak: str | None) -> Decision:
    """Of an app's call to the agent, once it is known whether the answer gives the system prompt away."""
    return decision if leak is None else _decision("decline", LEAK, leak)


def conclude(
    plan: Plan,
    situation: Situation,
    configuration: AgentConfiguration,
    *,
    confidence: float | None,
    grounded: bool = False,
    leak: str | None = None,
    out_of_budget: str | None = None,
) -> Decision | None:
    """The decision once it is known what came of the model. None: no answer came, and it is to be tried again.

    `confidence` None: there is no answer. `grounded`: whether there were documents to go by; without any, low confidence tells nothing of
    the question. `out_of_budget`: why the budget forbade to ask.
    """
    if plan.say is not None:
        return plan.decision
    kind: Kind
    if leak is not None:
        kind = "hand_over" if configuration.on_injection == "hand_over" else "decline"
        return _decision(kind, LEAK, leak)
    if confidence is None:
        if out_of_budget is not None:
            kind = "hand_over" if configuration.hand_over_out_of_budget else "decline"
            return _decision(kind, "budget", out_of_budget)
        tries, most = situation.failures + 1, configuration.handoff_after_failures
        return _decision("hand_over", "failure", f"{tries} tries failed") if most and tries >= most else None
    unsure = situation.unsure + 1
    if is_unsure(confidence, grounded, configuration) and unsure >= IN_A_ROW:
        told = f"{unsure} answers in a row below {configuration.confidence_threshold:g}, the last at {confidence:g}"
        return _decision("hand_over", "low_confidence", told)
    return plan.decision


def is_unsure(confidence: float, grounded: bool, configuration: AgentConfiguration) -> bool:
    return grounded and confidence < configuration.confidence_threshold


def _not_for_the_agent(
    understanding: Understanding, questions: Sequence[str], configuration: AgentConfiguration
) -> Plan | None:
    if understanding.wants_person >= PERSON:
        return _handed_over(
            "person", *_told(understanding, "person"), f"wants_person {understanding.wants_person:g}"
        )
    if (topic := _listed_topic(understanding, questions, configuration.handoff_topics)) is not None:
        return _handed_over("topic", f"topic: {topic}")
    if understanding.injection >= INJECTION and configuration.on_injection != "answer":
        evidence = (*_told(understanding, "injection"), f"injection {understanding.injection:g}")
        if configuration.on_injection == "hand_over":
            return _handed_over(INJECTED, *evidence)
        return Plan(decision=_decision("decline", INJECTED, *evidence), say=Say(template=DECLINE.name))
    if understanding.outside >= OUTSIDE:
        evidence = (*_told(understanding, "outside"), f"outside {understanding.outside:g}")
        return Plan(decision=_decision("decline", "outside", *evidence), say=Say(template=DECLINE.name))
    return None


def _replied(situation: Situation, questions: Sequence[str], language: str | None) -> Plan | None:
    """To what the customer was asked last. What else they say along with it is answered, too."""
    pending, text = situation.pending, "\n".join(questions)
    if pending is None:
        return None
    if pending.kind == "act":
        return _consented(pending, text, situation)
    if pending.kind == "choose":
        return _chosen(pending, text, language)
    return _gone_on(pending, text) if pending.kind == "resume" else _confirmed(pending, text)


def _consented(pending: Pending, text: str, situation: Situation) -> Plan | None:
    """To a call that waits for the customer. Nothing else than a plain yes makes it: who says more is answered, and asked again."""
    reply = answer_in(text)
    if reply is None or pending.call is None:
        return None
    evidence = (f"reply: {reply[0]}", f"call: {pending.call}")
    if reply[0] == "no":
        act = Act(kind="decline", call=pending.call)
        return Plan(
            decision=_decision("answer", ACTION, *evidence), say=Say(template=ACTION_DECLINED.name), act=act
        )
    if pending.until is not None and situation.at > pending.until:
        act = Act(kind="decline", call=pending.call, late=True)
        return Plan(
            decision=_decision("answer", ACTION, *evidence, "too late"),
            say=Say(template=ACTION_LATE.name),
            act=act,
        )
    act = Act(kind="consent", call=pending.call)
    return Plan(
        decision=_decision("answer", ACTION, *evidence), say=Say(template=ACTION_FAILED.name), act=act
    )


def called_by_rule(name: str, arguments: str, evidence: str) -> Plan:
    """A rule of the tenant's calls an action. What is said is set by what comes of it; until then, that it has failed."""
    return Plan(
        decision=_decision("answer", ACTION, f"action: {name}", evidence),
        say=Say(template=ACTION_FAILED.name),
        act=Act(kind="call", action=name, arguments=arguments),
    )


def _gone_on(pending: Pending, text: str) -> Plan | None:
    reply = reply_in(text)
    if reply is None:
        return None
    if reply in ("afresh", "no"):
        decision = _decision("answer", "afresh", f"reply: {reply}")
        return Plan(decision=decision, say=Say(template=AFRESH.name), afresh=True)
    decision = _decision("answer", "resumed", f"reply: {reply}")
    return Plan(decision=decision, say=Say(template=RESUME.name, values={"topic": pending.question}))


def _confirmed(pending: Pending, text: str) -> Plan | None:
    answer = answer_in(text)
    if answer is None:
        return None
    reply, rest = answer
    meant, told = pending.question, "does not mean"
    if reply == "yes":
        meant, told = (meant.replace(pending.typed, pending.meant) if pending.typed else meant), "means"
    return Plan(
        decision=_decision("answer", "confirmed", f"{pending.typed} {told} {pending.meant}"),
        questions=(meant, rest) if rest else (meant,),
    )


def _chosen(pending: Pending, text: str, language: str | None) -> Plan | None:
    name = chosen(text, pending.choices, language)
    if name is None:
        return None
    meant = f"{name}: {pending.question}"
    return Plan(
        decision=_decision("answer", "confirmed", f"means {name}"),
        questions=(meant, text) if is_more(text) else (meant,),
    )


def _unsure(
    understanding: Understanding, questions: Sequence[str], configuration: AgentConfiguration
) -> Plan | None:
    unsure: Sequence[Correction] = understanding.unsure_of if configuration.spelling_correction else ()
    if not unsure:
        return None
    first = unsure[0]
    asks = Pending(kind="confirm", question="\n".join(questions), typed=first.typed, meant=first.meant)
    evidence = f"correction: {first.typed} → {first.meant}, {first.confidence:g}"
    return Plan(
        decision=_decision("ask_back", "correction", evidence),
        say=Say(template=ASK_BACK.name, values={"meant": first.meant}),
        asks=asks,
    )


def _several(
    understanding: Understanding,
    situation: Situation,
    questions: Sequence[str],
    configuration: AgentConfiguration,
) -> Plan | None:
    """Only where one thing is wanted to be known of one offer: who asks in general is answered in general."""
    if not configuration.spelling_correction or not understanding.offers:
        return None
    if not any(intent.name in OF_ONE for intent in understanding.intents):
        return None
    best = understanding.offers[0].confidence
    alike = [each for each in understanding.offers if each.confidence >= best - ALIKE]
    names = tuple(dict.fromkeys(each.name for each in alike))
    if best >= NAMED or not 2 <= len(names) <= MOST_CHOICES or set(names) & set(situation.viewed):
        return None
    asks = Pending(kind="choose", question="\n".join(questions), choices=names)
    evidence = f"choice: {' | '.join(names)}, {best:g}"
    return Plan(
        decision=_decision("ask_back", "choice", evidence),
        say=Say(template=CHOOSE.name, values={"choices": choice_lines(names)}),
        asks=asks,
    )


def _recovered(understanding: Understanding, situation: Situation) -> Plan | None:
    """What is on record as left unanswered; else what they asked last, of which they know better whether it was answered."""
    found = situation.missed or situation.asked
    if not understanding.forgot or found is None:
        return None
    if found is not situation.missed and says_forgotten(found.question):  # which was answered then
        return None
    question = found.question
    return Plan(
        decision=_decision("answer", "recovered", *_told(understanding, "forgotten")),
        opening=Say(template=RECOVERED.name, values={"question": question}),
        questions=(question,),
        recovers=found.interaction,
    )


def _returned(understanding: Understanding, situation: Situation) -> Plan | None:
    topic = situation.returned
    if topic is None:
        return None
    greets = all(intent.name in SMALL_TALK for intent in understanding.intents)
    say = Say(template=GREET.name, values={"topic": topic})
    return Plan(
        decision=_decision("answer", "returned", f"earlier topic: {topic}"),
        say=say if greets else None,
        opening=None if greets else say,
        # Beside an answer a yes or no may be meant for that.
        asks=Pending(kind="resume", question=topic) if greets else None,
    )


def _listed_topic(
    understanding: Understanding, questions: Sequence[str], topics: Sequence[str]
) -> str | None:
    """Named by an intent, or by its words, one behind the other."""
    if not topics:
        return None
    said = f" {_words(' '.join(questions))} "
    names = {intent.name for intent in understanding.intents}
    return next((each for each in topics if each in names or f" {_words(each)} " in said), None)


def _words(text: str) -> str:
    return " ".join("".join(letter if letter.isalnum() else " " for letter in fold(text)).split())


def _handed_over(category: str, *evidence: str) -> Plan:
    return Plan(decision=_decision("hand_over", category, *evidence), say=Say(template=HAND_OVER.name))


def _decision(kind: Kind, category: str, *evidence: str) -> Decision:
    return Decision(kind=kind, category=category, evidence=evidence, rule=VERSION)


def _told(understanding: Understanding, subject: str) -> tuple[str, ...]:
    return tuple(each for each in understanding.evidence if each.startswith(f"{subject}:"))
