"""A call of the completions API: what an app asked, what it was told, what it cost. One stream a call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Self
from uuid import UUID

from msgspec.structs import replace

from domain.answers.plan import Decision
from domain.answers.split import Assignment
from domain.base.aggregate import CreatedEvent, Quote
from domain.chat.of_user import CallOfUser, CallOfUserState
from domain.chat.response import ResponseFacts
from domain.gateway.decision import Routing
from domain.models.answer_format import AnswerFormat
from domain.models.choices import Choice, TokenLogprob
from domain.models.completion import Attempt, Citation, Finish, Options, Turn
from domain.models.pricing import total
from domain.models.tools import Tool, ToolCall, ToolChoice
from domain.retrieval.conflicts.conflicts import Conflict
from domain.retrieval.passages import Retrieved, cut, join
from domain.retrieval.results.figures import RetrievalFigures


class CallState(CallOfUserState):
    ended: bool = False
    answered: bool = False
    deleted: bool = False


class Call(CallOfUser[CallState]):
    """Saved once, when it has ended, in whatever way: the caller waits for it all the time, so nobody can go on with half of it."""

    TOPIC = "call"
    State = CallState

    class Event(CallOfUser.Event, frozen=True, kw_only=True):
        pass

    class Requested(Event, CreatedEvent, frozen=True, kw_only=True):
        """`model` is what the app named; `user` is whom it named, as it did, `user_id` their id (domain/chat/end_user.py)."""

        TOPIC: ClassVar[str] = "call.requested"
        class_version: ClassVar[int] = 6
        model: str
        messages: tuple[Turn, ...]
        tools: tuple[Tool, ...] = ()
        tool_choice: ToolChoice | None = None
        parallel_tool_calls: bool | None = None
        answer_format: AnswerFormat | None = None
        choices: int = 1
        logprobs: int | None = None
        max_tokens: int | None = None
        temperature: float | None = None
        stop: tuple[str, ...] = ()
        options: Options | None = None
        stream: bool = False
        user: str | None = None
        user_id: UUID | None = None

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """Each call had a key of its own in the first version: it has no `user_id`."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """Until the second version no participant had a name."""

        @staticmethod
        def upcast_v3_v4(facts: dict[str, Any]) -> None:
            """Until the third version each call had a limit, if only one that nobody had asked for."""

        @staticmethod
        def upcast_v4_v5(facts: dict[str, Any]) -> None:
            """Until the fourth version no call had tools, or a form of its answer."""

        @staticmethod
        def upcast_v5_v6(facts: dict[str, Any]) -> None:
            """Until version 5 one choice was asked for, and no log probabilities."""

        def apply(self, aggregate: Call) -> None:
            aggregate.state.user_id = self.user_id

    class Responded(Event, frozen=True, kw_only=True):
        """It was asked for as a response of the Responses API."""

        TOPIC: ClassVar[str] = "call.responded"
        facts: ResponseFacts

    class ResponseDeleted(Event, frozen=True, kw_only=True):
        """The response is given out no more."""

        TOPIC: ClassVar[str] = "call.response_deleted"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Call) -> None:
            aggregate.state.deleted = True

    class Prompted(Event, frozen=True, kw_only=True):
        """What the agent made of it: the passages that were found, and the whole prompt."""

        TOPIC: ClassVar[str] = "call.prompted"
        class_version: ClassVar[int] = 10
        QUOTES: ClassVar[bool] = True
        retrieved: tuple[Retrieved, ...]
        prompt: tuple[Turn, ...]
        template: str | None = None
        configuration_version: int
        conflicts: tuple[Conflict, ...] = ()
        """Between the passages, which the prompt tells of."""

        looked_for: str = ""
        """What the passages were looked for with, where that is more than the questions."""

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version did not say the template's name; it was this one."""
            facts["template"] = "answer/1"

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """Until the second version passages did not say where they stand; `together` finds it out."""

        @staticmethod
        def upcast_v3_v4(facts: dict[str, Any]) -> None:
            """Until the third version no participant had a name."""

        @staticmethod
        def upcast_v4_v5(facts: dict[str, Any]) -> None:
            """Until the fourth version nobody looked for conflicts, and no passage said what it is from."""

        @staticmethod
        def upcast_v5_v6(facts: dict[str, Any]) -> None:
            """Until version 5 a passage told the page alone where it begins."""

        @staticmethod
        def upcast_v6_v7(facts: dict[str, Any]) -> None:
            """Until version 6 passages were looked for with the questions alone."""

        @staticmethod
        def upcast_v7_v8(facts: dict[str, Any]) -> None:
            """Until version 7 no passage was from the internet."""

        @staticmethod
        def upcast_v8_v9(facts: dict[str, Any]) -> None:
            """Until version 8 no passage was of a customer's purchases."""

        @staticmethod
        def upcast_v9_v10(facts: dict[str, Any]) -> None:
            """Until version 9 no turn had calls of tools, or anything attached."""

        def detach(self) -> tuple[Self, tuple[Quote, ...]]:
            retrieved, prompt, lent = cut(self.retrieved, self.prompt)
            return replace(self, retrieved=retrieved, prompt=prompt), lent

        def attach(self, lent: Sequence[Quote]) -> Self:
            retrieved, prompt = join(self.retrieved, self.prompt, lent)
            return replace(self, retrieved=retrieved, prompt=prompt)

    class Metered(Event, frozen=True, kw_only=True):
        """Which model was chosen, what was tried and what it cost. `reservations` held the cost in the budget meanwhile."""

        TOPIC: ClassVar[str] = "call.metered"
        class_version: ClassVar[int] = 11
        PERSONAL: ClassVar[bool] = False
        METERS: ClassVar[tuple[str, ...]] = ("attempts", "embeddings")
        routing: Routing
        attempts: tuple[Attempt, ...]
        cost: Decimal
        reservations: tuple[UUID, ...] = ()
        embeddings: tuple[Attempt, ...] = ()
        """Calls of embedding models on the way to the prompt; part of the cost."""

        variants: tuple[Assignment, ...] = ()
        """The arms of splits that it is of."""

        unit: UUID | None = None
        """Whose arms they are: the user, as in `Requested`; None: the call's own."""

        retrieval: RetrievalFigures | None = None
        """None: no passages were looked for."""

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """In the first version each reservation said by itself whose call it was for."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """Until the second version no usage told the tier that served it, which is the standard one by default."""

        @staticmethod
        def upcast_v3_v4(facts: dict[str, Any]) -> None:
            """Until the third version an answer that ended in an unknown way was `ok`, and an empty one `unavailable`."""

        @staticmethod
        def upcast_v4_v5(facts: dict[str, Any]) -> None:
            """Until version 4 nobody recorded embeddings of questions: there are none by default."""

        @staticmethod
        def upcast_v5_v6(facts: dict[str, Any]) -> None:
            """What is new in version 6 happens in conversations alone."""

        @staticmethod
        def upcast_v6_v7(facts: dict[str, Any]) -> None:
            """Until version 6 nothing was split."""

        @staticmethod
        def upcast_v7_v8(facts: dict[str, Any]) -> None:
            """Until version 7 nobody recorded how a retrieval went."""

        @staticmethod
        def upcast_v8_v9(facts: dict[str, Any]) -> None:
            """Until version 8 no passage was from the internet."""

        @staticmethod
        def upcast_v9_v10(facts: dict[str, Any]) -> None:
            """Until version 9 no passage was of a customer's purchases."""

        @staticmethod
        def upcast_v10_v11(facts: dict[str, Any]) -> None:
            """Until version 10 no model was passed over for what it can't do."""

    class Answered(Event, frozen=True, kw_only=True):
        """`disclosure`: what the first answer of a conversation said of who answers, beside the text or before it. `decision`: whether the agent
        has answered or declined, and why; None: it was not the agent that was asked, or nobody looked for orders to it yet."""

        TOPIC: ClassVar[str] = "call.answered"
        MACHINE_MADE: ClassVar[bool] = True
        class_version: ClassVar[int] = 9
        text: str
        calls: tuple[ToolCall, ...] = ()
        """Of tools, which the app is asked to do."""

        finish: Finish
        logprobs: tuple[TokenLogprob, ...] = ()
        others: tuple[Choice, ...] = ()
        """Choices beside this one, which is the first."""

        citations: tuple[Citation, ...] = ()
        cached: bool = False
        latency_ms: float
        disclosure: str | None = None
        decision: Decision | None = None

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """Nothing was said of it then."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """Until the second version all that was cited were documents."""

        @staticmethod
        def upcast_v3_v4(facts: dict[str, Any]) -> None:
            """Until the third version a citation told the page alone where its passage begins."""

        @staticmethod
        def upcast_v4_v5(facts: dict[str, Any]) -> None:
            """Until the fourth version nothing was decided: all that was asked was answered."""

        @staticmethod
        def upcast_v5_v6(facts: dict[str, Any]) -> None:
            """Until version 5 no passage was from the internet."""

        @staticmethod
        def upcast_v6_v7(facts: dict[str, Any]) -> None:
            """Until version 6 no passage was of a customer's purchases."""

        @staticmethod
        def upcast_v7_v8(facts: dict[str, Any]) -> None:
            """Until version 7 no answer called tools."""

        @staticmethod
        def upcast_v8_v9(facts: dict[str, Any]) -> None:
            """Until version 8 an answer had one choice, and no log probabilities."""

        def apply(self, aggregate: Call) -> None:
            aggregate.state.ended = aggregate.state.answered = True

    class Ended(Event, frozen=True, kw_only=True):
        """Without an answer, or with a part of it: no model could, the budget forbade it, or the caller went away."""

        TOPIC: ClassVar[str] = "call.ended"
        MACHINE_MADE: ClassVar[bool] = True
        class_version: ClassVar[int] = 3
        reason: str
        text: str = ""
        calls: tuple[ToolCall, ...] = ()
        """As much of them as the caller had got."""

        others: tuple[Choice, ...] = ()
        """As much of further choices as the caller had got."""

        latency_ms: float

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """In the first version no answer called tools."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """Until the second version an answer had one choice."""

        def apply(self, aggregate: Call) -> None:
            aggregate.state.ended = True

    class Forgotten(Event, frozen=True, kw_only=True):
        """The last event: its user is to be erased. What is personal before it is blanked, the user's key destroyed."""

        TOPIC: ClassVar[str] = "call.forgotten"
        PERSONAL: ClassVar[bool] = False
        ERASES: ClassVar[bool] = True

        def apply(self, aggregate: Call) -> None:
            aggregate.state.forgotten = True

    @classmethod
    def request(
        cls,
        id: UUID,
        *,
        model: str,
        messages: tuple[Turn, ...],
        max_tokens: int | None,
        temperature: float | None,
        stop: tuple[str, ...],
        options: Options,
        stream: bool,
        user: str | None,
        user_id: UUID | None = None,
        tools: tuple[Tool, ...] = (),
        tool_choice: ToolChoice | None = None,
        parallel_tool_calls: bool | None = None,
        answer_format: AnswerFormat | None = None,
        choices: int = 1,
        logprobs: int | None = None,
        at: datetime,
    ) -> Call:
        return cls.create(
            cls.Requested,
            id=id,
            at=at,
            model=model,
            messages=messages,
            tools=tools,
            tool_choice=tool_choice,
            parallel_tool_calls=parallel_tool_calls,
            answer_format=answer_format,
            choices=choices,
            logprobs=logprobs,
            max_tokens=max_tokens,
            temperature=temperature,
            stop=stop,
            options=options or None,
            stream=stream,
            user=user,
            user_id=user_id,
        )

    def respond(self, facts: ResponseFacts, at: datetime) -> None:
        """Record that it was asked for as a response."""
        self.trigger(self.Responded, at=at, facts=facts)

    def delete_response(self, at: datetime) -> None:
        """Give it out no more."""
        if not self.state.deleted and not self.state.forgotten:
            self.trigger(self.ResponseDeleted, at=at)

    def prompt(
        self,
        *,
        retrieved: tuple[Retrieved, ...],
        prompt: tuple[Turn, ...],
        template: str,
        configuration_version: int,
        conflicts: tuple[Conflict, ...] = (),
        looked_for: str = "",
        at: datetime,
    ) -> None:
        """Record what a model is asked in the place of the app's own messages."""
        facts = {"prompt": prompt, "template": template, "configuration_version": configuration_version}
        facts |= {"conflicts": conflicts, "looked_for": looked_for}
        self.trigger(self.Prompted, at=at, retrieved=retrieved, **facts)

    def meter(
        self,
        *,
        routing: Routing,
        attempts: Sequence[Attempt],
        reservations: Sequence[UUID] = (),
        embeddings: Sequence[Attempt] = (),
        variants: tuple[Assignment, ...] = (),
        unit: UUID | None = None,
        retrieval: RetrievalFigures | None = None,
        at: datetime,
    ) -> Metered:
        """Record what was tried, what it cost, and what held that in the budget."""
        paid = total((*attempts, *embeddings))
        facts = {"attempts": tuple(attempts), "cost": paid, "reservations": tuple(reservations)}
        facts |= {"embeddings": tuple(embeddings), "variants": variants, "retrieval": retrieval}
        self.trigger(self.Metered, at=at, routing=routing, unit=unit, **facts)
        metered = self.pending_events[-1]
        assert isinstance(metered, self.Metered)
        return metered

    def answer(
        self,
        *,
        text: str,
        finish: Finish,
        citations: tuple[Citation, ...],
        cached: bool,
        latency_ms: float,
        at: datetime,
        disclosure: str | None = None,
        decision: Decision | None = None,
        calls: tuple[ToolCall, ...] = (),
        logprobs: tuple[TokenLogprob, ...] = (),
        others: tuple[Choice, ...] = (),
    ) -> None:
        facts = {
            "calls": calls,
            "logprobs": logprobs,
            "others": others,
            "finish": finish,
            "citations": citations,
            "cached": cached,
            "latency_ms": latency_ms,
        }
        self.trigger(self.Answered, at=at, text=text, disclosure=disclosure, decision=decision, **facts)

    def end(
        self,
        *,
        reason: str,
        text: str,
        latency_ms: float,
        at: datetime,
        calls: tuple[ToolCall, ...] = (),
        others: tuple[Choice, ...] = (),
    ) -> None:
        """Record that there is no whole answer."""
        facts = {"text": text, "calls": calls, "others": others}
        self.trigger(self.Ended, at=at, reason=reason, latency_ms=latency_ms, **facts)
