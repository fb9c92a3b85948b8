"""The program that `retrace up` becomes, once it has looked around: it keeps the servers and the roles. `python -m interfaces.processes.program DESCRIPTOR`

It knows nothing of settings, of the command line, or of what the roles do, and so takes a tenth of the memory of what has begun it.
"""

from __future__ import annotations

import sys

from infra.embedded.process import FolderInUse, FolderUnusable, ServerFailed
from interfaces.processes.children import Spawner, taken
from interfaces.processes.handing import Handed, let_in, taken_over
from interfaces.processes.keeping import NotReady, Tree, kept, told_by_signals, watch
from interfaces.waiting import Teller


def main() -> None:
    """Exit status 0: told to stop, 1: failed."""
    if not sys.argv[1:]:
        sys.exit("interfaces.processes.program is what `retrace up` becomes; call that")
    try:
        run(taken_over(int(sys.argv[1])), Teller())
    except (FolderInUse, FolderUnusable, ServerFailed, NotReady) as error:
        sys.exit(f"retrace: {error}")
    except OSError as error:
        file = f"{error.filename}: " if error.filename else ""
        sys.exit(f"retrace: {file}{error.strerror or error}")


def run(handed: Handed, teller: Teller) -> None:
    """Until it is told to stop. Raises as `kept`, and NotReady."""
    plan = handed.plan
    starter = taken(plan.roles_log, handed.fork_server) if handed.fork_server else Spawner()

    def ready(tree: Tree) -> None:
        name = teller.styled("Retrace", 1)
        teller.tell(f"{name} is up: {tree.url}  (API: {tree.url}/schema, logs: {plan.logs})")

    with told_by_signals() as told:
        let_in()
        try:
            with kept(plan, starter, teller.say, teller.waits) as tree:
                watch(tree, told, ready, teller.say)
        finally:
            starter.rest()


if __name__ == "__main__":
    main()
