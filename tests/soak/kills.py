"""What may be killed of a deployment."""

from __future__ import annotations

import os
import signal

from tests.soak.clients import until
from tests.soak.deployment import Deployment


async def end(deployed: Deployment, target: str) -> None:
    """kill -9; the supervisor starts it again. One that has just died is killed as soon as it lives again."""
    if target == "database":
        await until(deployed.postgres.alive, 60)

    def killed() -> bool:
        pid = deployed.postgres.pid if target == "database" else deployed.running.pid_of(target)
        assert pid is not None
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:  # nobody's child of ours: its number is free at once
            return False
        return True

    await until(killed, 60)
