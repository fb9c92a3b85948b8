"""What whoever asked a model can do where the last attempt gave no answer."""

from __future__ import annotations

import math

from domain.models.completion import Outcome

ANOTHER = "ask for another model (GET /v1/models lists them)"

ADVICE: dict[Outcome, str] = {
    "authentication": f"the provider does not take the key: set one that it takes by PUT /v1/providers/{{provider}}/key, or {ANOTHER}",
    "not_found": f"the provider has no such model for this key; {ANOTHER}",
    "context_too_long": f"the prompt is too long for this model: send less, or {ANOTHER}",
    "bad_request": f"the provider does not take the request as it is: leave out what this model does not know, or {ANOTHER}",
    "refused": f"say it otherwise, or {ANOTHER}",
    "incomplete": f"ask again, or {ANOTHER}",
    "timeout": f"ask again later, or {ANOTHER}",
    "unavailable": f"ask again later, or {ANOTHER}",
}
"""How the attempt ended → the way out; of `rate_limited` it depends on what the provider says."""


def advice_on(outcome: Outcome, wait: float | None, again: bool | None, provider: str) -> str | None:
    """`wait`: seconds after which it may be asked again, where they are known; `again`: what the provider says of another try. None: there is nothing to say."""
    if outcome == "rate_limited":
        when = "later" if wait is None else f"in {max(1, math.ceil(wait))} s"
        said = "its quota is used up:" if again is False else f"its limit is reached: try again {when}, or"
        return f"the provider says that {said} {ANOTHER}"
    advice = ADVICE.get(outcome)
    return None if advice is None else advice.format(provider=provider)
