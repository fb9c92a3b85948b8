"""What fails outside (refusals are the domain's: domain/base/errors.py).

Fault
├── Unavailable     a server that we need does not answer; try again later        HTTP 503
├── ProviderError   a provider's call failed; `outcome` says how                  never shown as our 5xx
└── others          named where they are raised                                   HTTP 503
"""

from __future__ import annotations

from domain.models.completion import Completion, Outcome


class Fault(Exception):
    """Something that we need failed."""


class Unavailable(Fault):
    """A server that this request needs does not answer; try again later."""


class ProviderError(Fault):
    """A provider's call failed. `retry_after` is in seconds, where the provider named it; `again`: whether it says that the same call
    may help; None: it says nothing of it.

    `partial` is what came before it failed, with the usage that it will be billed for (a stream that was cut).

    `definite`: the provider itself said that the call failed, so it does nothing more for it. `ended`: all of the answer came, but it is
    none; what the provider counted in `partial` is its last count.
    """

    def __init__(
        self,
        outcome: Outcome,
        detail: str,
        retry_after: float | None = None,
        partial: Completion | None = None,
        *,
        again: bool | None = None,
        definite: bool = False,
        ended: bool = False,
    ) -> None:
        self.outcome, self.detail, self.retry_after, self.partial = outcome, detail, retry_after, partial
        self.again, self.definite, self.ended = again, definite, ended
        super().__init__(f"{outcome}: {detail}")
