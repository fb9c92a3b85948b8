"""What an answer is charged that was begun, and whose process ended before it was on record: what it surely cost, by our own count.

Whoever asks a model puts this on record first, and charges it once where nothing else has come on record since.
"""

from __future__ import annotations

from collections.abc import Sequence

from application.answers.ports import Ports
from application.answers.prepared import Prepared
from application.gateway.lost_call import lost_call
from domain.models.completion import Attempt


async def lost_of(prepared: Prepared, ports: Ports) -> Sequence[Attempt]:
    """What is charged if this process ends before the answer is on record: what was paid on the way, and the prompt, as the first model's
    provider would at least bill it."""
    if prepared.considered.plan.say is not None:
        return prepared.embeddings
    return (*prepared.embeddings, await lost_call(prepared.asked, ports))
