"""Token usage in the forms in which vendors state it, read as ours: by a table of forms, checked by their arithmetic. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Literal

import msgspec

from domain.models.completion import Usage

Part = Literal["cached", "written", "extra", "reasoning"]
COUNTS = ("input", "output", "cached", "written", "extra", "reasoning", "total")
MOST = 10**9
"""Tokens beyond which a count is nonsense."""

TIER = "service_tier"
"""Under which a raw usage has the tier that the answer named beside it."""

TEXT = "json"
"""The only key of a raw usage that is kept as a text, since an event could not hold it otherwise."""


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a vendor's usage says what. Each place is a path as `a.b`; of several the first holds that has a count above zero.

    `extra` is input that no other place counts, as what tools have brought. `beside` are parts that are no part of `input` or `output`
    but come on top of them; `untold` those that the total does not count either. `rest`: what the total has beyond the parts is
    reasoning. `zeros_left_out`: what is missing is zero. `models`: a pattern of the only models' names that it is for.
    """

    name: str
    seen: str
    """The version, or the day, that it was seen in."""

    source: str
    input: tuple[str, ...]
    output: tuple[str, ...]
    cached: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    reasoning: tuple[str, ...] = ()
    total: tuple[str, ...] = ()
    beside: frozenset[Part] = frozenset()
    untold: frozenset[Part] = frozenset()
    rest: bool = False
    zeros_left_out: bool = False
    models: str | None = None

    def places(self) -> Iterator[str]:
        for name in COUNTS:
            yield from getattr(self, name)


class Forms:
    """The table. `tier_places` are where a usage names the tier that served it, `tiers` other names of tiers → ours; "standard" is none."""

    def __init__(
        self, forms: Iterable[Form], tier_places: Sequence[str] = (), tiers: Mapping[str, str] | None = None
    ) -> None:
        self.all = tuple(forms)
        self._tier_places, self._tiers = tuple(tier_places), tiers or {}
        self._places = {place for form in self.all for place in form.places()}

    def read(self, raw: Mapping[str, Any], model: str = "") -> Usage | None:
        """What `raw` says; None where it names no input, or no output.

        Of the forms that explain most of it the first whose arithmetic fits. What fits none is charged by the larger reading, parts
        or total, and its `source` is "unknown".
        """
        raw = plain(raw)
        tier = self.tier(raw)
        values = {place: _at(raw, place) for place in self._places}
        found = [each for form in self.all if (each := _Reading.of(form, values, model)) is not None]
        if not found:
            return None
        most = max(each.explained for each in found)
        found = [each for each in found if each.explained == most]
        fitting = next((each for each in found if each.fits()), None)
        usage = found[0].larger() if fitting is None else fitting.usage()
        return usage and msgspec.structs.replace(usage, tier=tier)

    def tier(self, raw: Mapping[str, Any]) -> str | None:
        """The service tier that `raw` says has served it, by our name; None: the standard one, or none told."""
        for place in self._tier_places:
            said = _at(raw, place)
            if isinstance(said, str) and said:
                name = said.lower().removeprefix("service_tier_")[:40]
                name = self._tiers.get(name, name)
                if name != "standard":
                    return name
        return None

    def total(self, raw: Mapping[str, Any]) -> int:
        """The total that `raw` states, 0 where it states none."""
        raw = plain(raw)
        return max((_count(_at(raw, place)) or 0 for form in self.all for place in form.total), default=0)


