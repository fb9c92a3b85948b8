"""Training sets: asked for, made by work, exported for a vendor as they are by then."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import msgspec

from application.agents.agent import configuration_of
from application.base.amend import amend
from application.base.erase import ERASE_WORK
from application.learning.approved import approved_corrections
from application.learning.ports import Ports
from application.learning.training.evaluated import evaluated
from application.learning.use import Forbidden, forbidden_now
from application.ports import Due
from domain.base.context import Context
from domain.base.errors import Erased, Refused
from domain.feedback.judgement import Category
from domain.learning.masking import VERSION
from domain.learning.training.curation import Candidate, Curated, Guard, curate
from domain.learning.training.example import Example
from domain.learning.training_set import MOST, Statistics, TrainingSet

BUILD_WORK = "build_training_set"


class RequestTrainingSet(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    system: str = ""
    minimum_quality: float


class BuildTrainingSet(msgspec.Struct, frozen=True, kw_only=True):
    training_set: UUID


class Examples(msgspec.Struct, frozen=True, kw_only=True):
    """Those that there still are; how many have gone since it was made, by the reason."""

    training_set: TrainingSet
    examples: tuple[Example, ...]
    gone: dict[str, int]


async def request_training_set(
    command: RequestTrainingSet, context: Context, ports: Ports
) -> tuple[TrainingSet, int]:
    """And its position. It is made by work that follows. Raises Invalid."""
    at, id = ports.clock(), ports.ids()
    made = TrainingSet.request(
        id, name=command.name, system=command.system, minimum_quality=command.minimum_quality, at=at
    )
    work = [Due(kind=BUILD_WORK, key=id.hex, due_at=at)]
    saved = await ports.store.save(made, context=context, work=work)
    return made, saved.position


async def delete_training_set(training_set: UUID, context: Context, ports: Ports) -> int:
    """For good: it is erased by work that follows. Returns the position. Raises NotFound, Erased."""
    _, saved = await amend(
        TrainingSet,
        training_set,
        lambda found: found.delete(ports.clock()),
        context=context,
        store=ports.store,
        work=[Due(kind=ERASE_WORK, key=training_set.hex, due_at=ports.clock())],
    )
    return saved.position


async def build_training_set(command: BuildTrainingSet, context: Context, ports: Ports) -> int:
    """Make it of what the log has now; all of it is saved at once, so whoever begins again after a crash begins anew. The position, 0 where it
    is made, has failed, or was deleted, already. What no second try would mend is on record as its failure."""
    tenant = context.tenant
    try:
        found = await ports.store.load(TrainingSet, command.training_set, tenant=tenant)
    except Erased:
        return 0
    if found.state.status != "building":
        return 0
    upto = await _end(tenant, ports)
    candidates = await _candidates(found.state.minimum_quality, tenant, ports)
    cases, datasets = await evaluated(tenant, since=0, store=ports.store, datasets=ports.datasets)
    configuration, _ = await configuration_of(tenant, store=ports.store)
    kept = (*configuration.business_names, *configuration.business_aliases)
    curated = await asyncio.to_thread(curate, candidates, cases, kept)
    if (count := len(curated.examples)) > MOST:
        reason = f"{count} approved corrections are good enough; a training set has at most {MOST} examples: raise minimum_quality"
        _, saved = await amend(
            TrainingSet,
            command.training_set,
            lambda found: found.fail(reason, ports.clock()),
            context=context,
            store=ports.store,
        )
        return saved.position
    statistics = await asyncio.to_thread(_statistics, curated, len(candidates), ports)
    statistics = msgspec.structs.replace(statistics, datasets=datasets, cases=len(cases.messages))
    _, saved = await amend(
        TrainingSet,
        command.training_set,
        lambda found: found.complete(curated.examples, statistics, upto, ports.clock()),
        context=context,
        store=ports.store,
    )
    return saved.position


async def examples_of(training_set: UUID, tenant: UUID, ports: Ports) -> Examples:
    """Without those whose customers were erased since, whose channel's texts may be used no more, or that a dataset asks about by now. Raises
    NotFound, Erased; Refused while it is being made, or where it could not be made."""
    found = await ports.store.load(TrainingSet, training_set, tenant=tenant)
    if found.state.status == "deleted":
        raise Erased("this training set was deleted")
    if found.state.status == "building":
        raise Refused("this training set is being made; wait until its status is ready")
    if found.state.status == "failed":
        raise Refused(f"this training set could not be made: {found.state.reason}")
    gone, left = Counter[str](), []
    forbidden = await forbidden_now(tenant, store=ports.store)
    since = found.state.upto
    cases, _ = await evaluated(tenant, since=since, store=ports.store, datasets=ports.datasets)
    guard = await asyncio.to_thread(Guard, cases)
    async for recorded in ports.store.stream(tenant, training_set):
        if not isinstance(recorded.event, TrainingSet.ExamplesAdded):
            continue
        # A batch is compared for longer than others may wait for the event loop.
        for example, reason in await asyncio.to_thread(_looked_at, recorded.event.examples, guard, forbidden):
            if reason is None:
                left.append(example)
            else:
                gone[reason] += 1
    return Examples(training_set=found, examples=tuple(left), gone=dict(gone))


def _looked_at(
    examples: Sequence[Example], guard: Guard, forbidden: Forbidden
) -> list[tuple[Example, str | None]]:
    """Each with why it is gone, if it is."""
    return [(example, _gone(example, guard, forbidden)) for example in examples]


def _gone(example: Example, guard: Guard, forbidden: Forbidden) -> str | None:
    if example.exchange is None:
        return "erased"
    if forbidden.holds(example.channel, example.sender):
        return "use_forbidden"
    return guard.reason(example.id, example.exchange)


async def _end(tenant: UUID, ports: Ports) -> int:
    """The position of the log's end."""
    return (await ports.store.tallies(tenant, BUILD_WORK, ())).position


async def _candidates(above: float, tenant: UUID, ports: Ports) -> list[Candidate]:
    forbidden = await forbidden_now(tenant, store=ports.store)
    found = approved_corrections(tenant, above, store=ports.store, corrections=ports.corrections)
    return [
        Candidate(
            correction=each.correction,
            conversation=each.lineage.conversation,
            exchange=None if each.texts is None else each.texts.exchange,
            known=() if each.texts is None else each.texts.known,
            channel=each.lineage.channel,
            sender=each.lineage.sender,
            category=each.category,
            quality=each.quality,
            use="none" if forbidden.holds(each.lineage.channel, each.lineage.sender) else each.lineage.use,
        )
        async for each in found
    ]


def _statistics(curated: Curated, candidates: int, ports: Ports) -> Statistics:
    examples = curated.examples
    parts = Counter(example.part for example in examples)
    categories = Counter[Category](example.category for example in examples)
    texts = (text for example in examples if example.exchange for text in example.exchange.texts)
    return Statistics(
        candidates=candidates,
        train=parts["train"],
        validation=parts["validation"],
        conversations=len({example.conversation for example in examples}),
        left_out=curated.left_out,
        masked=curated.masked,
        categories={str(name): count for name, count in sorted(categories.items())},
        tokens=sum(ports.providers.counter.count(text, None) for text in texts),
        mask=VERSION,
    )
