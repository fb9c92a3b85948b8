"""Signs that look alike in a scan, O and 0, I, l and 1: order numbers in which they are one. Pure.

What OCR read may have the one for the other. So an order number of a scanned page is found by this form too, and a typed one is looked for by it beside
its own; no other text has it, so that where nobody guessed A-100 and A-1OO stay two.
"""

from __future__ import annotations

import re

from domain.retrieval.terms import LONGEST, Wanted, is_address, runs, wanted

MARK = "\u0298"
"""A letter that stands before such a form, and in no order number."""
SHORTEST = 4
"""Signs of an order number."""
_AS_DIGITS = str.maketrans("oil", "011")
_PARTS = re.compile(r"[a-z0-9]+")
_ORDER_NUMBER = re.compile(r"[a-z0-9]+(?:[-/._][a-z0-9]+)*")
_PRICE = re.compile(r"\d+(?:[.]\d+)+")


def forms_in(text: str) -> str:
    """Of the order numbers of a scanned page, with spaces between."""
    return " ".join(dict.fromkeys(form for run in runs(text) if (form := _form(run)) is not None))


def wanted_in_scans(text: str, languages: frozenset[str]) -> list[Wanted]:
    """What a question looks for, its order numbers also by the form that scanned ones have."""
    forms = {_joined(run): form for run in runs(text) if (form := _form(run)) is not None}
    return [
        Wanted((*word.terms, forms[word.terms[0]]), word.weight, word.typed)
        if word.typed and word.terms[0] in forms
        else word
        for word in wanted(text, languages)
    ]


def _form(run: str) -> str | None:
    """None: it is none, or has none of these signs."""
    if not _ORDER_NUMBER.fullmatch(run) or _PRICE.fullmatch(run) or is_address(run):
        return None
    joined = _joined(run)
    folded = joined.translate(_AS_DIGITS)
    if not SHORTEST <= len(joined) < LONGEST or not any(map(str.isdigit, joined)):
        return None
    return f"{MARK}{folded}" if "0" in folded or "1" in folded else None


def _joined(run: str) -> str:
    return "".join(_PARTS.findall(run))
