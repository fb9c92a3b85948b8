"""Deployments: a version of the agent goes out step by step, with its evidence, and back by a button; releases."""

from __future__ import annotations

from interfaces.http.console.screens.form import Facts, Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.experiments import deployment, release, shadow
from interfaces.http.experiments.deployment import DeploymentIn, ReasonIn
from interfaces.http.experiments.release import RollbackIn

ENDED = ("promoted", "stopped", "rolled back")


def _open(facts: Facts) -> bool:
    return facts["deployment"].status not in ENDED


def _in_force(facts: Facts) -> bool:
    """Under way, or the release in force: these can be taken back."""
    found = facts["deployment"]
    present = any(each.present and each.deployment == found.id for each in facts["releases"].items)
    return bool(found.status == "running" or (found.status == "promoted" and present))


SCREENS = (
    Screen(
        path="/console/deployments",
        template="models/deployments.html",
        reads={"deployments": deployment.list_all, "releases": release.list_all},
        forms={
            "create": Form(
                route=deployment.create,
                body=DeploymentIn,
                without=("variant", "shadow"),
                button="Create a deployment",
                to="/console/deployments/{id}",
                done="Created. Nobody gets it before it is started.",
                hints={"evaluation": "Id of one that has passed; what it evaluated is what goes out."},
            ),
            "back": Form(
                route=release.roll_back,
                body=RollbackIn,
                of="releases",
                button="Go back to an earlier release",
                done="That release is in force for all.",
                labels={"release": "Number of the release"},
                hints={"release": "Empty: the one before the present one."},
                confirm="Its configuration, routing and prompts are in force for all customers at once. Nothing is deleted.",
                danger=True,
                offered=lambda facts: len(facts["releases"].items) > 1,
            ),
        },
    ),
    Screen(
        path="/console/deployments/{deployment:uuid}",
        template="models/deployment.html",
        reads={"deployment": deployment.read, "releases": release.list_all, "shadows": shadow.shadows},
        forms={
            "shadow": Form(
                route=shadow.begin_shadow,
                button="Let it answer in the shadow",
                done="Its candidate answers a share of messages, without being shown.",
                offered=lambda facts: (
                    facts["deployment"].status == "created" and facts["deployment"].shadow is not None
                ),
            ),
            "start": Form(
                route=deployment.start,
                button="Begin the rollout",
                done="The first step is in force.",
                offered=lambda facts: facts["deployment"].status in ("created", "shadowing"),
            ),
            "confirm": Form(
                route=deployment.confirm,
                button="Let the next step begin",
                done="The next step has begun.",
                offered=lambda facts: (
                    facts["deployment"].progress is not None and facts["deployment"].progress.held
                ),
            ),
            "rollback": Form(
                route=deployment.roll_back,
                body=ReasonIn,
                button="Roll back",
                done="It is rolled back.",
                confirm="All customers get what was in force before, at once. This deployment can not be gone on with.",
                danger=True,
                offered=_in_force,
            ),
            "stop": Form(
                route=deployment.stop,
                body=ReasonIn,
                button="Stop it",
                done="It has ended; everybody has the agent in force.",
                confirm="Everybody has the agent in force. This deployment can not be gone on with.",
                danger=True,
                offered=_open,
            ),
        },
    ),
)
