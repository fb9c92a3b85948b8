"""The agent's answers: what a model was asked, what it cost, what the customer got."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal, Self
from uuid import UUID

import msgspec
from msgspec.structs import asdict, replace

from domain.answers.context_window import Cut
from domain.answers.matches import Verdict, matches_in
from domain.answers.memory import Memory
from domain.answers.plan import Decision, Kind
from domain.answers.split import Assignment
from domain.answers.suggesting.reactions import Reaction, after
from domain.answers.suggesting.suggest import Reason, Suggestions
from domain.answers.understanding import Understanding
from domain.answers.understanding.result import Matched
from domain.base.aggregate import Quote
from domain.base.errors import Refused
from domain.conversations.rich import Rich
from domain.conversations.state import HANDED_OVER, ConversationPart
from domain.gateway.decision import Routing
from domain.models.completion import Attempt, Citation, Turn
from domain.models.pricing import total
from domain.retrieval.conflicts.conflicts import Conflict
from domain.retrieval.passages import Retrieved, cut, join
from domain.retrieval.results.figures import RetrievalFigures

NOT_TOLD = "the customer must be told that a machine answers before the first answer"


class Pairing(msgspec.Struct, frozen=True, kw_only=True):
    """That an `offer` was suggested, because it goes with the offer `to`."""

    offer: UUID
    to: UUID
    reason: Reason


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How an interaction came out, without a person in it. `forgot`: the customer said that a question was left unanswered; `recovered`: it
    was answered by this. `plain`: by the agent without documents and routing. `intents`: names of what the customer wanted, of our own list, each
    once, the most urgent first."""

    kind: Kind = "answer"
    category: str | None = None
    forgot: bool = False
    recovered: bool = False
    plain: bool = False
    intents: tuple[str, ...] = ()
    suggested: tuple[Pairing, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    """To what was suggested before."""

    matched: tuple[Matched, ...] = ()
    """What the customer was taken to mean."""

    verdicts: tuple[Verdict, ...] = ()
    """On what they were taken to mean by the answer before."""


class Reasons(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer goes by, as `Answered` has it."""

    understanding: Understanding | None = None
    decision: Decision = Decision()
    cut: tuple[Cut, ...] = ()
    remembered: Memory | None = None
    afresh: bool = False
    recovers: UUID | None = None
    plain: bool = False
    suggestions: Suggestions | None = None
    reactions: tuple[Reaction, ...] = ()


UNTOLD = Reasons()


class Answers(ConversationPart):
    """Each answer belongs to one interaction, and answers what was pending."""

    class Event(ConversationPart.Event, frozen=True, kw_only=True):
        pass

    class Disclosed(Event, frozen=True, kw_only=True):
        """The customer was told that a machine answers (EU AI Act, Art. 50)."""

        TOPIC: ClassVar[str] = "conversation.disclosed"
        interaction: UUID
        text: str

        def apply(self, aggregate: Answers) -> None:
            aggregate.state.disclosed = True
            if (burst := aggregate.pending) is not None:
                burst.disclosure = self.text

    class Prompted(Event, frozen=True, kw_only=True):
        """What a model is asked: the passages that were found, and the whole prompt. Apart from the answer, because it is large
        and few who read answers need it."""

        TOPIC: ClassVar[str] = "conversation.prompted"
        class_version: ClassVar[int] = 9
        QUOTES: ClassVar[bool] = True
        interaction: UUID
        retrieved: tuple[Retrieved, ...]
        prompt: tuple[Turn, ...]
        conflicts: tuple[Conflict, ...] = ()
        """Between the passages, which the prompt tells of."""

        looked_for: str = ""
        """What the passages were looked for with, where that is more than the questions."""

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """In the first version passages did not say where they stand; `together` finds it out."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """Until the second version no participant of a prompt had a name."""

        @staticmethod
        def upcast_v3_v4(facts: dict[str, Any]) -> None:
            """Until the third version nobody looked for conflicts, and no passage said what it is from."""

        @staticmethod
        def upcast_v4_v5(facts: dict[str, Any]) -> None:
            """Until version 4 a passage told the page alone where it begins."""

        @staticmethod
        def upcast_v5_v6(facts: dict[str, Any]) -> None:
            """Until version 5 passages were looked for with the questions alone."""

        @staticmethod
        def upcast_v6_v7(facts: dict[str, Any]) -> None:
            """Until version 6 no passage was from the internet."""

        @staticmethod
        def upcast_v7_v8(facts: dict[str, Any]) -> None:
            """Until version 7 no passage was of a customer's purchases."""

        @staticmethod
        def upcast_v8_v9(facts: dict[str, Any]) -> None:
            """Until version 8 no turn had calls of tools, or anything attached."""

        def apply(self, aggregate: Answers) -> None:
            aggregate.state.shown = tuple([item.passage for item in self.retrieved])

        def detach(self) -> tuple[Self, tuple[Quote, ...]]:
            retrieved, prompt, lent = cut(self.retrieved, self.prompt)
            return replace(self, retrieved=retrieved, prompt=prompt), lent

        def attach(self, lent: Sequence[Quote]) -> Self:
            retrieved, prompt = join(self.retrieved, self.prompt, lent)
            return replace(self, retrieved=retrieved, prompt=prompt)

    class Metered(Event, frozen=True, kw_only=True):
        """Which model was chosen, what was tried and what it cost: figures without a person in them, which outlive an erasure.
        `reservations` held the cost in the budget meanwhile."""

        TOPIC: ClassVar[str] = "conversation.metered"
        class_version: ClassVar[int] = 15
        PERSONAL: ClassVar[bool] = False
        METERS: ClassVar[tuple[str, ...]] = ("attempts", "embeddings")
        interaction: UUID
        routing: Routing
        attempts: tuple[Attempt, ...]
        cost: Decimal
        reservations: tuple[UUID, ...] = ()
        embeddings: tuple[Attempt, ...] = ()
        """Calls of embedding models on the way to the prompt; part of the cost."""

        outcome: Outcome | None = None
        """None: it came to no answer."""

        variants: tuple[Assignment, ...] = ()
        """The arms of splits that it is of."""

        retrieval: RetrievalFigures | None = None
        """None: no passages were looked for, or it came to no answer."""

        channel: str | None = None
        """Of the conversation; None: it was not told yet."""

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """What is new in the second version has defaults that are true of the first."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """Until the second version each reservation said by itself whose call it was for."""

        @staticmethod
        def upcast_v3_v4(facts: dict[str, Any]) -> None:
            """Until the third version no usage told the tier that served it, which is the standard one by default."""

        @staticmethod
        def upcast_v4_v5(facts: dict[str, Any]) -> None:
            """Until the fourth version an answer that ended in an unknown way was `ok`, and an empty one `unavailable`."""

        @staticmethod
        def upcast_v5_v6(facts: dict[str, Any]) -> None:
            """Until version 5 nobody recorded embeddings of questions: there are none by default."""

        @staticmethod
        def upcast_v6_v7(facts: dict[str, Any]) -> None:
            """Until version 6 every answer came of asking a model, and nobody recorded its outcome."""

        @staticmethod
        def upcast_v7_v8(facts: dict[str, Any]) -> None:
            """Until version 7 nothing was split."""

        @staticmethod
        def upcast_v8_v9(facts: dict[str, Any]) -> None:
            """Until version 8 nobody recorded how a retrieval went."""

        @staticmethod
        def upcast_v9_v10(facts: dict[str, Any]) -> None:
            """Until version 9 no passage was from the internet."""

        @staticmethod
        def upcast_v10_v11(facts: dict[str, Any]) -> None:
            """Until version 10 neither the channel nor the intents were told."""

        @staticmethod
        def upcast_v11_v12(facts: dict[str, Any]) -> None:
            """Until version 11 nothing was suggested."""

        @staticmethod
        def upcast_v12_v13(facts: dict[str, Any]) -> None:
            """Until version 12 nobody recorded what became of matches."""

        @staticmethod
        def upcast_v13_v14(facts: dict[str, Any]) -> None:
            """Until version 13 no passage was of a customer's purchases."""

        @staticmethod
        def upcast_v14_v15(facts: dict[str, Any]) -> None:
            """Until version 14 no model was passed over for what it can't do."""

    class AnswerBegun(Event, frozen=True, kw_only=True):
        """The answer is made for what is there, for the customer begins to get it, piece by piece, or newer messages have held it up for
        long: those that come from now on are the next burst's."""

        TOPIC: ClassVar[str] = "conversation.answer_begun"
        class_version: ClassVar[int] = 2
        PERSONAL: ClassVar[bool] = False
        interaction: UUID
        heard: bool = True
        """Whether the customer gets it while it is made."""

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version did not say whether the customer was getting it; that it was so is the safe assumption."""

        def apply(self, aggregate: Answers) -> None:
            state = aggregate.state
            if state.burst is not None and state.burst.interaction == self.interaction:
                state.begun, state.burst = state.burst, None
            state.begun_at, state.heard = self.timestamp, self.heard

    class Answered(Event, frozen=True, kw_only=True):
        """One interaction's answer. `pending_documents`: how many documents had not been processed yet, so that it could not rest on them.
        `rich`: what goes out beside the text, or in its place where it has the same body. `shown`: what the customer is told in place of `text`,
        with its citations written out; None: the same.

        `understanding`: what the messages were understood to say; `decision`: what was done about that, and why; `cut`: what the prompt
        did not hold. `remembered`: the memory from now on, where it has changed. `afresh`: what was said before is left behind. `recovers`: the
        interaction whose question was left unanswered until now. `plain`: by the agent without documents and routing.
        `suggestions`: what else of the catalogue was suggested, and by what; None: nothing was known to be. `reactions`: to those of before."""

        TOPIC: ClassVar[str] = "conversation.answered"
        MACHINE_MADE: ClassVar[bool] = True
        class_version: ClassVar[int] = 15
        interaction: UUID
        messages: tuple[str, ...]
        text: str
        kind: Literal["text"] = "text"
        citations: tuple[Citation, ...] = ()
        template: str = ""
        confidence: float
        handoff: str | None = None
        configuration_version: int
        cached: bool = False
        latency_ms: float
        pending_documents: int = 0
        rich: Rich | None = None
        understanding: Understanding | None = None
        decision: Decision = Decision()
        cut: tuple[Cut, ...] = ()
        remembered: Memory | None = None
        afresh: bool = False
        recovers: UUID | None = None
        plain: bool = False
        shown: str | None = None
        suggestions: Suggestions | None = None
        reactions: tuple[Reaction, ...] = ()

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version did not say how many documents were pending; nobody knows any more."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """Until the second version all answers were plain texts."""

        @staticmethod
        def upcast_v3_v4(facts: dict[str, Any]) -> None:
            """Until the third version nothing was understood, decided or remembered on record."""

        @staticmethod
        def upcast_v4_v5(facts: dict[str, Any]) -> None:
            """Until version 4 no question went without a vector."""

        @staticmethod
        def upcast_v5_v6(facts: dict[str, Any]) -> None:
            """Until version 5 all that was cited were documents."""

        @staticmethod
        def upcast_v6_v7(facts: dict[str, Any]) -> None:
            """Until version 6 a citation told the page alone where its passage begins."""

        @staticmethod
        def upcast_v7_v8(facts: dict[str, Any]) -> None:
            """Until version 7 whatever was asked for passages was waited for."""

        @staticmethod
        def upcast_v8_v9(facts: dict[str, Any]) -> None:
            """Until version 8 nobody looked for names of the catalogue, or asked which of several was meant."""

        @staticmethod
        def upcast_v9_v10(facts: dict[str, Any]) -> None:
            """Until version 9 no citation was written out."""

        @staticmethod
        def upcast_v10_v11(facts: dict[str, Any]) -> None:
            """Until version 10 no passage was from the internet."""

        @staticmethod
        def upcast_v11_v12(facts: dict[str, Any]) -> None:
            """Until version 11 nothing was suggested."""

        @staticmethod
        def upcast_v12_v13(facts: dict[str, Any]) -> None:
            """Until version 12 no passage was of a customer's purchases."""

        @staticmethod
        def upcast_v13_v14(facts: dict[str, Any]) -> None:
            """Until version 13 nobody was asked for their consent to an action."""

        @staticmethod
        def upcast_v14_v15(facts: dict[str, Any]) -> None:
            """Until version 14 no memory kept what was looked at before the last."""

        @property
        def suggested(self) -> str:
            """What is told behind the text; may be empty."""
            told = "" if self.suggestions is None else self.suggestions.told
            return f"\n\n{told}" if told else ""

        @property
        def told(self) -> str:
            """All that the customer is told, as it is shown."""
            return f"{self.text if self.shown is None else self.shown}{self.suggested}"

        def apply(self, aggregate: Answers) -> None:
            state = aggregate.state
            if self.afresh:
                state.history = state.history[aggregate._answered() :]
                state.summary, state.unsummarised, state.afresh = None, 0, self.originator_version
            if state.begun is None:
                state.burst = None
            state.begun = state.begun_at = None
            state.shown = ()
            state.last_interaction = self.interaction
            state.answered_at, state.failures = self.timestamp, 0
            if self.remembered is not None:
                state.memory = self.remembered
            offers = [] if self.suggestions is None else [each.offer for each in self.suggestions.offers]
            state.matched = matches_in(self.decision, self.understanding)
            if offers or self.reactions:
                state.suggested = after(
                    state.suggested, self.reactions, offers, self.interaction, self.timestamp
                )
            aggregate._remember("assistant", f"{self.text}{self.suggested}")

    class AnswerFailed(Event, frozen=True, kw_only=True):
        """No provider gave an answer; the messages stay pending and work tries again."""

        TOPIC: ClassVar[str] = "conversation.answer_failed"
        interaction: UUID
        reason: str

        def apply(self, aggregate: Answers) -> None:
            aggregate.state.begun_at = None
            aggregate.state.failures += 1

    def disclose(self, text: str, at: datetime) -> None:
        """Tell the customer, once, that a machine answers."""
        if not self.state.disclosed:
            self.trigger(self.Disclosed, at=at, interaction=self._pending().interaction, text=text)

    def ask(
        self,
        *,
        retrieved: tuple[Retrieved, ...],
        prompt: tuple[Turn, ...],
        conflicts: tuple[Conflict, ...] = (),
        looked_for: str = "",
        at: datetime,
    ) -> None:
        """Record what a model is asked for the pending burst."""
        self.trigger(
            self.Prompted,
            at=at,
            interaction=self._pending().interaction,
            retrieved=retrieved,
            prompt=prompt,
            conflicts=conflicts,
            looked_for=looked_for,
        )

    def meter(
        self,
        interaction: UUID,
        *,
        routing: Routing,
        attempts: Sequence[Attempt],
        reservations: Sequence[UUID] = (),
        embeddings: Sequence[Attempt] = (),
        outcome: Outcome | None = None,
        variants: tuple[Assignment, ...] = (),
        retrieval: RetrievalFigures | None = None,
        at: datetime,
    ) -> Metered:
        """Record what was tried for an interaction, what it cost, and what held that in the budget, whether it got an answer or not."""
        paid = total((*attempts, *embeddings))
        facts = {"attempts": tuple(attempts), "cost": paid, "reservations": tuple(reservations)}
        facts |= {"embeddings": tuple(embeddings), "outcome": outcome, "variants": variants}
        facts |= {"retrieval": retrieval, "channel": self.state.channel}
        self.trigger(self.Metered, at=at, interaction=interaction, routing=routing, **facts)
        metered = self.pending_events[-1]
        assert isinstance(metered, self.Metered)
        return metered

    def begin_answer(self, at: datetime, *, heard: bool = True) -> None:
        """Record that the pending burst's answer is made for what is there; `heard`: the customer gets it meanwhile. Raises Refused when the
        disclosure is missing, or a person is to answer."""
        burst = self._pending()
        if self.pending_for_agent is None:
            raise Refused(HANDED_OVER)
        if not self.state.disclosed:
            raise Refused(NOT_TOLD)
        self.trigger(self.AnswerBegun, at=at, interaction=burst.interaction, heard=heard)

    def answer(
        self,
        *,
        text: str,
        citations: tuple[Citation, ...],
        template: str,
        confidence: float,
        configuration_version: int,
        latency_ms: float,
        at: datetime,
        handoff: str | None = None,
        cached: bool = False,
        pending_documents: int = 0,
        rich: Rich | None = None,
        shown: str | None = None,
        reasons: Reasons = UNTOLD,
    ) -> None:
        """Answer the pending burst. Raises Refused when nothing is pending, the disclosure is missing, or a person is to answer; but what the
        customer was getting when that one came is on record as said. Invalid for what a channel would refuse."""
        burst = self._for_agent(at)
        if not self.state.disclosed:
            raise Refused(NOT_TOLD)
        if rich is not None:
            rich.check()
        if strange := [c.passage for c in citations if c.passage not in self.state.shown]:
            raise Refused(f"the answer cites passages that were not in the prompt: {strange}")
        self.trigger(
            self.Answered,
            at=at,
            interaction=burst.interaction,
            messages=tuple(message.id for message in burst.messages),
            text=text,
            citations=citations,
            template=template,
            confidence=confidence,
            handoff=handoff,
            configuration_version=configuration_version,
            cached=cached,
            latency_ms=latency_ms,
            pending_documents=pending_documents,
            rich=rich,
            shown=shown,
            **asdict(reasons),
        )

    def fail(self, *, reason: str, at: datetime) -> None:
        """Record that no provider could answer the pending burst."""
        self.trigger(self.AnswerFailed, at=at, interaction=self._pending().interaction, reason=reason)
