"""Fine-tuning targets: what a vendor's fine-tuning takes, of which models, until when, and what it costs. Data with validity times."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from domain.base.errors import Invalid, Refused
from domain.models.pricing import MILLION

DEAREST = Decimal(10_000)
"""USD per million tokens that a tenant may name as a price of training."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,61}[a-z0-9]")
"""Of a region, or a bucket: a part of an address."""

MARGIN = Decimal("1.2")
"""Of an estimate: the vendor's tokenizer counts otherwise than ours."""


class TunableModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`training`: USD per million trained tokens, from `since` until before `until` (None: open). `input`, `cached`, `output`: what the
    tuned model costs per million tokens; None: as much as the model that it was made from."""

    name: str
    training: Decimal
    input: Decimal | None = None
    cached: Decimal | None = None
    output: Decimal | None = None
    since: datetime | None = None
    until: datetime | None = None

    def open(self, at: datetime) -> bool:
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)

    def cost(self, tokens: int) -> Decimal:
        """USD of training on so many tokens, passes and all."""
        return self.training * tokens / MILLION


class TuningTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`closes`: from then on no new job is taken; None: not known to end. `needs`: what a job says of where it runs, beside its model.
    `catalogue`: under which provider the catalogue has the models. `passes` over the training data where a job does not say how many.

    How many examples a vendor takes, and how long they are, is a rule of its training files.
    """

    provider: str
    catalogue: str
    passes: int
    closes: datetime | None = None
    needs: tuple[str, ...] = ()
    source: str
    models: tuple[TunableModel, ...] = ()

    def open(self, at: datetime) -> bool:
        return self.closes is None or at < self.closes

    def model(self, name: str, at: datetime) -> TunableModel | None:
        """That can be tuned at `at`."""
        return next((model for model in self.models if model.name == name and model.open(at)), None)


class Targets:
    """All that there are, as of a day."""

    def __init__(self, targets: Sequence[TuningTarget], name: str) -> None:
        self.all = {target.provider: target for target in targets}
        self.name = name

    def accept(
        self,
        provider: str,
        model: str,
        *,
        place: Mapping[str, str],
        price: Decimal | None,
        at: datetime,
    ) -> tuple[TuningTarget, TunableModel]:
        """The target and the model of a job that may be taken at `at`; `price` is what the tenant says that training costs, in the place of what is
        known. Raises Refused, which names the alternatives, Invalid."""
        target = self.all.get(provider)
        if target is None:
            raise Refused(
                f"{provider[:60]!r} tunes no models; {self._others(provider, at)}", provider=provider
            )
        if target.closes is not None and not target.open(at):
            raise Refused(
                f"{provider} takes no new fine-tuning jobs since {target.closes.date()}; {self._others(provider, at)}",
                provider=provider,
                closed_at=target.closes.isoformat(),
            )
        if missing := [name for name in target.needs if not place.get(name)]:
            raise Invalid(f"{provider} needs {', '.join(missing)}; name them in `place`")
        if wrong := [name for name, value in place.items() if not _NAME.fullmatch(value)]:
            raise Invalid(
                f"{', '.join(sorted(wrong))} of a place has 2 to 63 lower-case letters, digits, dots, - and _"
            )
        if strange := sorted(set(place) - set(target.needs)):
            raise Invalid(f"{provider} knows no {', '.join(strange)} of a place")
        if price is not None and not (price.is_finite() and 0 < price <= DEAREST):
            raise Invalid(f"training_price is USD per million tokens, above 0 and up to {DEAREST}")
        known = target.model(model, at)
        if known is None and (gone := [each for each in target.models if each.name == model]):
            when = ", ".join(f"until {each.until.date()}" for each in gone if each.until is not None)
            raise Refused(
                f"{provider}/{model} can't be tuned at this time ({when or 'not yet'}); {self._of(target, at)}; {self._others(provider, at)}",
                model=model,
            )
        if known is None and price is None:
            raise Refused(
                f"what training {provider}/{model} costs is not known; give training_price (USD per million tokens), or take another model: "
                f"{self._of(target, at)}",
                model=model,
            )
        if known is None:
            known = TunableModel(name=model, training=price or DEAREST)
        return target, known if price is None else msgspec.structs.replace(known, training=price)

    def _of(self, target: TuningTarget, at: datetime) -> str:
        names = [model.name for model in target.models if model.open(at)]
        return (
            f"{target.provider} tunes {', '.join(names)}" if names else f"none of {target.provider} is known"
        )

    def _others(self, provider: str, at: datetime) -> str:
        """What to take instead."""
        there = [each for name, each in self.all.items() if name != provider and each.open(at)]
        if not there:
            return "no other provider takes them at the moment"
        return "take " + ", or ".join(
            each.provider
            + (f" ({', '.join(names)})" if (names := [m.name for m in each.models if m.open(at)]) else "")
            for each in there
        )
