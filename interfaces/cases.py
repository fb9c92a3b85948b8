"""Production cases with today's parts: for the command line and for pytest. Nothing is started and nobody is asked."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from application.replay.cases.case import Case, read_case
from application.replay.cases.parts import Bench
from application.replay.cases.run import CaseReplay, ReplayCase, replay_case
from domain.answers.variant import Variant
from domain.base.errors import Invalid
from infra.ids import uuid7
from infra.providers.catalogue import load_catalogue
from infra.providers.tokens import TokenCounter
from infra.retrieval.embedding import WordLlamaEmbedder


def bench() -> Bench:
    return Bench(
        catalogue=load_catalogue(),
        counter=TokenCounter(),
        embed=WordLlamaEmbedder().embed,
        clock=lambda: datetime.now(UTC),
        ids=uuid7,
    )


def case_in(file: Path) -> Case:
    """Raises Invalid, OSError."""
    return read_case(file.read_bytes())


def variant_in(file: Path) -> Variant:
    """A variant of the agent, as TOML or JSON. Raises Invalid."""
    try:
        text = file.read_text()
        found = tomllib.loads(text) if file.suffix == ".toml" else msgspec.json.decode(text)
        return msgspec.convert(found, Variant)
    except OSError as error:
        raise Invalid(f"there is no variant of the agent in {str(file)!r}: {error.strerror}") from None
    except (ValueError, msgspec.MsgspecError) as error:
        raise Invalid(f"{file.name} is no variant of the agent: {error}") from None


async def replayed(case: Case, command: ReplayCase) -> CaseReplay:
    """Raises Invalid."""
    return await replay_case(case, command, bench())


def told(found: CaseReplay) -> str:
    """What differs, for people."""
    lines = []
    for each in found.differing:
        lines.append(f"answer {each.number} (interaction {each.interaction}) differs")
        if each.why is not None:
            lines.append(f"  there is no text now: {each.why}")
        if each.decision is not None:
            lines.append(f"  decision: {each.decision[0]} → {each.decision[1]}")
        lines += [each.text] if each.text else []
        lines += ["  the prompt:", each.prompt] if each.prompt else []
    return "\n".join(lines)
