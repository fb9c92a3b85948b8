"""Training files: the examples of one side in a vendor's format, looked at by that vendor's rules before anybody gets them."""

from __future__ import annotations

import asyncio
from uuid import UUID

import msgspec

from application.learning.ports import Ports
from application.learning.training.training_set import Examples, examples_of
from domain.base.errors import Refused
from domain.learning.training.example import Part
from domain.learning.training.formats import Format, line_of, problems_in


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """`lines` with their line ends; `gone`: examples that were in the training set and are no more, by the reason. `problems`: why the vendor
    would refuse the file."""

    format: Format
    part: Part
    lines: tuple[bytes, ...]
    gone: dict[str, int]
    problems: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(map(len, self.lines))


async def look_at_export(training_set: UUID, form: Format, part: Part, tenant: UUID, ports: Ports) -> Export:
    """As it would be exported now. Raises NotFound, Erased; Refused while it is being made."""
    found = await examples_of(training_set, tenant, ports)
    return await written_file(found, form, part, ports)


async def export_training_set(
    training_set: UUID, form: Format, part: Part, tenant: UUID, ports: Ports
) -> Export:
    """A file that the vendor takes. Raises what `look_at_export` does; Refused, with the `problems`, for one that it would not take."""
    return checked(await look_at_export(training_set, form, part, tenant, ports))


def checked(export: Export) -> Export:
    """Raises Refused, with the `problems`, for a file that the vendor would not take."""
    if export.problems:
        told = "; ".join(export.problems[:3])
        raise Refused(f"{export.format} would not take this file: {told}", problems=list(export.problems))
    return export


async def written_file(found: Examples, form: Format, part: Part, ports: Ports) -> Export:
    """One side of them as a vendor's file, with what that vendor would say of it."""
    return await asyncio.to_thread(_written, found, form, part, ports)


def _written(found: Examples, form: Format, part: Part, ports: Ports) -> Export:
    system = found.training_set.state.system
    exchanges = [each.exchange for each in found.examples if each.part == part and each.exchange is not None]
    lines = tuple(line_of(form, exchange, system) for exchange in exchanges)

    def tokens(text: str) -> int:
        return ports.providers.counter.count(text, None)

    problems = problems_in(form, lines, validation=part == "validation", tokens=tokens)
    return Export(format=form, part=part, lines=lines, gone=found.gone, problems=tuple(problems))