def merged(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """Two usages of one answer, as a stream tells them: the later one holds, but what is empty or zero in it says nothing."""
    found = dict(earlier)
    for name, value in later.items():
        known = found.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            found[name] = merged(known, value)
        elif value or name not in found or (value is not None and not known):
            found[name] = value
    return found


def plain(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """A raw usage that was kept as a text, as it was."""
    text = raw.get(TEXT)
    if len(raw) != 1 or not isinstance(text, str):
        return raw
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


class _Reading(msgspec.Struct, kw_only=True):
    """A raw usage as one form understands it. Counts as they stand there; `odd`: a place holds something that is no count."""

    form: Form
    input: int
    output: int
    parts: dict[str, int]
    total: int | None
    explained: int
    odd: bool

    @classmethod
    def of(cls, form: Form, at: Mapping[str, Any], model: str) -> _Reading | None:
        """`at`: what stands at each place. None where the form is none of this usage."""
        counted = (_any(at, form.input), _any(at, form.output))
        if not (any(counted) if form.zeros_left_out else all(counted)):
            return None
        if form.models is not None and not re.match(form.models, model):
            return None
        found, explained, odd = dict[str, int | None](), 0, False
        for name in COUNTS:
            values = [value for place in getattr(form, name) if (value := at[place]) is not None]
            counts = [count for value in values if (count := _count(value)) is not None]
            if values and not counts and name in ("input", "output"):
                return None
            explained += bool(values)
            odd = odd or len(counts) < len(values)
            found[name] = next(filter(None, counts), counts[0] if counts else None)
        if form.zeros_left_out and (found["input"] or found["output"]):
            found["input"], found["output"] = found["input"] or 0, found["output"] or 0
        given, taken = found.pop("input"), found.pop("output")
        total = found.pop("total") or None
        if given is None or taken is None:
            return None
        parts = {name: count or 0 for name, count in found.items()}
        return cls(
            form=form,
            input=given,
            output=taken,
            parts=parts,
            total=total,
            explained=explained,
            odd=odd,
        )

    def fits(self) -> bool:
        """Whether the parts are parts, and come to the total where there is one."""
        if self.odd or self._overflowing() - self.form.beside - self.form.untold:
            return False
        beside = self.form.beside
        if self.form.rest:
            return self.total is not None and self.total >= self.input + self.output + self._sum(beside)
        return self.total is None or self.total == self.input + self.output + self._sum(beside)

    def usage(self) -> Usage | None:
        """By the form."""
        rest = 0
        if self.form.rest and self.total is not None:
            rest = self.total - self.input - self.output - self._sum(self.form.beside)
        return self._usage(self.form.beside | self.form.untold, rest, "provider")

    def larger(self) -> Usage | None:
        """Where it does not fit: parts that can't be within are on top, and what the total has beyond all of it is output."""
        beside = frozenset(self._overflowing() | self.form.beside | self.form.untold)
        rest = max(0, (self.total or 0) - self.input - self.output - self._sum(beside))
        return self._usage(beside, rest, "unknown")

    def _overflowing(self) -> set[str]:
        """Parts that are more than what they would be a part of."""
        within = {"cached", "written"} - self.form.beside
        over = set[str]()
        if sum(self.parts[name] for name in within) > self.input:
            over |= within
        if self.parts["reasoning"] > self.output:
            over.add("reasoning")
        return over

    def _sum(self, names: Iterable[str]) -> int:
        return sum(self.parts[name] for name in names)

    def _usage(
        self, beside: frozenset[str], rest: int, source: Literal["provider", "unknown"]
    ) -> Usage | None:
        parts = self.parts
        given = self.input + self._sum(beside & {"cached", "written", "extra"})
        taken = self.output + self._sum(beside & {"reasoning"}) + rest
        if max(given, taken) > MOST:
            return None
        return Usage(
            input=given,
            cached=parts["cached"],
            written=parts["written"],
            output=taken,
            reasoning=parts["reasoning"] + (rest if self.form.rest else 0),
            source=source,
        )


def _any(at: Mapping[str, Any], places: Iterable[str]) -> bool:
    return any(at[place] is not None for place in places)


def _at(raw: Any, place: str) -> Any:
    """What stands at a place; None where there is none."""
    for name in _path(place):
        raw = raw.get(name) if isinstance(raw, dict) else None
    return raw


@cache
def _path(place: str) -> tuple[str, ...]:
    """Places stand in the table of forms alone."""
    return tuple(place.split("."))


def _count(value: Any) -> int | None:
    """None for what is no count: of another type, negative, not whole or beyond all bounds."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value <= MOST else None
