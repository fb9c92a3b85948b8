"""What goes out, without a word of it: which part of what was said a message of a channel holds."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec

LONGEST_TEXT = 1600
"""UTF-16 units that Twilio takes as one text."""

Form = Literal["text", "quick_replies", "choices", "card", "attachment", "template"]


class Outgoing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message: a part of the text, or the form, of the conversation's event at `version`. No word of it is here.

    `disclosed`: the version of the disclosure that is told with it. `begin` and `end`: where a part is in all that is told, in characters.
    `plain`: a part of what a form says, in the place of the form. `campaign`: of which it is the message `part`; `more` of it follow.
    """

    version: int
    interaction: UUID | None
    form: Form = "text"
    disclosed: int | None = None
    begin: int = 0
    end: int = 0
    plain: bool = False
    campaign: UUID | None = None
    part: int = 0
    more: bool = False


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What is to go out of events up to version `taken`. `sender`: our address, to which the customer wrote last. `untold`: the version of a
    disclosure that stands before the agent's next answer."""

    outgoing: tuple[Outgoing, ...]
    taken: int
    sender: str | None
    untold: int | None = None
