"""Mail addresses, phones, account and order numbers, dates of birth: what is personal by its form. Data; every pattern is linear in the
text's length, or bounded."""

from __future__ import annotations

import re

_CURRENCY = r"(?:[€$£¥₺₽%]|(?i:eur|usd|gbp|chf|pln|zł|try|tl|brl|euros?|dollars?|pounds?|рублей|руб)\b)"
_SEPARATED = r"\d(?:[ \u00a0./()\u2010-\u2015-]{0,3}\d)"

KEPT: tuple[re.Pattern[str], ...] = (
    re.compile(rf"[€$£¥₺₽]\s?\d{{1,6}}+(?:[.,]\d{{1,3}}){{0,2}}+(?!\d)|(?<![\d.,-])\d{{1,3}}(?:[.,' ]\d{{3}}){{0,2}}(?:[.,]\d{{1,2}})?\s?{_CURRENCY}"),
    re.compile(r"(?<!\d)(?:201[6-9]|20[2-9]\d)-\d{2}-\d{2}(?!\d)|(?<![\d./-])\d{1,2}[./-]\d{1,2}[./-](?:201[6-9]|20[2-9]\d)(?![\d./-])"),
    re.compile(r"(?<![\d:])(?:[01]?\d|2[0-3])[:.][0-5]\d\s?(?:-|–|to|bis|à|a|uhr|h)\s?(?:[01]?\d|2[0-3])[:.][0-5]\d(?!\d)", re.I),
)  # fmt: skip
"""Prices, dates of our days, hours: what an answer of a business is about."""

_MONTH = r"[^\W\d_]{3,12}\.?"
NAMED: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("link", re.compile(r"\b(?:https?://|www\.)[^\s<>\"']{0,500}[?=#&@][^\s<>\"']{0,1500}+|\b(?:https?://|www\.)[^\s<>\"']{0,500}?\d{4,}[^\s<>\"']{0,1500}+")),
    ("mail", re.compile(r"(?<![\w.+-])[\w.+%'-]{1,64}+\s?(?:@|\(at\)|\[at\])\s?[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")),
    ("handle", re.compile(r"(?<![\w@.])@[A-Za-z_][\w.]{2,30}+")),
)  # fmt: skip
"""Those that need no digit, to be looked for first. A link goes as a whole where it carries something."""

FIGURES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("number", re.compile(r"\b[A-Z]{2}\d{2}(?:[ \u00a0-]?[A-Z\d]{4}){2,7}(?:[ \u00a0-]?[A-Z\d]{1,4})?(?![A-Za-z\d])")),  # IBAN
    ("date", re.compile(r"(?<!\d)(?:19\d\d|20(?:0\d|1[0-5]))-\d{2}-\d{2}(?!\d)|(?<![\d./-])\d{1,2}[./ -]{1,2}\d{1,2}[./ -]{1,2}(?:19\d\d|20(?:0\d|1[0-5]))(?!\d)")),
    ("date", re.compile(rf"(?<!\d)\d{{1,2}}(?:\.|er|st|nd|rd|th)?\s(?:de\s)?{_MONTH}\s(?:de\s)?(?:19\d\d|20(?:0\d|1[0-5]))(?!\d)|\b{_MONTH}\s\d{{1,2}},?\s(?:19\d\d|20(?:0\d|1[0-5]))(?!\d)")),
    ("phone", re.compile(rf"(?<![\w+])(?:\+|00)\(?{_SEPARATED}{{6,16}}(?!\w)")),
    ("number", re.compile(r"\b(?=[A-Za-z\d_/-]{5,40}\b)(?=(?:[A-Za-z_/-]*\d){3})(?=[\d_/-]*[A-Za-z])[A-Za-z\d]+(?:[-_/][A-Za-z\d]+)*\b")),
    ("phone", re.compile(rf"(?<![\w+])\(?0{_SEPARATED[2:]}{{6,16}}(?!\w)")),
    ("number", re.compile(rf"(?<![\w+]){_SEPARATED}{{6,24}}(?!\w)")),
    ("number", re.compile(r"(?<!\d)\d{5,40}+")),
    ("number", re.compile(r"(?i)\b(?:pin|cvv|cvc|otp|tan|passcode|code|kod|codigo|código|codice|пин|код)\b[^\w\n]{0,3}(?:is|ist|est|es|è|to|это|jest)?[^\w\n]{0,3}(\d{3,8})(?!\d)")),
)  # fmt: skip
"""The first one that takes a piece of the text has it. Where a pattern has a group, that is what is masked."""
