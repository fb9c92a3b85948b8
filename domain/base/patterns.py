"""Patterns: the forms that a text may be asked to have, and what each is called where a text has another one."""

from __future__ import annotations

from collections.abc import Mapping

_END = r"$(?!\n)"
"""The end; `$` alone lets a line end follow."""

LANGUAGE = "^[a-z]{2}$"
ARM = "^[a-z0-9][a-z0-9_-]*$"
ACTION = rf"^[a-z][a-z0-9_]{{0,47}}{_END}"
ARGUMENT = rf"^[A-Za-z_][A-Za-z0-9_]{{0,47}}{_END}"
RESPONSE = rf"^resp_[0-9a-f]{{32}}{_END}"
CHANNEL = rf"^[a-z][a-z0-9_-]*{_END}"
PRINTABLE = rf"^[^\u0000-\u001f\u007f]+{_END}"
VISIBLE = rf"^[!-~]+{_END}"
SHA256 = rf"^[0-9a-fA-F]{{64}}{_END}"
MODEL_ID = r"^[^/\s]+/\S+$"
PROVIDER = r"^[^/\s]+$"
MODEL = r"^\S+$"
PRICE = rf"^[0-9]{{1,12}}(\.[0-9]{{1,4}})?{_END}"
CURRENCY = rf"^[A-Z]{{3}}{_END}"
CLOCK = rf"^([01][0-9]|2[0-3]):[0-5][0-9]{_END}"
FUNCTION = rf"^[a-zA-Z0-9_-]{{1,64}}{_END}"

WORDS: Mapping[str, str] = {
    LANGUAGE: "a language as two small letters, as de (ISO 639-1)",
    ARM: "a name of small letters, digits, - and _, which begins with a letter or digit",
    ACTION: "a name of small letters, digits and _, at most 48, which begins with a letter",
    ARGUMENT: "a name of letters, digits and _, at most 48, which begins with no digit",
    RESPONSE: "a response's id as resp_ and 32 hexadecimal digits",
    CHANNEL: "a channel as small letters, digits, - and _, which begins with a letter, as whatsapp",
    PRINTABLE: "a text without line ends and other control characters",
    VISIBLE: "a text of visible ASCII characters, without spaces",
    SHA256: "a SHA-256 as 64 hexadecimal digits",
    MODEL_ID: "a model as provider/name, without spaces",
    PROVIDER: "a provider's name, without / and spaces",
    MODEL: "a model's name, without spaces",
    PRICE: 'a price as digits with at most four behind a point, as "12.90"',
    CLOCK: "a time of day as 09:30, from 00:00 to 23:59",
    FUNCTION: "a name of 1 to 64 letters, digits, - and _",
    CURRENCY: "a currency as three capitals, as EUR (ISO 4217)",
}


def in_words(message: str) -> str:
    """msgspec's error without its regular expression: what the text should be instead."""
    for pattern, words in WORDS.items():
        if (named := f"`str` matching regex {pattern!r}") in message:
            return message.replace(named, words)
    return message
