"""What may be killed of a deployment."""

from __future__ import annotations

import os
import signal

from tests.soak.clients import until
from tests.soak.deployment import Deployment


async def end(deployed: Deployment, target: str) -> None:
    """kill -9; the supervisor starts it again."""
    if target == "database":
        await until(deployed.postgres.alive, 60)
    pid = deployed.postgres.pid if target == "database" else deployed.running.pid_of(target)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
