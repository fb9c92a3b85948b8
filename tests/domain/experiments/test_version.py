from __future__ import annotations

from domain.agents.configuration import AgentConfiguration
from domain.answers.wordings import Wording
from domain.experiments.version import AgentVersion


def version(number: int = 1, tone: str = "professional", **prompts: str) -> AgentVersion:
    worded = {name: Wording(text=text, number=number) for name, text in prompts.items()}
    return AgentVersion(configuration=AgentConfiguration(tone=tone), policy=None, prompts=worded)


def test_a_digest_is_of_what_a_version_says_and_not_of_how_often_it_was_said() -> None:
    assert version().digest == version().digest
    assert version(1, answer="Be brief.").digest == version(4, answer="Be brief.").digest
    assert len({version().digest, version(tone="terse").digest, version(answer="Be brief.").digest}) == 3
