"""Replay: history under other prices, another policy or another agent.

Begin in `repricing.py`, then `saving.py`: how sure a saving is. `answer_replay.py`: what a replay has cost that asks models; the other two
ask none.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.replay.answer_replay import AnswerReplay

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (AnswerReplay,)
