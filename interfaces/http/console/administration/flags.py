"""Features: on, off, on for a part; and their gradual rollouts."""

from __future__ import annotations

from typing import Any

from domain.flags.feature import feature_of
from domain.flags.plan import Plan
from interfaces.http.console.screens.form import Facts, Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.flags import flag
from interfaces.http.flags.flag_forms import FlagIn, StopIn


def _one(facts: Facts) -> dict[str, Any]:
    name = feature_of(facts["path"]["flag"]) and facts["path"]["flag"]
    (found,) = (each for each in facts["flags"].items if each.name == name)
    return {"flag": found}


def _runs(facts: Facts) -> bool:
    return facts["flag"].rollout is not None


SCREENS = (
    Screen(path="/console/flags", template="administration/flags.html", reads={"flags": flag.list_all}),
    Screen(
        path="/console/flags/{flag:str}",
        template="administration/flag.html",
        reads={"flags": flag.list_all},
        more=_one,
        forms={
            "switch": Form(
                route=flag.switch,
                body=FlagIn,
                button="Switch",
                done="Switched. It holds everywhere within a second.",
                current=lambda facts: facts["flag"],
                hints={"percentage": "Of the subjects, 0 to 100, when it is on."},
                offered=lambda facts: not _runs(facts),
            ),
            "rollout": Form(
                route=flag.start,
                body=Plan,
                button="Begin the rollout",
                done="The rollout has begun.",
                labels={
                    "automatic": "The next step follows by itself",
                    "least": "Customers on each side without which no step is taken",
                    "window": "Seconds after which what came of a customer counts",
                },
                offered=lambda facts: not _runs(facts),
            ),
            "confirm": Form(
                route=flag.confirm,
                button="Let the next step begin",
                done="The next step has begun.",
                offered=lambda facts: _runs(facts) and facts["flag"].rollout.held,
            ),
            "stop": Form(
                route=flag.stop,
                body=StopIn,
                button="End the rollout",
                done="The rollout has ended.",
                labels={"back": "Go back to what was before it"},
                confirm="The rollout ends where it is, or goes back to what was before it. It can not be gone on with.",
                danger=True,
                offered=_runs,
            ),
        },
    ),
)
