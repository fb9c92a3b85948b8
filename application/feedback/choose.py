"""A button that was pressed below "Did this help you?": the rating, and what the customer is told, in one save. It is no message, and no model sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol

import msgspec

from application.answers.feedback_token import FeedbackToken, check_token, read_token
from application.conversations.language import customers_language
from application.conversations.owing import deliveries
from application.ports import Clock, Keyring, Store
from domain.agents.rating_words import rating_words
from domain.base.context import Context
from domain.base.errors import Conflict, Forbidden, NotFound, Unauthenticated
from domain.channels.incoming import IncomingMessage
from domain.conversations.content import Choice
from domain.conversations.conversation import Conversation
from domain.conversations.rating_prompts import RatingChoice, rating_button
from domain.feedback.rating import Rating, rating_of

Outcome = Literal["rating", "duplicate"]

RACES = 50
"""How often it is taken in again because somebody else has changed the conversation, or the rating."""


class Ports(Protocol):
    @property
    def store(self) -> Store: ...
    @property
    def keyring(self) -> Keyring: ...
    @property
    def clock(self) -> Clock: ...


class ChooseRating(msgspec.Struct, frozen=True, kw_only=True):
    """`token` was in the button; `inbox` names the message that came."""

    token: FeedbackToken
    choice: RatingChoice
    incoming: IncomingMessage
    inbox: str


def pressed_with(ports: Ports) -> Callable[[IncomingMessage, str, Context], Awaitable[Outcome | None]]:
    """For `take_webhook`: what to do about buttons that are no message."""

    async def press(incoming: IncomingMessage, inbox: str, context: Context) -> Outcome | None:
        pressed = rating_pressed(incoming)
        if pressed is None:
            return None
        token, choice = pressed
        command = ChooseRating(token=token, choice=choice, incoming=incoming, inbox=inbox)
        taken = await choose_rating(command, context, ports)
        return None if taken is None else "rating" if taken else "duplicate"

    return press


def rating_pressed(incoming: IncomingMessage) -> tuple[FeedbackToken, RatingChoice] | None:
    """What was pressed, with a token that is still to be proved; None: it is no button of ours."""
    for part in incoming.parts:
        if isinstance(part, Choice) and (pressed := rating_button(part.id)) is not None:
            text, choice = pressed
            try:
                return read_token(text), choice
            except Unauthenticated:
                return None
    return None


async def choose_rating(command: ChooseRating, context: Context, ports: Ports) -> bool | None:
    """Take it in; whether it had an effect: the same message again has none, nor has what is about a customer who was erased. None: the button is none of
    this tenant's.

    A button may be pressed again, and another one after it: the latest holds. One that is pressed when the time for it is over changes nothing,
    and the customer is told so.
    """
    token, store = command.token, ports.store
    if token.tenant != context.tenant:
        return None
    late = False
    try:
        await check_token(token, ports.clock(), keyring=ports.keyring)
    except Unauthenticated:
        return None
    except Forbidden:
        late = True
    for race in range(RACES):
        try:
            conversation = await store.load(Conversation, token.conversation, tenant=context.tenant)
            if conversation.state.forgotten:
                return False
            rating = None if late else await _rated(command, context, ports)
            _press(conversation, rating, command, late, ports)
            both = [conversation] if rating is None else [conversation, rating]
            work = deliveries(conversation, ports.clock())
            saved = await store.save(*both, context=context, inbox=command.inbox, work=work)
            return not saved.duplicate
        except NotFound:  # it was erased
            return False
        except Conflict:
            if race == RACES - 1:
                raise
    raise AssertionError("unreachable")


async def _rated(command: ChooseRating, context: Context, ports: Ports) -> Rating | None:
    """The rating with what was chosen; None where it was so already, or is no rating."""
    if command.choice == "stop":
        return None
    token, at = command.token, ports.clock()
    try:
        rating = await ports.store.load(Rating, rating_of(token.interaction), tenant=context.tenant)
    except NotFound:
        rating = Rating.begin(token.interaction, token.conversation, at)
    before = rating.state.helpful
    rating.rate(command.choice == "yes", "whatsapp", at)
    return None if rating.state.helpful == before else rating


def _press(
    conversation: Conversation, rating: Rating | None, command: ChooseRating, late: bool, ports: Ports
) -> None:
    """What says nothing new gets no reply."""
    incoming, words = command.incoming, rating_words(customers_language(conversation))
    if command.choice == "stop":
        reply = words.stopped if conversation.state.unasked is None else None
    elif late:
        reply = words.late
    else:
        reply = None if rating is None else words.thanks
    conversation.choose_rating(
        command.token.interaction,
        command.choice,
        message=incoming.id,
        title=incoming.text,
        reply=reply,
        at=ports.clock(),
        sender=incoming.sender,
        address=incoming.address,
        raw=incoming.raw,
    )
