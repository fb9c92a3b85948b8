"""Words of a campaign's message that differ by customer: placeholders, as wordings of the agent's have them, what stands for each, and what does
where nothing is known. Pure.

A value is cut to `LONGEST_VALUE`, so that a message which is within its limits with values of that length is within them for everybody.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from domain.base.errors import Invalid
from domain.base.placeholders import fill, one_line, placeholders
from domain.campaigns.message import CampaignMessage

KNOWN: Mapping[str, str] = {
    "name": "the customer's name, as the channel tells it",
    "first_name": "its first word",
    "product": "the product that the customer has ordered last, by its name",
    "service": "the service that the customer has booked last, by its name",
}
LONGEST_VALUE = 60
"""Characters; as many as 120 UTF-16 units."""

Values = Mapping[str, str]
_LONGEST = "\N{SLIGHTLY SMILING FACE}" * LONGEST_VALUE


def named(message: CampaignMessage) -> frozenset[str]:
    """The placeholders that stand in it, and can be filled."""
    return frozenset(_used(message) & KNOWN.keys())


def missing(message: CampaignMessage, values: Values) -> tuple[str, ...]:
    """Of what stands in it neither the customer's value nor a fallback is known."""
    return tuple(sorted(named(message) - values.keys() - message.fallbacks.keys()))


def worded(message: CampaignMessage, values: Values) -> CampaignMessage:
    """As one customer gets it."""
    if not named(message):
        return message
    put_in = {**message.fallbacks, **values}
    if (template := message.template) is not None:
        variables = {name: fill(text, put_in) for name, text in template.variables.items()}
        return replace(message, template=replace(template, variables=variables))
    return replace(message, text=fill(message.text, put_in))


def widest_and_barest(message: CampaignMessage) -> tuple[CampaignMessage, CampaignMessage]:
    """As who has the longest values would get it, and as who has none would: others' are in between."""
    longest = dict.fromkeys(KNOWN, _LONGEST)
    bare = {name: "" if message.fallbacks.get(name) == "" else "x" for name in KNOWN}
    return worded(message, longest), worded(replace(message, fallbacks={}), bare)


def value_of(text: str | None) -> str | None:
    """What is put in for it; None: nothing that can be read stands there, as a name of signs alone."""
    line = one_line(text or "", LONGEST_VALUE)
    return line if any(letter.isalnum() for letter in line) else None


def of_name(name: str | None) -> dict[str, str]:
    """The values that a customer's name has."""
    whole = value_of(name)
    if whole is None:
        return {}
    first = next(word for word in whole.split(" ") if value_of(word) is not None)
    return {"name": whole, "first_name": first}


def check_words(message: CampaignMessage) -> None:
    """Raises Invalid for placeholders that there are not, that stand where nothing is put in, and fallbacks without one."""
    used = _used(message)
    known = ", ".join(f"{{{name}}}" for name in sorted(KNOWN))
    if unknown := sorted(used - KNOWN.keys()):
        named = ", ".join(f"{{{name}}}" for name in unknown)
        raise Invalid(f"message: a campaign knows no {named}; known are: {known}")
    if any("{{" + name + "}}" in text for text in _texts(message) for name in used):
        raise Invalid("message: a placeholder has one brace on each side, as {first_name}")
    fixed = " ".join(
        text or "" for button in message.buttons for text in (button.title, button.url, button.reply)
    )
    if misplaced := sorted(placeholders(fixed) & KNOWN.keys()):
        raise Invalid(
            f"message: {{{misplaced[0]}}} stands in a button; placeholders are filled in the text, and in a template's variables"
        )
    if idle := sorted(message.fallbacks.keys() - used):
        raise Invalid(
            f"message: there is a fallback for {idle[0][:48]!r}, but no such placeholder stands in it"
        )
    for name, text in message.fallbacks.items():
        if text != one_line(text, LONGEST_VALUE):
            raise Invalid(
                f"message: the fallback for {{{name}}} is one line of at most {LONGEST_VALUE} characters, without control characters"
            )


def _used(message: CampaignMessage) -> set[str]:
    return {name for text in _texts(message) for name in placeholders(text)}


def _texts(message: CampaignMessage) -> tuple[str, ...]:
    template = message.template
    return (message.text,) if template is None else tuple(template.variables.values())
